package org.sipproxy.server.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.IpLiteral;

/**
 * Decides which requests may read. With a token, those that have it as {@code Authorization: Bearer TOKEN}. Without one
 * the server listens on a loopback address, and a request must name it by a numeric address, as {@code localhost}, or
 * by a name that the operator has given: otherwise a web page could read it through a name of its own that resolves to
 * this machine (DNS rebinding). A browser gets to a numeric address without DNS.
 *
 * <p>The data of the page is refused to a browser that fetches it for a page of another site (header Sec-Fetch-Site).
 * That page could not read the response, but the request would start a recording.
 */
final class WebAccess {

    private static final String SCHEME = "bearer ";

    private final Optional<byte[]> token;
    private final Set<String> names;

    private WebAccess(Optional<byte[]> token, Set<String> names) {
        this.token = token;
        this.names = names;
    }

    static WebAccess withToken(String token) {
        return new WebAccess(Optional.of(token.getBytes(StandardCharsets.UTF_8)), Set.of());
    }

    /** Returns the access without a token; {@code names} are further names of the server, without a port. */
    static WebAccess onLoopback(Collection<String> names) {
        return new WebAccess(
                Optional.empty(),
                names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet()));
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
            return isKnown(host);
        }
        String sent = authorization == null ? "" : authorization;
        boolean isBearer = sent.toLowerCase(Locale.ROOT).startsWith(SCHEME);
        byte[] credentials = (isBearer ? sent.substring(SCHEME.length()).strip() : "").getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(token.get(), credentials);
    }

    /** Returns true if a file without data may be served; with a token, to any request. */
    boolean allowsFile(@Nullable String host) {
        return needsToken() || isKnown(host);
    }

    /**
     * Returns true unless a browser sends the request for a page of another site.
     *
     * @param site the header Sec-Fetch-Site; null without one, as other clients send none
     */
    static boolean isOfThisSite(@Nullable String site) {
        return site == null || site.equals("same-origin") || site.equals("none");
    }

    /** Returns true for a numeric address, {@code localhost} or a given name, with or without a port. */
    private boolean isKnown(@Nullable String host) {
        if (host == null) {
            return false;
        }
        int colon = host.lastIndexOf(':');
        String name = (colon > host.lastIndexOf(']') ? host.substring(0, colon) : host).toLowerCase(Locale.ROOT);
        return name.equals("localhost")
                || names.contains(name)
                || IpLiteral.parse(name.replaceAll("^\\[|\\]$", "")).isPresent();
    }
}
