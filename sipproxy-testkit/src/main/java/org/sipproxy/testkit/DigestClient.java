package org.sipproxy.testkit;

import java.util.List;
import java.util.ListIterator;
import java.util.Optional;
import java.util.Set;
import javax.sip.header.WWWAuthenticateHeader;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.jain.JainResponse;

/**
 * Digest client of a phone (RFC 3261 §22, RFC 7616 §3.4). It uses the first challenge with a supported algorithm (RFC
 * 8760 §2.4), with qop=auth if it is offered. After a second challenge to the same request it retries only if the nonce
 * was stale.
 */
final class DigestClient {

    private final String user;
    private final @Nullable String password;
    private final Set<DigestAlgorithm> known;

    /** Creates a client; {@code password} is null for a phone that does not respond to challenges. */
    DigestClient(String user, @Nullable String password, Set<DigestAlgorithm> known) {
        this.user = user;
        this.password = password;
        this.known = known;
    }

    /**
     * Returns the credentials for a challenged request.
     *
     * @param sent the credentials that the request was sent with
     * @return empty if the response is not a challenge, or not one that the client supports
     */
    Optional<HeaderLine> answer(SipResponse response, RequestDraft request, List<HeaderLine> sent) {
        boolean byProxy = response.statusCode() == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
        String secret = password;
        if (secret == null || !byProxy && response.statusCode() != StatusCode.UNAUTHORIZED) {
            return Optional.empty();
        }
        HeaderName challenge = byProxy ? HeaderName.PROXY_AUTHENTICATE : HeaderName.WWW_AUTHENTICATE;
        HeaderName answer = byProxy ? HeaderName.PROXY_AUTHORIZATION : HeaderName.AUTHORIZATION;
        boolean second = sent.stream().anyMatch(line -> line.name().equals(answer));
        for (ListIterator<?> all = JainResponse.of(response).getHeaders(challenge.name()); all.hasNext(); ) {
            if (all.next() instanceof WWWAuthenticateHeader asked) {
                DigestAlgorithm algorithm = algorithmOf(asked).orElse(null);
                if (algorithm != null && known.contains(algorithm) && (!second || asked.isStale())) {
                    return Optional.of(new HeaderLine(answer, credentials(asked, algorithm, request, secret)));
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<DigestAlgorithm> algorithmOf(WWWAuthenticateHeader asked) {
        String token = asked.getAlgorithm();
        return token == null ? Optional.of(DigestAlgorithm.MD5) : DigestAlgorithm.of(token);
    }

    private String credentials(
            WWWAuthenticateHeader asked, DigestAlgorithm algorithm, RequestDraft request, String secret) {
        DigestCredentials credentials = DigestCredentials.of(user, asked.getRealm(), secret, asked.getNonce())
                .request(request.method(), request.uri())
                .algorithm(algorithm);
        if (asked.getOpaque() != null) {
            credentials.with("opaque", asked.getOpaque());
        }
        return (offersAuth(asked.getQop()) ? credentials : credentials.withoutQop()).value();
    }

    private static boolean offersAuth(@Nullable String qop) {
        if (qop == null) {
            return false;
        }
        for (String option : qop.split(",", -1)) {
            if (option.strip().equalsIgnoreCase("auth")) {
                return true;
            }
        }
        return false;
    }
}
