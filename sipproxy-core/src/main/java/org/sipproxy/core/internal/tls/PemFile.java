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

/** The parts of a PEM file (RFC 7468), in their order; text around them is allowed. */
record PemFile(Path path, List<Part> parts) {

    private static final long LARGEST = 1 << 20;
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    /**
     * One part.
     *
     * @param label what stands behind BEGIN, such as {@code CERTIFICATE}
     * @param der what it holds; not read of a part with headers, as only keys of old formats have them
     */
    record Part(String label, byte[] der) {}

    /** Thrown with what is wrong with the file. */
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
                throw new Unusable(path, "has more than " + LARGEST + " bytes, so it is no PEM file");
            }
            text = Files.readString(path, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new Unusable(path, "there is no such file");
        } catch (AccessDeniedException e) {
            throw new Unusable(path, "may not be read by this user; change its owner or mode");
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
                throw new Unusable(path, "a part of it begins and has no end; is the file whole?");
            }
            String body = text.substring(labelEnd + DASHES.length(), end);
            try {
                parts.add(new Part(
                        label,
                        body.indexOf(':') >= 0
                                ? new byte[0]
                                : Base64.getMimeDecoder().decode(body)));
            } catch (IllegalArgumentException e) {
                throw new Unusable(path, "a part of it is not Base64; is the file whole?");
            }
            begin = end;
        }
        if (parts.isEmpty()) {
            throw new Unusable(
                    path, "is no PEM file (expected -----BEGIN ...); a DER file converts with openssl x509 or pkcs8");
        }
        return parts;
    }
}
