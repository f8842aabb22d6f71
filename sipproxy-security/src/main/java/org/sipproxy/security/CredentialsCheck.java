package org.sipproxy.security;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.HostName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestResponse.Field;

/**
 * Checks the credentials of one request, cheapest test first: form, algorithm, qop, uri, nonce, then the digest, and last who is
 * behind it. The digest is computed for a refused nonce too, because only a client that knows the password may be told that
 * nothing but the nonce was wrong.
 */
final class CredentialsCheck {

    private static final String AUTH = "auth";
    private static final String AUTH_INT = "auth-int";

    /** Hashed where there is no password to hash, so that an unknown user takes the time of a known one. */
    private static final byte[] NO_PASSWORD = "an unknown user".getBytes(StandardCharsets.US_ASCII);

    /** Longest digest user name in bytes: {@code user@realm} of a location row's longest user and host (248 each). */
    private static final int MAX_USERNAME = 497;

    /**
     * What is checked, and how strictly.
     *
     * @param algorithms those that are offered
     * @param integrity true if a response may cover the body
     * @param identities true for a claimed identity that is a digest user's own; asked only where it is not his name
     * @param counts null if replays within a nonce's lifetime are not looked for
     * @param countsQop false if only responses without qop are counted
     * @param lockouts null if nobody is ever locked out
     */
    record Rules(
            CredentialStore credentials,
            Set<DigestAlgorithm> algorithms,
            boolean requireQop,
            boolean integrity,
            boolean checkIdentity,
            BiPredicate<String, SipUri> identities,
            NonceIssuer nonces,
            @Nullable NonceCounts counts,
            boolean countsQop,
            @Nullable Lockouts lockouts) {}

    private final KeyedHash retransmissions = KeyedHash.random();
    private final Rules rules;

    CredentialsCheck(Rules rules) {
        this.rules = rules;
    }

    /**
     * How it ended.
     *
     * @param line the header line that the credentials are in, -1 if none was used
     * @param user the digest user without a realm, as presented; empty if no credentials could be read
     * @param lock what the failure led to; null if to nothing
     */
    record Result(AuthenticationOutcome outcome, int line, String user, Lockouts.@Nullable Lock lock) {

        static Result refused(AuthenticationOutcome outcome) {
            return refused(outcome, "");
        }

        static Result refused(AuthenticationOutcome outcome, String user) {
            return new Result(outcome, -1, user, null);
        }
    }

    /**
     * Checks the first credentials in {@code header} lines that are for the realm and in an algorithm that we offer.
     *
     * @param store that of the rules, or its view for a thread that must not wait
     * @throws org.sipproxy.api.routing.NeedsWorkerException if that would have to wait; nothing has been counted then
     */
    Result check(StageContext context, HeaderName header, Realm realm, Hashes hashes, CredentialStore store)
            throws SipParseException {
        SipRequest request = context.request();
        AuthenticationOutcome none = AuthenticationOutcome.NO_CREDENTIALS;
        for (int line = request.firstHeader(header); line >= 0; line = request.nextHeader(header, line)) {
            byte[] credentials = request.index()
                    .copy(request.index().valueStart(line), request.index().valueEnd(line));
            if (!DigestResponse.isDigest(credentials, 0, credentials.length)) {
                continue;
            }
            DigestResponse response = DigestResponse.parse(credentials, 0, credentials.length);
            if (response == null) {
                none = AuthenticationOutcome.MALFORMED;
            } else if (response.is(Field.REALM, realm.bytes())) {
                DigestAlgorithm algorithm = algorithm(response);
                if (algorithm != null) {
                    return check(context, response, line, realm, algorithm, hashes, store);
                }
                none = AuthenticationOutcome.UNSUPPORTED_ALGORITHM;
            }
        }
        return Result.refused(none);
    }

    /** The algorithm that the response is in, if we offer it; an absent one is MD5 (RFC 7616 §3.3). */
    private @Nullable DigestAlgorithm algorithm(DigestResponse response) {
        if (!response.has(Field.ALGORITHM)) {
            return rules.algorithms.contains(DigestAlgorithm.MD5) ? DigestAlgorithm.MD5 : null;
        }
        for (DigestAlgorithm algorithm : rules.algorithms) {
            if (response.isToken(Field.ALGORITHM, algorithm.token())) {
                return algorithm;
            }
        }
        return null;
    }

