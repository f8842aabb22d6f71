package org.sipproxy.security;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
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
 * Check of one request's credentials, cheapest test first: form, algorithm, qop, uri, nonce, then the digest, and last
 * the identity. The digest is computed for a refused nonce too, because only a client that knows the password may learn
 * that only the nonce was refused.
 */
final class CredentialsCheck {

    private static final String AUTH = "auth";
    private static final String AUTH_INT = "auth-int";
    /** RFC 3966 §5.1.5: a number that is not global is one of its context. */
    private static final String CONTEXT = ";phone-context=";

    /** Hashed if there is no password, so that an unknown user takes as long as a known one. */
    private static final byte[] NO_PASSWORD = "an unknown user".getBytes(StandardCharsets.US_ASCII);

    /**
     * Maximum length of a digest user name in bytes: {@code user@realm} with the longest user and host (248 each) of a
     * location row.
     */
    private static final int MAX_USERNAME = 497;

    /** Header lines whose nonce is verified to find out why there are no credentials for the realm. */
    private static final int MAX_MISPLACED = 4;

    /**
     * Rules of the check.
     *
     * @param algorithms the offered algorithms
     * @param integrity true if a response may cover the body
     * @param identities true for a claimed identity of a digest user; called only if it is not the user's name
     * @param counts null if replays within a nonce's lifetime are not detected
     * @param countsQop false if only responses without qop are counted
     * @param lockouts null if lockouts are disabled
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
     * Result of a check.
     *
     * @param line the header line of the credentials; -1 if none was used
     * @param user the digest user without a realm, as presented; empty if no credentials could be read
     * @param lock the lockout that the failure caused; null if none
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
     * Checks the first credentials in {@code header} lines for the realm with an offered algorithm.
     *
     * @param store the store of the rules, or its view for a thread that must not wait
     * @throws org.sipproxy.api.routing.NeedsWorkerException if the store would have to wait; nothing has been counted
     *     then
     */
    Result check(StageContext context, HeaderName header, Realm realm, Hashes hashes, CredentialStore store)
            throws SipParseException {
        SipRequest request = context.request();
        Result unusable = null;
        for (int line = request.firstHeader(header); line >= 0; line = request.nextHeader(header, line)) {
            byte[] credentials = value(request, line);
            if (!DigestResponse.isDigest(credentials, 0, credentials.length)) {
                continue;
            }
            DigestResponse response = DigestResponse.parse(credentials, 0, credentials.length);
            if (response == null) {
                unusable = unusable == null ? Result.refused(AuthenticationOutcome.MALFORMED) : unusable;
            } else if (response.is(Field.REALM, realm.bytes()) && !isPlaceholder(response)) {
                DigestAlgorithm algorithm = algorithm(response);
                if (algorithm != null) {
                    return check(context, response, line, realm, algorithm, hashes, store);
                }
                unusable = Result.refused(AuthenticationOutcome.UNSUPPORTED_ALGORITHM, user(response, realm));
            } else if (context.isRehearsal() && !isPlaceholder(response)) {
                context.note(
                        "credentials for realm", response.has(Field.REALM) ? response.text(Field.REALM) : "none given");
            }
        }
        return unusable == null ? misplaced(context, header, realm, hashes) : unusable;
    }

    private static byte[] value(SipRequest request, int line) {
        return request.index()
                .copy(request.index().valueStart(line), request.index().valueEnd(line));
    }

    /**
     * Returns true for the credentials of a first request that only name the user, with an empty nonce and response
     * (3GPP TS 24.229 §5.1.1.2.2). The client waits for a challenge.
     */
    private static boolean isPlaceholder(DigestResponse response) {
        return response.has(Field.NONCE) && response.length(Field.NONCE) == 0 && response.length(Field.RESPONSE) == 0;
    }

