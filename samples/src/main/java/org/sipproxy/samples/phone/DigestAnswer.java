package org.sipproxy.samples.phone;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.text.ParseException;
import java.util.HexFormat;
import javax.sip.header.AuthorizationHeader;
import javax.sip.header.HeaderFactory;
import javax.sip.header.ProxyAuthenticateHeader;
import javax.sip.header.WWWAuthenticateHeader;
import javax.sip.message.Request;
import javax.sip.message.Response;

/** The answer to a digest challenge: MD5, with qop=auth where it is offered (RFC 3261 §22.4, RFC 2617 §3.2.2). */
final class DigestAnswer {

    private static final SecureRandom RANDOM = new SecureRandom();

    private DigestAnswer() {}

    /** Adds the header that answers {@code challenge} to {@code request}. */
    static void addTo(Request request, Response challenge, Account account, HeaderFactory headers)
            throws ParseException, PhoneException {
        boolean byProxy = challenge.getStatusCode() == Response.PROXY_AUTHENTICATION_REQUIRED;
        WWWAuthenticateHeader asked = (WWWAuthenticateHeader)
                challenge.getHeader(byProxy ? ProxyAuthenticateHeader.NAME : WWWAuthenticateHeader.NAME);
        if (asked == null) {
            throw new PhoneException(challenge.getStatusCode() + " without a challenge");
        }
        String algorithm = asked.getAlgorithm();
        if (algorithm != null && !algorithm.equalsIgnoreCase("MD5")) {
            throw new PhoneException("challenge with algorithm " + algorithm + "; this phone knows MD5 only");
        }
        AuthorizationHeader answer = byProxy
                ? headers.createProxyAuthorizationHeader("Digest")
                : headers.createAuthorizationHeader("Digest");
        answer.setUsername(account.user());
        answer.setRealm(asked.getRealm());
        answer.setNonce(asked.getNonce());
        answer.setURI(request.getRequestURI());
        answer.setAlgorithm("MD5");
        if (asked.getOpaque() != null) {
            answer.setOpaque(asked.getOpaque());
        }
        String ha1 = md5(account.user() + ":" + asked.getRealm() + ":" + account.password());
        String ha2 = md5(request.getMethod() + ":" + request.getRequestURI());
        if (offersAuth(asked.getQop())) {
            String cnonce = HexFormat.of().toHexDigits(RANDOM.nextLong());
            answer.setQop("auth");
            answer.setNonceCount(1);
            answer.setCNonce(cnonce);
            answer.setResponse(md5(ha1 + ":" + asked.getNonce() + ":00000001:" + cnonce + ":auth:" + ha2));
        } else {
            answer.setResponse(md5(ha1 + ":" + asked.getNonce() + ":" + ha2));
        }
        request.setHeader(answer);
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

    private static String md5(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }
}
