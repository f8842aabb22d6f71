package org.sipproxy.server.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.IpLiteral;

/**
 * Decides who may read. With a token, whoever sends it as {@code Authorization: Bearer TOKEN}. Without one the server
 * listens on a loopback address, and a request must name it by a numeric address or as {@code localhost}: otherwise a web
 * page could read it through a name of its own that resolves to this machine (DNS rebinding).
 */
final class WebAccess {

    private static final String SCHEME = "bearer ";

    private final Optional<byte[]> token;

    private WebAccess(Optional<byte[]> token) {
        this.token = token;
    }

    static WebAccess withToken(String token) {
        return new WebAccess(Optional.of(token.getBytes(StandardCharsets.UTF_8)));
    }

    static WebAccess onLoopback() {
        return new WebAccess(Optional.empty());
    }

    /** Returns true if a token is needed. */
    boolean needsToken() {
        return token.isPresent();
    }

    /**
     * Returns true if a request may be served. The comparison with the token takes the same time whatever was sent.
     *
     * @param authorization the header Authorization; null without one
     * @param host the header Host; null without one
     */
    boolean allows(@Nullable String authorization, @Nullable String host) {
        if (token.isEmpty()) {
            return host != null && isThisMachine(host);
        }
        String sent = authorization == null ? "" : authorization;
        boolean isBearer = sent.toLowerCase(Locale.ROOT).startsWith(SCHEME);
        byte[] credentials = (isBearer ? sent.substring(SCHEME.length()).strip() : "").getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(token.get(), credentials);
    }

    /** Returns true for a numeric address or {@code localhost}, with or without a port. */
    private static boolean isThisMachine(String host) {
        int colon = host.lastIndexOf(':');
        String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
        return name.equalsIgnoreCase("localhost")
                || IpLiteral.parse(name.replaceAll("^\\[|\\]$", "")).isPresent();
    }
}
