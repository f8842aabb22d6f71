package org.sipproxy.security;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.support.LoggerNames;
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
 *   <li>A REGISTER for this proxy without valid credentials gets 401. Any other request whose From names this proxy, by
 *       a domain, an alias or a listening address, or is not a {@code sip:} or {@code sips:} URI, gets 407
 *       ({@link StageContext#senderDomain}). Other requests pass unauthenticated; whether they may proceed is not
 *       decided here. ACK and CANCEL are never challenged.
 *   <li>Every challenge offers the same {@link Builder#algorithms algorithms}, one header line each, the strongest
 *       first: it does not show what credentials a user has. An algorithm is accepted if the user's credential can
 *       verify it.
 *   <li>An unknown user and a wrong password get the same fresh challenge, after the same work. Many of them lead to a
 *       {@link Lockout lockout}. Credentials that are unusable whatever the password, such as those with another realm,
 *       get it too, and do not count towards a lockout. All are reported as {@link SecurityEvent.AuthenticationFailed}.
 *   <li>{@code stale=true} is set exactly when the digest is right for its nonce, but the nonce itself is refused. The
 *       nonce has expired, was used before, is {@link Builder#bindNonceTo bound} to something else, or was not signed
 *       with this proxy's {@link Builder#secret secret}, as after a restart. RFC 2617 §3.2.1 gives it this meaning.
 *       Without it a phone has to assume that its password is wrong and must not retry (RFC 3261 §22.2).
 *   <li>A nonce may be used many times until it expires, each time with a count that was not used with it before.
 *       Counts may arrive out of order by up to 64, and a captured request is not accepted again. A retransmission of
 *       the latest accepted request is accepted for 32 s if it is identical and comes from the same address and port:
 *       it changes nothing.
 *   <li>The digest user must be the user of From, and for REGISTER also of To; otherwise the request gets 403. The
 *       digest user name may be {@code user} or {@code user@realm}.
 *       {@link org.sipproxy.api.routing.StageContext#userCase} sets whether the case of these users matters. The digest
 *       user name itself is looked up unchanged, because it is part of the hash.
 *   <li>If case does not matter and the store has two subscribers that differ in case only, the one with the lower-case
 *       name owns the AOR. The other is refused with 403 and a warning in the log.
 * </ul>
 *
 * <p>Nonces are signed and contain their time, so a challenge needs no state. Only a nonce with which a password was
 * proved is stored, until it expires, and at most {@link Builder#nonceCapacity} of them. Setting the wall clock does
 * not change the lifetime of a nonce.
 *
 * <p>Thread-safe. Blocks only if its {@link CredentialStore} does. Use one instance per proxy.
 */
public final class DigestAuthentication implements Authentication {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.AUTHENTICATION);

    private static final int MAX_SHOWN = 64;
    private static final Duration WARNINGS = Duration.ofMinutes(1);

    private final @Nullable Realm fixedRealm;
    private final CredentialStore credentials;
    /** The view of {@link #credentials} for threads that must not wait. */
    private final CredentialStore credentialsAtOnce;

    private final boolean mayBlock;
    private final NonceIssuer nonces;
    private final @Nullable NonceCounts counts;
    private final CredentialsCheck check;
    private final @Nullable Lockouts lockouts;
    private final HashPool pool;
    private final Lockout.Answer lockedAnswer;
    /** The text after the nonce in the challenge of each algorithm. */
    private final String[] offers;

    private final LogPace ambiguityWarnings = new LogPace(WARNINGS);
    private final LogPace qopWarnings = new LogPace(WARNINGS);
    /** Set once, at the start. */
    private volatile @Nullable ProxyRuntime runtime;

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
        this.lockouts = lockout == null ? null : new Lockouts(lockout);
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
                lockouts));
        this.pool = new HashPool(secrets);
        String qop = builder.integrity ? ", qop=\"auth,auth-int\"" : ", qop=\"auth\"";
        this.offers = algorithms.stream()
                .map(algorithm -> ", algorithm=" + algorithm.token() + qop)
                .toArray(String[]::new);
    }

    /** Returns a builder; {@link Builder#credentials} is the only option without a default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Verdict handle(StageContext context) {
        return decide(context, credentials);
    }

    /** A rehearsal counts no failures and uses up no nonce. Its challenge is a real one. */
    @Override
    public boolean isRehearsable() {
        return true;
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
            // for another registrar: this proxy treats it as any other request
            return handleOther(context, store);
        }
        if (domain == null && fixedRealm == null) {
            // no realm could match; §10.3 step 5 treats such an AOR as not found
            if (context.isRehearsal()) {
                context.note(
                        "To", context.request().to().uri() + " does not name a domain of this proxy, so no realm fits");
            }
            return Verdict.respond(StatusCode.NOT_FOUND);
        }
        return authenticate(
                context, store, domain, StatusCode.UNAUTHORIZED, HeaderName.AUTHORIZATION, HeaderName.WWW_AUTHENTICATE);
    }

    private Verdict handleOther(StageContext context, CredentialStore store) throws SipParseException {
        String domain = context.senderDomain().orElse(null);
        if (domain == null) {
            context.note("From", "names another domain, so the sender is not challenged");
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
            String assumed = context.isRehearsal() ? context.assumedUser().orElse(null) : null;
            result = assumed == null
                    ? check.check(context, credentials, realm, hashes, store)
                    : check.assume(context, assumed, realm, store);
        } catch (NeedsWorkerException | TemporarilyUnavailableException e) {
            pool.give(hashes); // safe: the store throws between two hash computations
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
                    case SILENCE -> {
                        context.explain("locked out after too many failures");
                        yield Verdict.discard();
                    }
                };
            default -> challenge(context, challengeCode, challenge, realm, hashes, outcome.isOnlyTheNonce());
        };
        // not in a finally block: after any other exception a hash computation may be incomplete
        pool.give(hashes);
        if (outcome == AuthenticationOutcome.AUTHENTICATED) {
            context.authenticated(result.user(), realm.name(), result.line());
        }
        if (context.isRehearsal()) {
            note(context, realm, result);
            return verdict;
        }
        if (outcome.isFailure()) {
            publishFailure(context, result);
        }
        if (LOG.isDebugEnabled()) {
            LOG.debug(
                    "{} from {}: {}", context.request().method(), context.flow().remoteAddress(), outcome.reason());
        }
        return verdict;
    }

    private void note(StageContext context, Realm realm, CredentialsCheck.Result result) {
        context.note("realm", realm.name());
        context.note("credentials in", credentials.toString());
        if (!result.user().isEmpty()) {
            context.note("digest user", shown(result.user()));
        }
        context.note(
                "check",
                result.outcome() == AuthenticationOutcome.AUTHENTICATED
                                && context.assumedUser().isPresent()
                        ? "assumed: the proof is right"
                        : result.outcome().reason());
    }

    private void publishFailure(StageContext context, CredentialsCheck.Result result) {
        SecurityEvent.Origin origin = SecurityEvent.Origin.of(context.flow(), context.request());
        String user = shown(result.user());
        context.publish(new SecurityEvent.AuthenticationFailed(
                origin, user, result.outcome().name()));
        if (result.outcome() == AuthenticationOutcome.AMBIGUOUS_USER) {
            warnOfAmbiguousUser(user);
        } else if (result.outcome() == AuthenticationOutcome.MISSING_QOP) {
            warnOfMissingQop(context, user);
        }
        Lockouts.Lock lock = result.lock();
        if (lock != null) {
            context.publish(
                    new SecurityEvent.AuthenticationLocked(origin, lock.wholeSource() ? "" : user, lock.seconds()));
        }
    }

    /** Logs at most one line per minute, because the phone has the right password and retries. */
    private void warnOfAmbiguousUser(String user) {
        if (ambiguityWarnings.isDue()) {
            LOG.warn(
                    "subscriber {} is refused: another subscriber has the same name in another case, and both share one"
                            + " address-of-record; rename or remove one of them",
                    user);
        }
    }

    /** Logs at most one line per minute: the phone keeps retrying, and only the operator can change the settings. */
    private void warnOfMissingQop(StageContext context, String user) {
        if (qopWarnings.isDue()) {
            LOG.warn(
                    "{} of {} from {} is challenged again: its digest credentials have no qop; use requireQop(false) or"
                            + " --digest-without-qop accept for phones that do not support qop",
                    context.request().method(),
                    user,
                    context.flow().remoteAddress());
        }
    }

    /** Returns at most 64 characters, escaped. */
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

    /**
     * Accepts nonces of other processes only if they are issued from now on, because earlier uses of older ones here
     * are unknown.
     */
    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
        NonceCounts table = counts;
        if (table != null) {
            table.startedAt(proxy.now().toEpochMilli());
        }
        if (credentials.isEmpty()) {
            LOG.warn("digest: {} has no user, so no client can register or call until one is added", credentials);
        }
    }

    /**
     * Returns the lockouts that are in effect, in the order of their latest failures; see {@link Lockout}. When there
     * are more than 10,000, only the latest are listed. Empty before the start, and without lockouts. Does not block.
     */
    public List<ActiveLockout> lockouts() {
        Lockouts all = lockouts;
        ProxyRuntime proxy = runtime;
        return all == null || proxy == null
                ? List.of()
                : List.copyOf(all.active(proxy.now().toEpochMilli()));
    }

    /**
     * Ends those of {@link #lockouts} that a predicate accepts, and resets their counts of failures. Does not block.
     *
     * @param which called for each; must not call this object
     * @return how many it ended
     */
    public int endLockouts(Predicate<? super ActiveLockout> which) {
        Lockouts all = lockouts;
        ProxyRuntime proxy = runtime;
        return all == null || proxy == null ? 0 : all.end(which, proxy.now().toEpochMilli());
    }

    @Override
    public List<ProxyComponent> components() {
        return credentials instanceof ProxyComponent component ? List.of(component) : List.of();
    }

    @Override
    public List<ConfigurationProblem> problems(Set<String> domains) {
        return credentials.problems(fixedRealm == null ? domains : Set.of(fixedRealm.name()));
    }

    @Override
    public Set<String> fixedRealms() {
        return fixedRealm == null ? Set.of() : Set.of(fixedRealm.name());
    }

    /**
     * True if the store has a credential of the user, by the bare name or as {@code user@realm}, in any spelling that
     * is the same under {@code userCase}.
     */
    @Override
    public boolean isKnownUser(String user, String domain, UserCase userCase) {
        String realm = realmOf(domain).name();
        return credentials.find(user, realm).isPresent()
                || credentials.find(user + "@" + realm, realm).isPresent()
                || (userCase == UserCase.INSENSITIVE && credentials.hasOtherSpelling(user, realm));
    }

    /** Returns {@link CredentialStore#mayBlock()} of the credentials, read once at construction. */
    @Override
    public boolean mayBlock() {
        return mayBlock;
    }

    @Override
    public String toString() {
        return "DigestAuthentication[realm " + (fixedRealm == null ? "follows domain" : fixedRealm.name()) + "]";
    }

    /** Builder of {@link DigestAuthentication}. Not thread-safe. */
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
        /** Empty for MD5, or for all algorithms of a store without MD5. */
        private Set<DigestAlgorithm> algorithms = EnumSet.noneOf(DigestAlgorithm.class);

        private Set<NonceBinding> bindings = EnumSet.of(NonceBinding.REQUEST_URI, NonceBinding.SOURCE_ADDRESS);
        private List<byte[]> secrets = List.of();

        private final OptionProblems problems = new OptionProblems("digest");

        private Builder() {}

        /**
         * Sets one realm for all requests, 1 to 255 characters of printable ASCII without quotes and backslashes. It
         * must be a domain of the proxy. The client's realm must be identical, byte for byte. Default: the lower-case
         * domain of To for REGISTER, and of From otherwise. For an alias or a listening address it is the proxy's first
         * domain.
         */
        public Builder realm(String realm) {
            this.realm = Objects.requireNonNull(realm, "realm");
            problems.once("realm");
            if (realm.isEmpty() || realm.length() > MAX_REALM) {
                problems.add("realm", realm.length() + " characters", "expected 1 to " + MAX_REALM);
            }
            for (int i = 0; i < realm.length(); i++) {
                char c = realm.charAt(i);
                if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                    problems.add(
                            "realm",
                            "character " + i,
                            "is not printable ASCII, or is a quote or backslash",
                            "use a domain name");
                    break;
                }
            }
            return this;
        }

        /** Sets the store of the users' credentials. The host application closes it. No default. */
        public Builder credentials(CredentialStore credentials) {
            this.credentials = Objects.requireNonNull(credentials, "credentials");
            problems.once("credentials");
            return this;
        }

        /**
         * Sets how long a nonce is accepted: 1 second to 1 day. Default 300 seconds. A phone that uses an older one is
         * challenged with {@code stale=true} and retries automatically.
         */
        public Builder nonceLifetime(Duration lifetime) {
            this.nonceLifetime = Objects.requireNonNull(lifetime, "lifetime");
            problems.once("nonceLifetime");
            problems.range("nonceLifetime", lifetime, MIN_LIFETIME, MAX_LIFETIME);
            return this;
        }

        /**
         * Sets whether credentials must have {@code qop=auth}, which every challenge offers. Default true. If false,
         * the response of an old phone (RFC 2069, RFC 2543) is also accepted. It has no count, so each nonce is
         * accepted once, and the next request with it is challenged with {@code stale=true}. It has no client nonce
         * either. A server that impersonates this proxy can therefore precompute hashes to search for the phone's
         * password. Use false only for networks with such phones.
         */
        public Builder requireQop(boolean required) {
            this.requireQop = required;
            problems.once("requireQop");
            return this;
        }

        /**
         * Sets whether the digest user must be the user of From, and for REGISTER also of To. Users are compared under
         * the proxy's rule for their case, with escapes resolved. Default true. If false, any subscriber may call and
         * register as any other.
         */
        public Builder checkIdentity(boolean checked) {
            this.checkIdentity = checked;
            problems.once("checkIdentity");
            return this;
        }

        /**
         * Sets which other identities a digest user may have in From, and in To of a REGISTER. The predicate gets the
         * digest user and the URI, and returns true if the URI belongs to the user, such as a telephone number. It is
         * not called if the user part is the digest user's name. It must not block. Default: no other identities.
         */
        public Builder allowIdentity(BiPredicate<String, SipUri> owns) {
            this.identities = Objects.requireNonNull(owns, "owns");
            problems.once("allowIdentity");
            return this;
        }

        /**
         * Sets the offered algorithms; the strongest is sent first, in whatever order they are given (RFC 8760 §2.4).
         * Default MD5, as Kamailio: phones and tools that support nothing else (SIPp 3.6, sipsak 0.9 and baresip 1.0
         * were tried) read only the first challenge and give up. Offer SHA-256 only if the phones support it, and only
         * what every user's credential can verify, see {@link CredentialStore#algorithms}. For a store without MD5 the
         * default is the store's algorithms.
         */
        public Builder algorithms(DigestAlgorithm... offered) {
            problems.once("algorithms");
            if (offered.length == 0) {
                problems.add("algorithms", "", "none", "offer at least one");
            } else {
                this.algorithms = EnumSet.copyOf(List.of(offered));
            }
            return this;
        }

        /**
         * Sets whether {@code qop=auth-int}, which covers the body, is offered in addition to {@code auth}. Default
         * false.
         */
        public Builder integrity(boolean offered) {
            this.integrity = offered;
            problems.once("integrity");
            return this;
        }

        /**
         * Sets what a nonce is bound to, in addition to its count. Default the Request-URI and the source address; may
         * be empty. A nonce used in another context is stale: the phone is challenged once more and passes with the new
         * nonce. Without {@link NonceBinding#SOURCE_ADDRESS} captured credentials are valid from any address, and a
         * client that forges a source address can {@link Lockout lock out} a user there.
         */
        public Builder bindNonceTo(NonceBinding... bindings) {
            problems.once("bindNonceTo");
            this.bindings = EnumSet.noneOf(NonceBinding.class);
            this.bindings.addAll(List.of(bindings));
            return this;
        }

        /**
         * Sets whether each count of a nonce is accepted only once, which prevents replay of captured requests. Default
         * true. A response without qop has no count; its nonce is accepted once in any case.
         */
        public Builder countNonces(boolean counted) {
            this.countNonces = counted;
            problems.once("countNonces");
            return this;
        }

        /** Sets whether a nonce is accepted only once; each request then costs a challenge. Default false. */
        public Builder oneTimeNonces(boolean once) {
            this.oneTimeNonces = once;
            problems.once("oneTimeNonces");
            return this;
        }

        /**
         * Sets how many nonces in use are stored: 1,024 to 16,777,216. Default 262,144; each takes about 100 bytes,
         * allocated on use. If more are in use within {@link #nonceLifetime}, the oldest become stale and their phones
         * are challenged again.
         */
        public Builder nonceCapacity(int nonces) {
            this.nonceCapacity = nonces;
            problems.once("nonceCapacity");
            problems.range("nonceCapacity", nonces, MIN_CAPACITY, MAX_CAPACITY);
            return this;
        }

        /** Sets the lockout policy. Default {@link Lockout#DEFAULT}. */
        public Builder lockout(Lockout policy) {
            this.lockout = Objects.requireNonNull(policy, "policy");
            problems.once("lockout");
            return this;
        }

        /** Disables lockouts; passwords can then be guessed as fast as the network allows. */
        public Builder noLockout() {
            this.lockout = null;
            problems.once("lockout");
            return this;
        }

        /** Sets one secret, see {@link #secrets}. */
        public Builder secret(byte[] secret) {
            return secrets(Objects.requireNonNull(secret, "secret"));
        }

        /**
         * Sets the keys of nonces, 1 to 8, each 16 to 1,024 random bytes; the arrays are copied. Proxies with the same
         * secret accept each other's nonces. The first secret signs, and all are accepted. To change the secret of
         * several proxies, add the new one after the old one everywhere, then move it before the old one, then remove
         * the old one. A nonce that is older than the proxy's start is always stale. Default: 32 random bytes for each
         * instance.
         */
        public Builder secrets(byte[]... secrets) {
            problems.once("secret");
            List<byte[]> copies = new ArrayList<>();
            for (byte[] secret : secrets) {
                copies.add(secret.clone());
                if (secret.length < MIN_SECRET || secret.length > MAX_SECRET) {
                    problems.add(
                            "secret", secret.length + " bytes", "expected " + MIN_SECRET + " to 1,024 random bytes");
                }
            }
            if (copies.isEmpty() || copies.size() > MAX_SECRETS) {
                problems.add("secret", copies.size() + " secrets", "expected 1 to " + MAX_SECRETS);
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

        /**
         * Returns the authentication stage.
         *
         * @throws ConfigurationException if an option is missing, outside its range or given twice
         */
        public DigestAuthentication build() {
            OptionProblems found = problems.copy();
            CredentialStore store = credentials;
            if (store == null) {
                found.add("credentials", "", "missing", "use InMemoryCredentials.of(...) or another CredentialStore");
            }
            found.throwIfAny();
            return new DigestAuthentication(
                    this, Objects.requireNonNull(store), secrets.isEmpty() ? List.of(randomSecret()) : secrets);
        }

        private static byte[] randomSecret() {
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            return random;
        }
    }
}