    /**
     * Returns why a request has no credentials for the realm.
     *
     * <p>A phone may have to log in to other proxies on the path as well, and repeats their credentials in each request
     * (RFC 3261 §22.3). Those are not a failure here. The nonce distinguishes them: a phone copies it from the challenge
     * that it answers. So credentials with a nonce of this proxy for this request were meant for it, at any attempt, and
     * no state is needed to recognize the second one. Basic must not be used with SIP (RFC 3261 §22), so no other proxy
     * asked for it. Authorization of a REGISTER is for the registrar, whatever its scheme.
     */
    private Result misplaced(StageContext context, HeaderName header, Realm realm, Hashes hashes)
            throws SipParseException {
        SipRequest request = context.request();
        boolean isRegistrar = header.equals(HeaderName.AUTHORIZATION);
        int verified = 0;
        for (HeaderName name :
                List.of(header, isRegistrar ? HeaderName.PROXY_AUTHORIZATION : HeaderName.AUTHORIZATION)) {
            boolean isRight = name.equals(header);
            for (int line = request.firstHeader(name); line >= 0; line = request.nextHeader(name, line)) {
                byte[] credentials = value(request, line);
                if (!DigestResponse.isDigest(credentials, 0, credentials.length)) {
                    if (isRight && (isRegistrar || DigestResponse.isBasic(credentials, 0, credentials.length))) {
                        return Result.refused(AuthenticationOutcome.NOT_DIGEST);
                    }
                    continue;
                }
                DigestResponse response = DigestResponse.parse(credentials, 0, credentials.length);
                if (response == null || ++verified > MAX_MISPLACED) {
                    continue;
                }
                if (rules.nonces.check(context, response, realm, hashes).state() == NonceIssuer.State.FRESH) {
                    return Result.refused(
                            isRight ? AuthenticationOutcome.WRONG_REALM : AuthenticationOutcome.WRONG_HEADER,
                            user(response, realm));
                }
            }
        }
        return Result.refused(AuthenticationOutcome.NO_CREDENTIALS);
    }