    private Result check(
            StageContext context,
            DigestResponse response,
            int line,
            Realm realm,
            DigestAlgorithm algorithm,
            Hashes hashes,
            CredentialStore store)
            throws SipParseException {
        AuthenticationOutcome defect = defect(response, algorithm);
        if (defect == AuthenticationOutcome.MISSING_QOP) {
            return Result.refused(defect, withoutRealm(response.text(Field.USERNAME), realm)); // for the operator's log
        }
        if (defect != null) {
            return Result.refused(defect);
        }
        String username = response.text(Field.USERNAME);
        String user = withoutRealm(username, realm);
        if (!isForThisResource(context, response)) {
            return Result.refused(AuthenticationOutcome.URI_MISMATCH, user);
        }
        long nowMillis = context.now().toEpochMilli();
        NonceIssuer.Nonce nonce = rules.nonces.check(context, response, realm, hashes);
        boolean isProven = nonce.state() == NonceIssuer.State.FRESH;
        Lockouts lockouts = rules.lockouts;
        Lockouts.Subject subject =
                lockouts == null ? null : lockouts.subject(user, context.flow().remoteAddress());
        if (lockouts != null && subject != null && lockouts.isLocked(subject, isProven, nowMillis)) {
            requireCurrent();
            return Result.refused(AuthenticationOutcome.LOCKED_OUT, user);
        }
        Credential credential = find(store, username, user, realm);
        AuthenticationOutcome outcome = compare(context.request(), response, credential, realm, algorithm, hashes);
        if (outcome != AuthenticationOutcome.AUTHENTICATED) {
            Lockouts.Lock lock =
                    lockouts == null || subject == null ? null : lockouts.failed(subject, isProven, nowMillis);
            requireCurrent();
            return new Result(outcome, -1, user, lock == null || lock.isNone() ? null : lock);
        }
        if (nonce.state() != NonceIssuer.State.FRESH) {
            return Result.refused(
                    switch (nonce.state()) {
                        case EXPIRED -> AuthenticationOutcome.STALE_NONCE;
                        case ELSEWHERE -> AuthenticationOutcome.NONCE_ELSEWHERE;
                        default -> AuthenticationOutcome.FOREIGN_NONCE;
                    },
                    user);
        }
        if (isAmbiguous(context, store, user, realm)) {
            return Result.refused(AuthenticationOutcome.AMBIGUOUS_USER, user);
        }
        if (rules.checkIdentity && !isOwnIdentity(context, user)) {
            return Result.refused(AuthenticationOutcome.IDENTITY_MISMATCH, user);
        }
        NonceCounts counts = rules.counts;
        if (counts != null
                && (rules.countsQop || !response.has(Field.QOP))
                && !counts.use(nonce, response.count(), identityOf(context.request(), context.flow()), nowMillis)) {
            return Result.refused(AuthenticationOutcome.NONCE_REUSED, user);
        }
        if (lockouts != null && subject != null) {
            lockouts.succeeded(subject, nowMillis);
        }
        return new Result(AuthenticationOutcome.AUTHENTICATED, line, user, null);
    }

    /** A refusal while the store cannot be asked would tell who is remembered: others cannot be looked up then. */
    private void requireCurrent() {
        if (!rules.credentials.isCurrent()) {
            throw new TemporarilyUnavailableException("credentials cannot be looked up", 5, null);
        }
    }

    /**
     * Identifies a request by all of its bytes and its source. Less would let an attacker who captured it change
     * what the digest does not cover, such as Contact, Path, Expires or the body. A client retransmits byte for byte
     * (RFC 3261 §17.1.2.2).
     */
    private long identityOf(SipRequest request, Flow flow) {
        return retransmissions.hash(
                source(flow), request.index(), 0, request.index().length());
    }

    private long source(Flow flow) {
        InetSocketAddress remote = flow.remoteAddress();
        InetAddress address = remote.getAddress();
        long port = remote.getPort() | (flow.kind().isReliable() ? 1 << 16 : 0);
        if (address instanceof Inet4Address) {
            return (long) address.hashCode() << 32 | port; // the hash code of an IPv4 address is the address
        }
        byte[] bytes = address.getAddress();
        return retransmissions.hash(port, bytes, 0, bytes.length);
    }

    /** What makes the credentials unusable whatever the password is, or null. */
    private @Nullable AuthenticationOutcome defect(DigestResponse response, DigestAlgorithm algorithm) {
        if (!isUsername(response)
                || !response.has(Field.NONCE)
                || !response.has(Field.URI)
                || !response.isHex(Field.RESPONSE, algorithm.hexLength())) {
            return AuthenticationOutcome.MALFORMED;
        }
        if (!response.has(Field.QOP)) {
            return rules.requireQop ? AuthenticationOutcome.MISSING_QOP : null;
        }
        if (!response.isIgnoringCase(Field.QOP, AUTH) && !coversBody(response)) {
            return AuthenticationOutcome.UNSUPPORTED_QOP;
        }
        return response.isHex(Field.NC, 8) && response.has(Field.CNONCE) ? null : AuthenticationOutcome.MALFORMED;
    }

    private boolean coversBody(DigestResponse response) {
        return rules.integrity && response.isIgnoringCase(Field.QOP, AUTH_INT);
    }

    /** Control characters stay out of the credential store and of the databases behind it. */
    private static boolean isUsername(DigestResponse response) {
        if (!response.has(Field.USERNAME) || response.length(Field.USERNAME) > MAX_USERNAME) {
            return false;
        }
        byte[] a = response.bytes();
        for (int i = response.from(Field.USERNAME); i < response.to(Field.USERNAME); i++) {
            if ((a[i] >= 0 && a[i] < ' ') || a[i] == 0x7f) {
                return false;
            }
        }
        return true;
    }

