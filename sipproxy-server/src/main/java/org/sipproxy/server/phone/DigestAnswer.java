package org.sipproxy.server.phone;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.text.ParseException;
import java.util.HexFormat;
import java.util.ListIterator;
import java.util.Locale;
import java.util.Map;
import javax.sip.header.AuthorizationHeader;
import javax.sip.header.HeaderFactory;
import javax.sip.header.ProxyAuthenticateHeader;
import javax.sip.header.WWWAuthenticateHeader;
import javax.sip.message.Request;
import javax.sip.message.Response;

/**
 * Credentials for a digest challenge: for the first challenge with a supported algorithm (RFC 8760 §2.4), with qop=auth
 * if it is offered (RFC 3261 §22.4, RFC 7616 §3.4).
 */
final class DigestAnswer {

    /** Algorithms by their names in SIP, with those in Java. */
    private static final Map<String, String> ALGORITHMS =
            Map.of("MD5", "MD5", "SHA-256", "SHA-256", "SHA-512-256", "SHA-512/256");

    private static final SecureRandom RANDOM = new SecureRandom();

    private DigestAnswer() {}

    /** Adds the credentials for {@code challenge} to {@code request}. */
    static void addTo(Request request, Response challenge, Account account, HeaderFactory headers)
            throws ParseException, PhoneException {
        boolean byProxy = challenge.getStatusCode() == Response.PROXY_AUTHENTICATION_REQUIRED;
        WWWAuthenticateHeader asked =
                firstKnown(challenge, byProxy ? ProxyAuthenticateHeader.NAME : WWWAuthenticateHeader.NAME);
        String algorithm = algorithmOf(asked);
        AuthorizationHeader answer = byProxy
                ? headers.createProxyAuthorizationHeader("Digest")
                : headers.createAuthorizationHeader("Digest");
        answer.setUsername(account.user());
        answer.setRealm(asked.getRealm());
        answer.setNonce(asked.getNonce());
        answer.setURI(request.getRequestURI());
        answer.setAlgorithm(algorithm);
        if (asked.getOpaque() != null) {
            answer.setOpaque(asked.getOpaque());
        }
        String ha1 = hash(algorithm, account.user() + ":" + asked.getRealm() + ":" + account.password());
        String ha2 = hash(algorithm, request.getMethod() + ":" + request.getRequestURI());
        if (offersAuth(asked.getQop())) {
            String cnonce = HexFormat.of().toHexDigits(RANDOM.nextLong());
            answer.setQop("auth");
            answer.setNonceCount(1);
            answer.setCNonce(cnonce);
            answer.setResponse(hash(algorithm, ha1 + ":" + asked.getNonce() + ":00000001:" + cnonce + ":auth:" + ha2));
        } else {
            answer.setResponse(hash(algorithm, ha1 + ":" + asked.getNonce() + ":" + ha2));
        }
        request.setHeader(answer);
    }

    private static WWWAuthenticateHeader firstKnown(Response challenge, String name) throws PhoneException {
        for (ListIterator<?> all = challenge.getHeaders(name); all.hasNext(); ) {
            if (all.next() instanceof WWWAuthenticateHeader asked && ALGORITHMS.containsKey(algorithmOf(asked))) {
                return asked;
            }
        }
        throw new PhoneException(challenge.getStatusCode() + " without a challenge in " + ALGORITHMS.keySet());
    }

    private static String algorithmOf(WWWAuthenticateHeader asked) {
        String algorithm = asked.getAlgorithm();
        return algorithm == null ? "MD5" : algorithm.toUpperCase(Locale.ROOT);
    }

    private static boolean offersAuth(String qop) {
        if (qop != null) {
            for (String option : qop.split(",", -1)) {
                if (option.strip().equalsIgnoreCase("auth")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String hash(String algorithm, String text) {
        try {
            byte[] hash = MessageDigest.getInstance(ALGORITHMS.getOrDefault(algorithm, algorithm))
                    .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }
}
