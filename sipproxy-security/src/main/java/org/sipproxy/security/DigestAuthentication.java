package org.sipproxy.security;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760).
 *
 * <ul>
 *   <li>A REGISTER for this proxy without valid credentials is answered 401. Any other request whose From names this proxy, by a
 *       domain, an alias or a listening address, or is not a {@code sip:} or {@code sips:} URI, is answered 407
 *       ({@link StageContext#senderDomain}). A request from anywhere else passes unauthenticated; whether it may go on is not
 *       decided here. ACK and CANCEL are never challenged.
 *   <li>Every challenge offers the same {@link Builder#algorithms algorithms}, one header line each, the strongest first: what a
 *       certain user has does not show in it. Accepted is what the user's credential can verify.
 *   <li>Unknown user, wrong password and credentials that cannot be read all get the same fresh challenge, after the same work.
 *       Many of them {@link Lockout lock out}.
 *   <li>{@code stale=true} is set exactly when only the nonce is at fault: the digest is right for the nonce that the client used,
 *       but that nonce has expired, was used before, is {@link Builder#bindNonceTo bound} to something else or was not made
 *       with our {@link Builder#secret secret}, as after a restart. This is the meaning that RFC 2617 §3.2.1 gives it. Without
 *       it a phone has to take its password for wrong and must not try again (RFC 3261 §22.2).
 *   <li>A nonce may be used many times until it expires, each time with a count that it was not used with before. Counts may come
 *       out of order by 64, so a captured request is not accepted again. A retransmission of the request that passed last passes
 *       for 32 s if it is the same byte for byte and comes from the same address and port: it changes nothing.
 *   <li>The digest user must be the user of From, and for REGISTER also of To; otherwise 403. The digest user name may be
 *       {@code user} or {@code user@realm}. Whether the case of these users counts is the proxy's rule
 *       ({@link org.sipproxy.api.routing.StageContext#userCase}); the digest user name itself is looked up as it is, because it is
 *       part of the hash.
 *   <li>If case does not count and the store has two subscribers that differ in case only, the one whose name is in lower case
 *       has the address-of-record. The other one is refused with 403 and a warning in the log.
 * </ul>
 *
 * <p>Nonces are signed and carry their time, so a challenge keeps no state. Only a nonce that somebody proved to know a password
 * with is remembered, until it expires and up to {@link Builder#nonceCapacity so many}. A
 * nonce lives its time whether or not the wall clock is set meanwhile.
 *
 * <p>Safe for use by several threads. It blocks only if its {@link CredentialStore} does. One serves one proxy.
 */
public final class DigestAuthentication implements Authentication {

    private static final Logger LOG = LoggerFactory.getLogger(DigestAuthentication.class);

    private static final int MAX_SHOWN = 64;
    private static final long WARNING_MILLIS = 60_000;

    private final @Nullable Realm fixedRealm;
    private final CredentialStore credentials;
    /** The same for a thread that must not wait. */
    private final CredentialStore credentialsAtOnce;

    private final boolean mayBlock;
    private final NonceIssuer nonces;
    private final @Nullable NonceCounts counts;
    private final CredentialsCheck check;
    private final HashPool pool;
    private final Lockout.Answer lockedAnswer;
    /** What stands behind the nonce in the challenge of each algorithm. */
    private final String[] offers;

    private final AtomicLong nextAmbiguityWarningMillis = new AtomicLong();
    private final AtomicLong nextQopWarningMillis = new AtomicLong();

    private DigestAuthentication(Builder builder, CredentialStore credentials, List<byte[]> secrets) {
        this.fixedRealm = builder.realm == null ? null : Realm.named(builder.realm);
        this.credentials = credentials;
        this.credentialsAtOnce = credentials.withoutWaiting();
        this.mayBlock = credentials.mayBlock();
        long lifetimeMillis = builder.nonceLifetime.toMillis();
        this.nonces = new NonceIssuer(lifetimeMillis, new NonceBinder(builder.bindings, secrets));
        this.counts = builder.countNonces || builder.oneTimeNonces || !builder.requireQop
                ? new NonceCounts(builder.nonceCapacity, lifetimeMillis + NonceClock.STEP_MILLIS, builder.oneTimeNonces)
                : null;
        Lockout lockout = builder.lockout;
        this.lockedAnswer = lockout == null ? Lockout.Answer.CHALLENGE : lockout.answer();
        Set<DigestAlgorithm> algorithms = builder.offered(credentials);
        this.check = new CredentialsCheck(new CredentialsCheck.Rules(
                credentials,
                algorithms,
                builder.requireQop,
                builder.integrity,
                builder.checkIdentity,
                builder.identities,
                nonces,
                counts,
                builder.countNonces || builder.oneTimeNonces,
                lockout == null ? null : new Lockouts(lockout)));
        this.pool = new HashPool(secrets);
        String qop = builder.integrity ? ", qop=\"auth,auth-int\"" : ", qop=\"auth\"";
        this.offers = algorithms.stream()
                .map(algorithm -> ", algorithm=" + algorithm.token() + qop)
                .toArray(String[]::new);
    }

    /** A builder; {@link Builder#credentials} is the only option that has no default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Verdict handle(StageContext context) {
        return decide(context, credentials);
    }

    /** Decides without a look-up, or with what the store finds without waiting. */
    @Override
    public Verdict handleAtOnce(StageContext context) {
        return decide(context, credentialsAtOnce);
    }

    private Verdict decide(StageContext context, CredentialStore store) {
        SipRequest request = context.request();
        Method method = request.method();
        try {
            if (Method.ACK.equals(method) || Method.CANCEL.equals(method)) {
                return Verdict.proceed(); // §22.1: these cannot be sent again with credentials
            }
            return Method.REGISTER.equals(method) ? handleRegister(context, store) : handleOther(context, store);
        } catch (SipParseException e) {
            return Verdict.respond(e.statusCode());
        }
    }

    private Verdict handleRegister(StageContext context, CredentialStore store) throws SipParseException {
        String domain = context.domainOf(context.request().to().uri()).orElse(null);
        if (domain == null && !context.isMyself(context.request().requestUri())) {
            // for somebody else's registrar: there we are a proxy as for any other request
            return handleOther(context, store);
        }
        if (domain == null && fixedRealm == null) {
            // no realm could ever be right; §10.3 step 5 calls such an address-of-record not found
            return Verdict.respond(StatusCode.NOT_FOUND);
        }
        return authenticate(
                context, store, domain, StatusCode.UNAUTHORIZED, HeaderName.AUTHORIZATION, HeaderName.WWW_AUTHENTICATE);
    }

    private Verdict handleOther(StageContext context, CredentialStore store) throws SipParseException {
        String domain = context.senderDomain().orElse(null);
        if (domain == null) {
            return Verdict.proceed();
        }
        return authenticate(
                context,
                store,
                domain,
                StatusCode.PROXY_AUTHENTICATION_REQUIRED,
                HeaderName.PROXY_AUTHORIZATION,
                HeaderName.PROXY_AUTHENTICATE);
    }

    private Verdict authenticate(
            StageContext context,
            CredentialStore store,
            @Nullable String domain,
            int challengeCode,
            HeaderName credentials,
            HeaderName challenge)
            throws SipParseException {
        Realm realm = realmOf(domain);
        Hashes hashes = pool.take();
        CredentialsCheck.Result result;
        try {
            result = check.check(context, credentials, realm, hashes, store);
        } catch (NeedsWorkerException | TemporarilyUnavailableException e) {
            pool.give(hashes); // thrown by the store, between two hashes
            throw e;
        }
        AuthenticationOutcome outcome = result.outcome();
        Verdict verdict = switch (outcome) {
            case AUTHENTICATED -> Verdict.proceed();
            case IDENTITY_MISMATCH, AMBIGUOUS_USER -> Verdict.respond(StatusCode.FORBIDDEN);
            case LOCKED_OUT ->
                switch (lockedAnswer) {
                    case CHALLENGE -> challenge(context, challengeCode, challenge, realm, hashes, false);
                    case FORBIDDEN -> Verdict.respond(StatusCode.FORBIDDEN);
                    case SILENCE -> Verdict.discard();
                };
            default -> challenge(context, challengeCode, challenge, realm, hashes, outcome.isOnlyTheNonce());
        };
        // not in a finally: what any other exception interrupted may hold half a hash
        pool.give(hashes);
        if (outcome == AuthenticationOutcome.AUTHENTICATED) {
            context.authenticated(result.user(), realm.name(), result.line());
        } else if (outcome.isFailure()) {
            tell(context, result);
        } else if (outcome == AuthenticationOutcome.MISSING_QOP) {
            warnOfMissingQop(context, result.user());
        }
        if (LOG.isDebugEnabled()) {
            LOG.debug(
                    "{} from {}: {}", context.request().method(), context.flow().remoteAddress(), outcome.reason());
        }
        return verdict;
    }

    private void tell(StageContext context, CredentialsCheck.Result result) {
        SecurityEvent.Origin origin =
                SecurityEvent.Origin.of(context.flow(), context.request().method());
        String user = shown(result.user());
        context.publish(new SecurityEvent.AuthenticationFailed(
                origin, user, result.outcome().name()));
        if (result.outcome() == AuthenticationOutcome.AMBIGUOUS_USER) {
            warnOfAmbiguousUser(user, context.now().toEpochMilli());
        }
        Lockouts.Lock lock = result.lock();
        if (lock != null) {
            context.publish(
                    new SecurityEvent.AuthenticationLocked(origin, lock.wholeSource() ? "" : user, lock.seconds()));
        }
    }

    /** Only a right password leads here, and the phone tries again and again: a line a minute is enough. */
    private void warnOfAmbiguousUser(String user, long nowMillis) {
        long due = nextAmbiguityWarningMillis.get();
        if (nowMillis >= due && nextAmbiguityWarningMillis.compareAndSet(due, nowMillis + WARNING_MILLIS)) {
            LOG.warn(
                    "subscriber {} is refused: another subscriber has the same name in another case, and both are one"
                            + " address-of-record; rename or remove one of them",
                    user);
        }
    }

    /** The phone tries again and again, and only the operator can help it. */
    private void warnOfMissingQop(StageContext context, String user) {
        long nowMillis = context.now().toEpochMilli();
        long due = nextQopWarningMillis.get();
        if (nowMillis >= due && nextQopWarningMillis.compareAndSet(due, nowMillis + WARNING_MILLIS)) {
            LOG.warn(
                    "{} of {} from {} is challenged again: its digest credentials have no qop; requireQop(false) or"
                            + " --digest-without-qop accept lets in phones that do not know qop",
                    context.request().method(),
                    shown(user),
                    context.flow().remoteAddress());
        }
    }

    /** At most 64 characters, escaped. */
    private static String shown(String user) {
        String text = SipParseException.excerpt(user);
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN);
    }

    /** @param domain null only if there is a fixed realm */
    private Realm realmOf(@Nullable String domain) {
        return fixedRealm != null ? fixedRealm : Realm.named(Objects.requireNonNull(domain, "domain"));
    }

    private Verdict challenge(
            StageContext context, int statusCode, HeaderName header, Realm realm, Hashes hashes, boolean stale)
            throws SipParseException {
        String start = header.name() + ": Digest realm=\"" + realm.name() + "\", nonce=\""
                + nonces.issue(context, realm, hashes) + (stale ? "\", stale=true" : "\"");
        String[] lines = new String[offers.length];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = start + offers[i];
        }
        return Verdict.respond(statusCode, StatusCode.reasonPhrase(statusCode), lines);
    }

    /** Nonces of other processes count from now on: of those from before nobody knows what they were used for here. */
    @Override
    public void start(ProxyRuntime proxy) {
        NonceCounts table = counts;
        if (table != null) {
            table.startedAt(proxy.now().toEpochMilli());
        }
        if (credentials.isEmpty()) {
            LOG.warn("digest: {} has no user, so nobody can register or call until one is added", credentials);
        }
    }

    @Override
    public List<ProxyComponent> components() {
        return credentials instanceof ProxyComponent component ? List.of(component) : List.of();
    }

    @Override
    public List<String> problems(Set<String> domains) {
        return credentials.problems(fixedRealm == null ? domains : Set.of(fixedRealm.name()));
    }

    @Override
    public Set<String> fixedRealms() {
        return fixedRealm == null ? Set.of() : Set.of(fixedRealm.name());
    }

    /**
     * True if the store has a credential of the user, by its bare name or as {@code user@realm}, in any spelling that
     * {@code userCase} takes for the same.
     */
    @Override
    public boolean isKnownUser(String user, String domain, UserCase userCase) {
        String realm = realmOf(domain).name();
        return credentials.find(user, realm).isPresent()
                || credentials.find(user + "@" + realm, realm).isPresent()
                || (userCase == UserCase.INSENSITIVE && credentials.hasOtherSpelling(user, realm));
    }

    /** {@link CredentialStore#mayBlock()} of the credentials, asked once when this was built. */
    @Override
    public boolean mayBlock() {
        return mayBlock;
    }

    @Override
    public String toString() {
        return "DigestAuthentication[realm " + (fixedRealm == null ? "follows domain" : fixedRealm.name()) + "]";
    }

    /** Options of {@link DigestAuthentication}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Duration MIN_LIFETIME = Duration.ofSeconds(1);
        private static final Duration MAX_LIFETIME = Duration.ofDays(1);
        private static final int MIN_SECRET = 16;
        private static final int MAX_SECRET = 1_024;
        private static final int MAX_SECRETS = 8;
        private static final int MAX_REALM = 255;
        private static final int MIN_CAPACITY = 1_024;
        private static final int MAX_CAPACITY = 16_777_216;

        private @Nullable String realm;
        private @Nullable CredentialStore credentials;
        private Duration nonceLifetime = Duration.ofMinutes(5);
        private boolean requireQop = true;
        private boolean checkIdentity = true;
        private boolean integrity;
        private boolean countNonces = true;
        private boolean oneTimeNonces;
        private int nonceCapacity = 262_144;
        private BiPredicate<String, SipUri> identities = (user, identity) -> false;
        private @Nullable Lockout lockout = Lockout.DEFAULT;
        /** Empty for MD5, or what a store without MD5 has. */
        private Set<DigestAlgorithm> algorithms = EnumSet.noneOf(DigestAlgorithm.class);

        private Set<NonceBinding> bindings = EnumSet.of(NonceBinding.REQUEST_URI, NonceBinding.SOURCE_ADDRESS);
        private List<byte[]> secrets = List.of();

        private final Set<String> set = new HashSet<>();
        private final List<String> problems = new ArrayList<>();

        private Builder() {}

        /**
         * One realm for all requests, 1 to 255 characters of printable ASCII without quotes and backslashes; it must be a domain of
         * the proxy. The client's realm has to be the same byte for byte. Default: the realm is the domain of To for REGISTER and of
         * From otherwise, in lower case; for an alias or a listening address it is the proxy's first domain.
         */
        public Builder realm(String realm) {
            this.realm = Objects.requireNonNull(realm, "realm");
            once("realm");
            if (realm.isEmpty() || realm.length() > MAX_REALM) {
                problems.add("realm: " + realm.length() + " characters (expected 1 to " + MAX_REALM + ")");
            }
            for (int i = 0; i < realm.length(); i++) {
                char c = realm.charAt(i);
                if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                    problems.add("realm: character " + i
                            + " is no printable ASCII, or a quote or backslash; use a domain name");
                    break;
                }
            }
            return this;
        }

        /** Where the users' credentials come from. It stays the host's to close. No default. */
        public Builder credentials(CredentialStore credentials) {
            this.credentials = Objects.requireNonNull(credentials, "credentials");
            once("credentials");
            return this;
        }

        /**
         * How long a nonce is accepted: 1 second to 1 day, default 300 seconds. A phone that answers with an older one is challenged
         * with {@code stale=true} and tries again by itself.
         */
        public Builder nonceLifetime(Duration lifetime) {
            this.nonceLifetime = Objects.requireNonNull(lifetime, "lifetime");
            once("nonceLifetime");
            if (lifetime.compareTo(MIN_LIFETIME) < 0 || lifetime.compareTo(MAX_LIFETIME) > 0) {
                problems.add("nonceLifetime: " + lifetime + " (expected " + MIN_LIFETIME + " to " + MAX_LIFETIME + ")");
            }
            return this;
        }

        /**
         * Whether credentials must have {@code qop=auth}, which every challenge offers. Default true. With false the response of an
         * old phone (RFC 2069, RFC 2543) is accepted as well, each nonce once, because it has no count: the next request with the
         * nonce is challenged with {@code stale=true}. Such a response has no nonce of the client's either, so a server that a phone
         * takes for this one can prepare the search for its password. Set it only for networks that have such phones.
         */
        public Builder requireQop(boolean required) {
            this.requireQop = required;
            once("requireQop");
            return this;
        }

        /**
         * Whether the digest user must be the user of From, and for REGISTER also of To, by the proxy's rule for the case of users
         * and with escapes resolved. Default true. With false any subscriber may call and register as any other.
         */
        public Builder checkIdentity(boolean checked) {
            this.checkIdentity = checked;
            once("checkIdentity");
            return this;
        }

        /**
         * Who else a digest user may be in From, and in To of a REGISTER: given the digest user and the URI, true if it is his, such
         * as a telephone number. Not asked where the user part is the digest user's name. Default nobody. It must not block.
         */
        public Builder allowIdentity(BiPredicate<String, SipUri> owns) {
            this.identities = Objects.requireNonNull(owns, "owns");
            once("allowIdentity");
            return this;
        }

        /**
         * What is offered, the strongest first whatever the order here (RFC 8760 §2.4). Default MD5, as Kamailio: phones and tools
         * that know nothing else (SIPp 3.6, sipsak 0.9, baresip 1.0 were tried) take the first challenge for the only one and
         * give up. Offer SHA-256 where the phones are known, and only what every user's credential can verify, which
         * {@link CredentialStore#algorithms} tells. A store without MD5 has offered what it has.
         */
        public Builder algorithms(DigestAlgorithm... offered) {
            once("algorithms");
            if (offered.length == 0) {
                problems.add("algorithms: none; offer at least one");
            } else {
                this.algorithms = EnumSet.copyOf(List.of(offered));
            }
            return this;
        }

        /** Whether {@code qop=auth-int}, which covers the body, is offered beside {@code auth} and verified. Default false. */
        public Builder integrity(boolean offered) {
            this.integrity = offered;
            once("integrity");
            return this;
        }

        /**
         * What a nonce is bound to, in addition to its count. Default the Request-URI and the source address; none is possible. A
         * nonce that comes with something else is stale: the phone is asked once more and passes with the new one. Without
         * {@link NonceBinding#SOURCE_ADDRESS} captured credentials are good from anywhere, and whoever forges a source address can
         * {@link Lockout lock out} a user there.
         */
        public Builder bindNonceTo(NonceBinding... bindings) {
            once("bindNonceTo");
            this.bindings = EnumSet.noneOf(NonceBinding.class);
            this.bindings.addAll(List.of(bindings));
            return this;
        }

        /**
         * Whether each count of a nonce is accepted once only, which is what keeps captured requests from being replayed. Default
         * true. A response without qop has no count; its nonce is accepted once in any case.
         */
        public Builder countNonces(boolean counted) {
            this.countNonces = counted;
            once("countNonces");
            return this;
        }

        /** Whether a nonce is accepted once only: each request then costs a challenge. Default false. */
        public Builder oneTimeNonces(boolean once) {
            this.oneTimeNonces = once;
            once("oneTimeNonces");
            return this;
        }

        /**
         * How many nonces in use are remembered: 1,024 to 16,777,216, default 262,144, some 100 bytes each, taken as they come. With
         * more in use within {@link #nonceLifetime} the oldest become stale and their phones are challenged again.
         */
        public Builder nonceCapacity(int nonces) {
            this.nonceCapacity = nonces;
            once("nonceCapacity");
            if (nonces < MIN_CAPACITY || nonces > MAX_CAPACITY) {
                problems.add("nonceCapacity: " + nonces + " (expected 1,024 to 16,777,216)");
            }
            return this;
        }

        /** What many failures lead to. Default {@link Lockout#DEFAULT}. */
        public Builder lockout(Lockout policy) {
            this.lockout = Objects.requireNonNull(policy, "policy");
            once("lockout");
            return this;
        }

        /** Nobody is ever locked out, and a password can be guessed as fast as the network allows. */
        public Builder noLockout() {
            this.lockout = null;
            once("lockout");
            return this;
        }

        /** One secret: see {@link #secrets}. */
        public Builder secret(byte[] secret) {
            return secrets(Objects.requireNonNull(secret, "secret"));
        }

        /**
         * The keys of nonces, each 16 to 1,024 random bytes; the arrays are copied. Proxies with the same secret accept each other's
         * nonces. The first one signs, all are recognised: to change the secret of several proxies put the new one behind the old
         * one everywhere, then before it, then take the old one away. A nonce that is older than the proxy's start is stale in any
         * case. Default: 32 random bytes for each instance.
         */
        public Builder secrets(byte[]... secrets) {
            once("secret");
            List<byte[]> copies = new ArrayList<>();
            for (byte[] secret : secrets) {
                copies.add(secret.clone());
                if (secret.length < MIN_SECRET || secret.length > MAX_SECRET) {
                    problems.add(
                            "secret: " + secret.length + " bytes (expected " + MIN_SECRET + " to 1,024 random bytes)");
                }
            }
            if (copies.isEmpty() || copies.size() > MAX_SECRETS) {
                problems.add("secret: " + copies.size() + " secrets (expected 1 to " + MAX_SECRETS + ")");
            }
            this.secrets = copies;
            return this;
        }

        private Set<DigestAlgorithm> offered(CredentialStore store) {
            if (!algorithms.isEmpty()) {
                return algorithms;
            }
            return store.algorithms().contains(DigestAlgorithm.MD5)
                    ? EnumSet.of(DigestAlgorithm.MD5)
                    : store.algorithms();
        }

        private void once(String option) {
            if (!set.add(option)) {
                problems.add(option + ": set twice; remove one");
            }
        }

        /**
         * The authentication step.
         *
         * @throws IllegalArgumentException if an option is missing, outside its range or set twice; the message names all of them
         */
        public DigestAuthentication build() {
            List<String> found = new ArrayList<>(problems);
            CredentialStore store = credentials;
            if (store == null) {
                found.add("credentials: missing; use InMemoryCredentials.of(...) or a store of your own");
            }
            if (store == null || !found.isEmpty()) {
                throw new IllegalArgumentException("digest: " + String.join("; ", found));
            }
            return new DigestAuthentication(this, store, secrets.isEmpty() ? List.of(randomSecret()) : secrets);
        }

        private static byte[] randomSecret() {
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            return random;
        }
    }
}
