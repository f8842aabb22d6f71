package org.sipproxy.api.auth;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * Challenges that one request has answered, and its credentials (RFC 7616, RFC 8760, RFC 3261 §22). Each realm is
 * answered once, and once more if its nonce was stale, so the number of requests is bounded.
 *
 * <p>{@link org.sipproxy.api.client.RequestClient} answers challenges with it. A component that forwards requests of
 * others, such as calls over a provider's account, uses it in a {@link org.sipproxy.api.routing.BranchEdit} and a
 * {@link org.sipproxy.api.routing.FailureStage}:
 *
 * <pre>{@code
 * DigestSession digest = new DigestSession(request.method(), target.uri(), logins, nonces);
 * RelayPlan.to(target)
 *         .edit((branch, to) -> digest.authorize(branch))
 *         .onFailure(CHALLENGED)
 *         .decide(context -> context.response().filter(digest::accept).isPresent() ? again : refuse)
 * }</pre>
 *
 * <p>Not thread-safe: calls for one request must not overlap.
 */
public final class DigestSession {

    /** Realms of one request: those of the proxies that it passes, and of the server. */
    private static final int MAX_REALMS = 4;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Method method;
    private final String uri;
    private final List<DigestLogin> logins;
    private final DigestNonces nonces;
    private final Map<DigestNonces.Space, DigestNonces.Answered> answered = new LinkedHashMap<>();
    private final Set<DigestNonces.Space> repeated = new HashSet<>();

    /**
     * Creates a session without challenges.
     *
     * @param uri the Request-URI that is sent
     */
    public DigestSession(Method method, SipUri uri, List<DigestLogin> logins) {
        this(method, uri, logins, new DigestNonces());
    }

    /**
     * Creates a session that begins with the challenges which earlier requests to the same server have answered.
     *
     * @param uri the Request-URI that is sent
     * @param nonces challenges of earlier requests, to which this session adds its own
     */
    public DigestSession(Method method, SipUri uri, List<DigestLogin> logins, DigestNonces nonces) {
        this.method = Objects.requireNonNull(method, "method");
        this.uri = uri.toString();
        this.logins = List.copyOf(logins);
        this.nonces = Objects.requireNonNull(nonces, "nonces");
    }

    /**
     * Accepts the challenges of a 401 or 407. Returns true if the request is to be sent again with
     * {@link #credentials}: at least one challenge can be answered, and none rejects an earlier answer to a challenge
     * of this request.
     */
    public boolean accept(SipResponse response) {
        Map<DigestNonces.Space, DigestNonces.Answered> strongest = new LinkedHashMap<>();
        for (DigestChallenge challenge : DigestChallenge.of(response)) {
            DigestNonces.Space space = new DigestNonces.Space(challenge.byProxy(), challenge.realm());
            DigestNonces.Answered best = strongest.get(space);
            if (best == null || challenge.algorithm().compareTo(best.challenge.algorithm()) < 0) {
                answer(challenge).ifPresent(answer -> strongest.put(space, answer));
            }
        }
        nonces.forget(strongest.keySet()); // the nonce of earlier requests is no longer valid
        for (Map.Entry<DigestNonces.Space, DigestNonces.Answered> one : strongest.entrySet()) {
            if (answered.containsKey(one.getKey()) && !mayRepeat(one)) {
                return false;
            }
        }
        answered.putAll(strongest);
        boolean again = !strongest.isEmpty() && answered.size() <= MAX_REALMS;
        if (again) {
            nonces.remember(strongest);
        }
        return again;
    }

    /** Returns true if the earlier answer had a stale nonce, the first time. */
    private boolean mayRepeat(Map.Entry<DigestNonces.Space, DigestNonces.Answered> again) {
        return again.getValue().challenge.stale() && repeated.add(again.getKey());
    }

    private Optional<DigestNonces.Answered> answer(DigestChallenge challenge) {
        return logins.stream()
                .filter(login -> login.isFor(challenge.realm()))
                .findFirst()
                .flatMap(login ->
                        ha1(login, challenge).map(ha1 -> new DigestNonces.Answered(challenge, login.username(), ha1)));
    }

    private static Optional<String> ha1(DigestLogin login, DigestChallenge challenge) {
        return login.password()
                .map(password -> challenge.algorithm().ha1(login.username(), challenge.realm(), password))
                .or(() -> login.ha1(challenge.algorithm().token()));
    }

    /** Returns the header lines with the credentials of the next request. Each call uses another nonce count. */
    public Map<HeaderName, List<String>> credentials() {
        Map<DigestNonces.Space, DigestNonces.Answered> all = new LinkedHashMap<>(nonces.known());
        all.putAll(answered);
        return all.values().stream()
                .collect(Collectors.groupingBy(
                        answer ->
                                answer.challenge.byProxy() ? HeaderName.PROXY_AUTHORIZATION : HeaderName.AUTHORIZATION,
                        LinkedHashMap::new,
                        Collectors.mapping(this::value, Collectors.toList())));
    }

    /**
     * Returns the request with {@link #credentials}. They replace all credentials in it, those of the sender for other
     * servers included.
     */
    public SipRequest authorize(SipRequest request) {
        SipRequest bare = request;
        for (HeaderName name : List.of(HeaderName.AUTHORIZATION, HeaderName.PROXY_AUTHORIZATION)) {
            bare = bare.hasHeader(name) ? bare.withoutHeader(name) : bare;
        }
        SipRequest authorized = bare;
        for (Map.Entry<HeaderName, List<String>> lines : credentials().entrySet()) {
            for (String value : lines.getValue()) {
                authorized = authorized.withHeaderBelow(lines.getKey(), value);
            }
        }
        return authorized;
    }

    private String value(DigestNonces.Answered answer) {
        DigestChallenge challenge = answer.challenge;
        String count = String.format(Locale.ROOT, "%08x", answer.count.incrementAndGet());
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
