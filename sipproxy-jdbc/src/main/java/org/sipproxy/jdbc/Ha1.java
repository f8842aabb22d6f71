package org.sipproxy.jdbc;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.sipproxy.api.auth.DigestAlgorithm;

/** HA1, {@code H(username:realm:password)}, in lower-case hex (RFC 7616 §3.4.2), over UTF-8 like kamctl. */
final class Ha1 {

    private Ha1() {}

    static String of(DigestAlgorithm algorithm, String username, String realm, String password) {
        try {
            byte[] hash = MessageDigest.getInstance(algorithm.javaName())
                    .digest((username + ":" + realm + ":" + password).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM has no " + algorithm.javaName(), e);
        }
    }
}