    /** Returns the algorithm of the response if it is offered; otherwise null. The default is MD5 (RFC 7616 §3.3). */
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
        String user = user(response, realm);
        AuthenticationOutcome defect = defect(response, algorithm);
        if (defect != null) {
            return Result.refused(defect, user);
        }
        String username = response.text(Field.USERNAME);
        if (!isForThisResource(context, response)) {
            if (context.isRehearsal()) {
                context.note("digest uri", response.text(Field.URI));
            }
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
            Lockouts.Lock lock = lockouts == null || subject == null || context.isRehearsal()
                    ? null
                    : lockouts.failed(subject, isProven, nowMillis);
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
                && !use(counts, context, nonce, response.count(), nowMillis)) {
            return Result.refused(AuthenticationOutcome.NONCE_REUSED, user);
        }
        if (lockouts != null && subject != null && !context.isRehearsal()) {
            lockouts.succeeded(subject, nowMillis);
        }
        return new Result(AuthenticationOutcome.AUTHENTICATED, line, user, null);
    }

    private boolean use(NonceCounts counts, StageContext context, NonceIssuer.Nonce nonce, int count, long nowMillis) {
        long identity = identityOf(context.request(), context.flow());
        return context.isRehearsal()
                ? counts.wouldUse(nonce, count, identity, nowMillis)
                : counts.use(nonce, count, identity, nowMillis);
    }

    /** Returns the result for a user whose proof a rehearsal assumes: everything but the digest and its nonce is checked. */
    Result assume(StageContext context, String username, Realm realm, CredentialStore store) throws SipParseException {
        String user = withoutRealm(username, realm);
        Lockouts lockouts = rules.lockouts;
        if (lockouts != null
                && lockouts.isLocked(
                        lockouts.subject(user, context.flow().remoteAddress()),
                        true,
                        context.now().toEpochMilli())) {
            return Result.refused(AuthenticationOutcome.LOCKED_OUT, user);
        }
        if (find(store, username, user, realm) == null) {
            return Result.refused(AuthenticationOutcome.UNKNOWN_USER, user);
        }
        if (isAmbiguous(context, store, user, realm)) {
            return Result.refused(AuthenticationOutcome.AMBIGUOUS_USER, user);
        }
        return rules.checkIdentity && !isOwnIdentity(context, user)
                ? Result.refused(AuthenticationOutcome.IDENTITY_MISMATCH, user)
                : new Result(AuthenticationOutcome.AUTHENTICATED, -1, user, null);
    }

    /**
     * Throws while the store is unavailable. Only cached users can be looked up then, so a refusal would disclose them.
     */
    private void requireCurrent() {
        if (!rules.credentials.isCurrent()) {
            throw new TemporarilyUnavailableException("credentials cannot be looked up", 5, null);
        }
    }

    /**
     * Returns a hash of all bytes of a request and its source. A hash of fewer would let an attacker change what the
     * digest does not cover, such as Contact, Path, Expires or the body. A client retransmits byte for byte (RFC 3261
     * §17.1.2.2).
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

    /** Returns what makes the credentials unusable whatever the password; null if nothing does. */
    private @Nullable AuthenticationOutcome defect(DigestResponse response, DigestAlgorithm algorithm) {
        if (!response.has(Field.USERNAME)
                || !response.has(Field.NONCE)
                || !response.has(Field.URI)
                || !response.has(Field.RESPONSE)) {
            return AuthenticationOutcome.INCOMPLETE;
        }
        if (!isUsername(response) || !response.isHex(Field.RESPONSE, algorithm.hexLength())) {
            return AuthenticationOutcome.INVALID_PARAMETER;
        }
        if (!response.has(Field.QOP)) {
            return rules.requireQop ? AuthenticationOutcome.MISSING_QOP : null;
        }
        if (!response.isIgnoringCase(Field.QOP, AUTH) && !coversBody(response)) {
            return AuthenticationOutcome.UNSUPPORTED_QOP;
        }
        if (!response.has(Field.NC) || !response.has(Field.CNONCE)) {
            return AuthenticationOutcome.INCOMPLETE;
        }
        return response.isHex(Field.NC, 8) ? null : AuthenticationOutcome.INVALID_PARAMETER;
    }

    private boolean coversBody(DigestResponse response) {
        return rules.integrity && response.isIgnoringCase(Field.QOP, AUTH_INT);
    }

    /**
     * Returns true if the user name has a valid length and no control characters, which are kept out of the credential
     * store and its database.
     */
    private static boolean isUsername(DigestResponse response) {
        if (response.length(Field.USERNAME) > MAX_USERNAME) {
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
     * Returns true if the digest uri and the Request-URI name the same user and host. RFC 7616 §3.4.6 requires them to
     * be the same resource; RFC 3261 §22.4 leaves it open, because proxies rewrite the Request-URI. Scheme, port,
     * password, parameters and headers may differ, and so may two hosts that are both this proxy. So phones and proxies
     * that add or drop a port or {@code transport} pass, and a captured response cannot be used to call another user. A
     * uri that names this proxy without a user passes for any request: some clients, such as SIPp, always write the
     * address that they send to. Of a {@code tel:} Request-URI the number and its context count; a user of this proxy
     * may be the same number (RFC 3261 §19.1.6).
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
        if (named.isSip() && !named.hasUser() && context.isMyself(named)) {
            return true;
        }
        if (!named.isSip() || !target.isSip()) {
            return named.isEquivalentTo(target) || (!target.isSip() && isSameNumber(context, named, target));
        }
        return named.user().equals(target.user())
                && Aor.isUser(named.user()) // otherwise different bytes may be equal
                && (HostName.same(named.host(), target.host())
                        || (context.isMyself(named) && context.isMyself(target)));
    }

    private static boolean isSameNumber(StageContext context, SipUri named, SipUri target) {
        String number = dialledNumber(context, named);
        return !number.isEmpty() && number.equalsIgnoreCase(dialledNumber(context, target));
    }

    /** Returns the number with its context, without visual separators; empty if the URI is not of a number here. */
    private static String dialledNumber(StageContext context, SipUri uri) {
        if (uri.isSip()) {
            return context.isMyself(uri) ? uri.user() : "";
        }
        String number = telephoneNumber(uri);
        return number.isEmpty() ? "" : number + phoneContext(uri.toString());
    }

    private static String phoneContext(String text) {
        int from = text.toLowerCase(Locale.ROOT).indexOf(CONTEXT);
        if (from < 0) {
            return "";
        }
        int to = text.indexOf(';', from + 1);
        return text.substring(from, to < 0 ? text.length() : to);
    }

    /** Returns the digest user without a realm; empty if there is none. */
    private static String user(DigestResponse response, Realm realm) {
        return response.has(Field.USERNAME) ? withoutRealm(response.text(Field.USERNAME), realm) : "";
    }

    /** Returns the user of {@code user} and of {@code user@realm}. */
    private static String withoutRealm(String username, Realm realm) {
        int at = username.length() - realm.name().length() - 1;
        return at > 0 && username.charAt(at) == '@' && username.endsWith(realm.name())
                ? username.substring(0, at)
                : username;
    }

    private static @Nullable Credential find(CredentialStore store, String username, String user, Realm realm) {
        Optional<Credential> found = store.find(username, realm.name());
        if (user.length() < username.length()) {
            // always look up both, so that the time does not disclose which one exists
            Optional<Credential> bare = store.find(user, realm.name());
            found = found.or(() -> bare);
        }
        return found.orElse(null);
    }

    /** Compares the digest with the same work for a password, an HA1 and an unknown user. */
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
     * Returns true if the AOR of the user is ambiguous. If case does not matter, an AOR belongs to the subscriber whose
     * name is its canonical spelling. A subscriber with another spelling may use it only if there is no second one,
     * because each could control the other's bindings.
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

    /** Returns the number of a {@code tel:} URI without visual separators (RFC 3966 §3); empty for other schemes. */
    private static String telephoneNumber(SipUri uri) {
        if (!uri.scheme().equals("tel")) {
            return "";
        }
        String text = uri.toString().substring("tel:".length());
        int parameters = text.indexOf(';');
        return (parameters < 0 ? text : text.substring(0, parameters)).replaceAll("[-.()]", "");
    }
}
