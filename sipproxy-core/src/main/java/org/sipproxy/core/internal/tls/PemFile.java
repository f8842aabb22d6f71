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

/** The parts of a PEM file (RFC 7468), in order. Text around them is allowed. */
record PemFile(Path path, List<Part> parts) {

    private static final long LARGEST = 1 << 20;
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    /**
     * One part.
     *
     * @param label the label after BEGIN, such as {@code CERTIFICATE}
     * @param der the decoded content; not decoded for a part with headers, which only keys of old formats have
     */
    record Part(String label, byte[] der) {}

    /** Thrown if the file cannot be used; the message says why. */
    static final class Unusable extends Exception {

        Unusable(Path path, String what) {
            super(path + ": " + what);
        }

        String text() {
            return String.valueOf(getMessage());
        }
    }

    static PemFile read(Path path) throws Unusable {
        String text;
        try {
            if (Files.size(path) > LARGEST) {
                throw new Unusable(path, "has more than " + LARGEST + " bytes, so it is not a PEM file");
            }
            text = Files.readString(path, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new Unusable(path, "no such file");
        } catch (AccessDeniedException e) {
            throw new Unusable(path, "is not readable by this user; change its owner or mode");
        } catch (IOException e) {
            throw new Unusable(path, "cannot be read: " + e.getMessage());
        }
        return new PemFile(path, parts(path, text));
    }

    private static List<Part> parts(Path path, String text) throws Unusable {
        List<Part> parts = new ArrayList<>();
        for (int begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + 1)) {
            int labelEnd = text.indexOf(DASHES, begin + BEGIN.length());
            String label = labelEnd < 0 ? "" : text.substring(begin + BEGIN.length(), labelEnd);
            int end = labelEnd < 0 ? -1 : text.indexOf(END + label + DASHES, labelEnd);
            if (end < 0) {
                throw new Unusable(path, "has a BEGIN line without an END line; check that the file is complete");
            }
            String body = text.substring(labelEnd + DASHES.length(), end);
            try {
                parts.add(new Part(
                        label,
                        body.indexOf(':') >= 0
                                ? new byte[0]
                                : Base64.getMimeDecoder().decode(body)));
            } catch (IllegalArgumentException e) {
                throw new Unusable(path, "has a part that is not Base64; check that the file is complete");
            }
            begin = end;
        }
        if (parts.isEmpty()) {
            throw new Unusable(
                    path, "is not a PEM file (expected -----BEGIN ...); convert a DER file with openssl x509 or pkcs8");
        }
        return parts;
    }
}
