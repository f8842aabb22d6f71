package org.sipproxy.core.internal.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.sipproxy.api.config.ConfigurationProblem;

/** The parts of a PEM file (RFC 7468), in order. Text around them is allowed. */
record PemFile(Path path, List<Part> parts) {

    private static final long LARGEST = 1 << 20;
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";
    private static final String INCOMPLETE = "check that the file is complete";

    /**
     * One part.
     *
     * @param label the label after BEGIN, such as {@code CERTIFICATE}
     * @param der the decoded content; not decoded for a part with headers, which only keys of old formats have
     */
    record Part(String label, byte[] der) {}

    /** Thrown if a file cannot be used. */
    static final class Unusable extends Exception {

        private final String reason;
        private final String remedy;

        Unusable(String reason, String remedy) {
            super(reason + "; " + remedy);
            this.reason = reason;
            this.remedy = remedy;
        }

        /** Returns the problem of the option of {@link org.sipproxy.core.options.TlsSettings} that names the file. */
        ConfigurationProblem of(String option, Path file) {
            return new ConfigurationProblem("tls", option, file.toString(), reason, remedy);
        }
    }

    static PemFile read(Path path) throws Unusable {
        String text;
        try {
            if (Files.size(path) > LARGEST) {
                throw new Unusable("has more than " + LARGEST + " bytes", "name a PEM file");
            }
            text = Files.readString(path, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new Unusable("does not exist", "check the path");
        } catch (AccessDeniedException e) {
            throw new Unusable("is not readable by this user", "change its owner or mode");
        } catch (IOException e) {
            throw new Unusable("cannot be read: " + e.getMessage(), "name a PEM file");
        }
        return new PemFile(path, parts(text));
    }

    private static List<Part> parts(String text) throws Unusable {
        List<Part> parts = new ArrayList<>();
        for (int begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + 1)) {
            int labelEnd = text.indexOf(DASHES, begin + BEGIN.length());
            String label = labelEnd < 0 ? "" : text.substring(begin + BEGIN.length(), labelEnd);
            int end = labelEnd < 0 ? -1 : text.indexOf(END + label + DASHES, labelEnd);
            if (end < 0) {
                throw new Unusable("has a BEGIN line without an END line", INCOMPLETE);
            }
            String body = text.substring(labelEnd + DASHES.length(), end);
            try {
                parts.add(new Part(
                        label,
                        body.indexOf(':') >= 0
                                ? new byte[0]
                                : Base64.getMimeDecoder().decode(body)));
            } catch (IllegalArgumentException e) {
                throw new Unusable("has a part that is not Base64", INCOMPLETE);
            }
            begin = end;
        }
        if (parts.isEmpty()) {
            throw new Unusable(
                    "is not a PEM file (expected -----BEGIN ...)", "convert a DER file with openssl x509 or pkcs8");
        }
        return parts;
    }
}
