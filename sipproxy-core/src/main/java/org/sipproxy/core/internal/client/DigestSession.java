package org.sipproxy.core.internal.client;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;

/**
 * Challenges that one request has answered, and its credentials (RFC 7616, RFC 8760, RFC 3261 §22). Each realm is
 * answered once, and once more if its nonce was stale, so the number of requests is bounded. Used by one thread at a
 * time.
 */
public final class DigestSession {

    /** Realms of one request: the proxies on its path and the server. */
    private static final int MAX_REALMS = 4;

    private static final SecureRandom RANDOM = new SecureRandom();

    /** A protection space: proxies and servers may use the same realm. */
    private record Space(boolean byProxy, String realm) {}

    /** A challenge, with the number of requests that were sent with its nonce. */
    private static final class Answered {

        final DigestChallenge challenge;
        final String ha1;
        final String username;
        int count;

        Answered(DigestChallenge challenge, String username, String ha1) {
            this.challenge = challenge;
            this.username = username;
            this.ha1 = ha1;
        }
    }

    private final Method method;
    private final String uri;
    private final List<DigestLogin> logins;
    private final Map<Space, Answered> answered = new LinkedHashMap<>();
    private final Set<Space> repeated = new HashSet<>();

    /**
     * Creates a session without challenges.
     *
     * @param uri the Request-URI that is sent
     */
    public DigestSession(Method method, String uri, List<DigestLogin> logins) {
        this.method = method;
        this.uri = uri;
        this.logins = logins;
    }

    /**
     * Accepts the challenges of a 401 or 407. Returns true if the request is to be sent again with
     * {@link #credentials}: one challenge at least can be answered, and none rejects an earlier answer.
     */
    public boolean accept(SipResponse response) {
        Map<Space, Answered> strongest = new LinkedHashMap<>();
        for (DigestChallenge challenge : DigestChallenge.of(response)) {
            Space space = new Space(challenge.byProxy(), challenge.realm());
            Answered best = strongest.get(space);
            if (best == null || challenge.algorithm().compareTo(best.challenge.algorithm()) < 0) {
                answer(challenge).ifPresent(answer -> strongest.put(space, answer));
            }
        }
        for (Map.Entry<Space, Answered> one : strongest.entrySet()) {
            if (answered.containsKey(one.getKey()) && !mayRepeat(one)) {
                return false;
            }
        }
        answered.putAll(strongest);
        return !strongest.isEmpty() && answered.size() <= MAX_REALMS;
    }

    /** Returns true if the earlier answer had a stale nonce, the first time. */
    private boolean mayRepeat(Map.Entry<Space, Answered> again) {
        return again.getValue().challenge.stale() && repeated.add(again.getKey());
    }

    private Optional<Answered> answer(DigestChallenge challenge) {
        return logins.stream()
                .filter(login -> login.isFor(challenge.realm()))
                .findFirst()
                .flatMap(login -> ha1(login, challenge).map(ha1 -> new Answered(challenge, login.username(), ha1)));
    }

    private static Optional<String> ha1(DigestLogin login, DigestChallenge challenge) {
        return login.password()
                .map(password -> challenge.algorithm().ha1(login.username(), challenge.realm(), password))
                .or(() -> login.ha1(challenge.algorithm().token()));
    }

    /** Returns the header lines with the credentials of the next request. */
    public Map<HeaderName, List<String>> credentials() {
        return answered.values().stream()
                .collect(Collectors.groupingBy(
                        answer ->
                                answer.challenge.byProxy() ? HeaderName.PROXY_AUTHORIZATION : HeaderName.AUTHORIZATION,
                        LinkedHashMap::new,
                        Collectors.mapping(this::value, Collectors.toList())));
    }

    private String value(Answered answer) {
        DigestChallenge challenge = answer.challenge;
        String count = String.format(Locale.ROOT, "%08x", ++answer.count);
        String cnonce = cnonce();
        String ha1 = challenge.session()
                ? challenge.algorithm().hash(String.join(":", answer.ha1, challenge.nonce(), cnonce))
                : answer.ha1;
        String ha2 = challenge.algorithm().hash(method + ":" + uri);
        String response = challenge
                .algorithm()
                .hash(
                        challenge.qop()
                                ? String.join(":", ha1, challenge.nonce(), count, cnonce, "auth", ha2)
                                : String.join(":", ha1, challenge.nonce(), ha2));
        StringBuilder text = new StringBuilder("Digest username=")
                .append(quoted(answer.username))
                .append(", realm=")
                .append(quoted(challenge.realm()))
                .append(", nonce=")
                .append(quoted(challenge.nonce()))
                .append(", uri=")
                .append(quoted(uri))
                .append(", response=\"")
                .append(response)
                .append("\", algorithm=")
                .append(challenge.algorithm().token())
                .append(challenge.session() ? "-sess" : "");
        if (challenge.opaque() != null) {
            text.append(", opaque=").append(quoted(challenge.opaque()));
        }
        if (challenge.qop()) {
            text.append(", qop=auth, nc=").append(count);
        }
        if (challenge.qop() || challenge.session()) {
            text.append(", cnonce=\"").append(cnonce).append('"');
        }
        return text.toString();
    }

    private static String cnonce() {
        byte[] bytes = new byte[12];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