    /**
     * RFC 7616 §3.4.6 wants uri and Request-URI to be the same resource; RFC 3261 §22.4 leaves it open, because proxies rewrite the
     * Request-URI. Here user and host have to be the same; scheme, port, password, parameters and headers may differ, and so may
     * two hosts that both are this proxy. So phones and proxies that add or drop a port or {@code transport} pass, and a captured
     * response is of no use for calling somebody else. A uri that names this proxy without a user passes for any request: some
     * clients, SIPp among them, always write the address that they send to.
     */
    private static boolean isForThisResource(StageContext context, DigestResponse response) throws SipParseException {
        SipRequest request = context.request();
        byte[] a = response.bytes();
        int from = response.from(Field.URI);
        int to = response.to(Field.URI);
        if (request.index().equals(request.index().uriStart(), request.index().uriEnd(), a, from, to)) {
            return true;
        }
        SipUri target = request.requestUri();
        SipUri named;
        try {
            named = SipUri.parse(a, from, to);
        } catch (SipParseException e) {
            return false;
        }
        if (!named.isSip() || !target.isSip()) {
            return named.isEquivalentTo(target);
        }
        if (!named.hasUser() && context.isMyself(named)) {
            return true;
        }
        return named.user().equals(target.user())
                && Aor.isUser(named.user()) // else different bytes may be equal
                && (HostName.same(named.host(), target.host())
                        || (context.isMyself(named) && context.isMyself(target)));
    }

    /** The user of {@code user} and of {@code user@realm}. */
    private static String withoutRealm(String username, Realm realm) {
        int at = username.length() - realm.name().length() - 1;
        return at > 0 && username.charAt(at) == '@' && username.endsWith(realm.name())
                ? username.substring(0, at)
                : username;
    }

    private static @Nullable Credential find(CredentialStore store, String username, String user, Realm realm) {
        Optional<Credential> found = store.find(username, realm.name());
        if (user.length() < username.length()) {
            // both are looked up in any case, so that the time does not tell which one exists
            Optional<Credential> bare = store.find(user, realm.name());
            found = found.or(() -> bare);
        }
        return found.orElse(null);
    }

    /** The same work for a password, an HA1 and an unknown user. */
    private AuthenticationOutcome compare(
            SipRequest request,
            DigestResponse response,
            @Nullable Credential credential,
            Realm realm,
            DigestAlgorithm algorithm,
            Hashes hashes) {
        String password = credential == null ? null : credential.password().orElse(null);
        hashes.use(algorithm);
        hashes.ha1OfPassword(
                response, realm.bytes(), password == null ? NO_PASSWORD : password.getBytes(StandardCharsets.UTF_8));
        String ha1 = credential == null ? null : credential.ha1(algorithm).orElse(null);
        if (ha1 != null) {
            hashes.ha1(ha1.getBytes(StandardCharsets.US_ASCII));
        }
        boolean matches = hashes.matches(
                response,
                request.method().name().getBytes(StandardCharsets.US_ASCII),
                coversBody(response) ? request.body() : null);
        if (credential == null) {
            return AuthenticationOutcome.UNKNOWN_USER;
        }
        if (password == null && ha1 == null) {
            return AuthenticationOutcome.NO_HA1;
        }
        return matches ? AuthenticationOutcome.AUTHENTICATED : AuthenticationOutcome.WRONG_PASSWORD;
    }

    /**
     * Where case does not count, an address-of-record belongs to the subscriber whose name is its canonical spelling. A subscriber
     * in another spelling stands for it only if no second one does, because each could control the other's bindings.
     */
    private static boolean isAmbiguous(StageContext context, CredentialStore store, String user, Realm realm) {
        return !context.userCase().canonical(user).equals(user) && store.hasOtherSpelling(user, realm.name());
    }

    private boolean isOwnIdentity(StageContext context, String user) throws SipParseException {
        SipRequest request = context.request();
        UserCase userCase = context.userCase();
        return isOwn(user, request.from().uri(), userCase)
                && (!Method.REGISTER.equals(request.method())
                        || isOwn(user, request.to().uri(), userCase));
    }

    private boolean isOwn(String user, SipUri identity, UserCase userCase) {
        return userCase.isSame(user, identity.isSip() ? identity.user() : telephoneNumber(identity))
                || rules.identities.test(user, identity);
    }

    /** The number of a {@code tel:} URI without visual separators (RFC 3966 §3); empty for other schemes. */
    private static String telephoneNumber(SipUri uri) {
        if (!uri.scheme().equals("tel")) {
            return "";
        }
        String text = uri.toString().substring("tel:".length());
        int parameters = text.indexOf(';');
        return (parameters < 0 ? text : text.substring(0, parameters)).replaceAll("[-.()]", "");
    }
}
