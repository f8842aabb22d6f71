package org.sipproxy.security;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Digest authentication (RFC 3261 §22, RFC 7616) with MD5 and {@code qop=auth}.
 *
 * <ul>
 *   <li>A REGISTER for this proxy without valid credentials is answered 401. Any other request whose From names this proxy, by a
 *       domain, an alias or a listening address, is answered 407. A request from anywhere else passes unauthenticated; whether
 *       it may go on is not decided here. ACK, CANCEL and the PRACK of a dialog are never challenged.
 *   <li>Unknown user, wrong password and credentials that cannot be read all get the same fresh challenge, after the same work.
 *   <li>{@code stale=true} is set exactly when only the nonce is at fault: the digest is right for the nonce that the client used,
 *       but that nonce has expired or was not made with our {@link Builder#secret secret}, as after a restart without a shared
 *       one. This is the meaning that RFC 2617 §3.2.1 gives it. Without it a phone has to take its password for wrong and must
 *       not try again (RFC 3261 §22.2).
 *   <li>The digest user must be the user of From, and for REGISTER also of To; otherwise 403. The digest user name may be
 *       {@code user} or {@code user@realm}.
 * </ul>
 *
 * <p>Nonces are signed and carry their time, so a challenge keeps no state. Time is the proxy's clock. Until it expires a nonce
 * may be used many times.
 *
 * <p>Immutable and safe for use by several threads. It blocks only if its {@link CredentialStore} does.
 */
public final class DigestAuthentication implements Authentication {

    private static final Logger LOG = LoggerFactory.getLogger(DigestAuthentication.class);

    private final @Nullable Realm fixedRealm;
    private final CredentialStore credentials;
    private final boolean mayBlock;
    private final NonceIssuer nonces;
    private final CredentialsCheck check;
    private final HashPool pool;

    private DigestAuthentication(Builder builder, CredentialStore credentials, byte[] secret) {
        this.fixedRealm = builder.realm == null ? null : Realm.named(builder.realm);
        this.credentials = credentials;
        this.mayBlock = credentials.mayBlock();
        this.nonces = new NonceIssuer(builder.nonceLifetime.toMillis());
        this.check = new CredentialsCheck(credentials, nonces, builder.requireQop, builder.checkIdentity);
        this.pool = new HashPool(secret);
    }

    /** A builder; {@link Builder#credentials} is the only option that has no default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Verdict handle(StageContext context) {
        SipRequest request = context.request();
        Method method = request.method();
        try {
            // §22.1: these cannot be sent again with credentials; a PRACK belongs to an INVITE that was authenticated
            if (Method.ACK.equals(method)
                    || Method.CANCEL.equals(method)
                    || (Method.PRACK.equals(method) && request.hasToTag())) {
                return Verdict.proceed();
            }
            return Method.REGISTER.equals(method) ? handleRegister(context) : handleOther(context);
        } catch (SipParseException e) {
            return Verdict.respond(e.statusCode());
        }
    }

    private Verdict handleRegister(StageContext context) throws SipParseException {
        String domain = context.domainOf(context.request().to().uri()).orElse(null);
        if (domain == null && !context.isMyself(context.request().requestUri())) {
            // for somebody else's registrar: there we are a proxy as for any other request
            return handleOther(context);
        }
        if (domain == null && fixedRealm == null) {
            // no realm could ever be right; §10.3 step 5 calls such an address-of-record not found
            return Verdict.respond(StatusCode.NOT_FOUND);
        }
        return authenticate(
                context, domain, StatusCode.UNAUTHORIZED, HeaderName.AUTHORIZATION, HeaderName.WWW_AUTHENTICATE);
    }

    private Verdict handleOther(StageContext context) throws SipParseException {
        String domain = context.domainOf(context.request().from().uri()).orElse(null);
        if (domain == null) {
            return Verdict.proceed();
        }
        return authenticate(
                context,
                domain,
                StatusCode.PROXY_AUTHENTICATION_REQUIRED,
                HeaderName.PROXY_AUTHORIZATION,
                HeaderName.PROXY_AUTHENTICATE);
    }

    private Verdict authenticate(
            StageContext context,
            @Nullable String domain,
            int challengeCode,
            HeaderName credentials,
            HeaderName challenge)
            throws SipParseException {
        Realm realm = realmOf(domain);
        Hashes hashes = pool.take();
        CredentialsCheck.Result result = check.check(context, credentials, realm, hashes);
        AuthenticationOutcome outcome = result.outcome();
        Verdict verdict = switch (outcome) {
            case AUTHENTICATED -> Verdict.proceed();
            case IDENTITY_MISMATCH -> Verdict.respond(StatusCode.FORBIDDEN);
            default ->
                Verdict.respond(
                        challengeCode,
                        StatusCode.reasonPhrase(challengeCode),
                        challengeLine(challenge, realm, context, hashes, outcome.isOnlyTheNonce()));
        };
        // not in a finally: what an exception interrupted may hold half a hash
        pool.give(hashes);
        if (outcome == AuthenticationOutcome.AUTHENTICATED) {
            context.authenticated(result.user(), realm.name(), result.line());
        }
        if (LOG.isDebugEnabled()) {
            LOG.debug(
                    "{} from {}: {}", context.request().method(), context.flow().remoteAddress(), outcome.reason());
        }
        return verdict;
    }

    /** @param domain null only if there is a fixed realm */
    private Realm realmOf(@Nullable String domain) {
        return fixedRealm != null ? fixedRealm : Realm.named(Objects.requireNonNull(domain, "domain"));
    }

    private String challengeLine(HeaderName header, Realm realm, StageContext context, Hashes hashes, boolean stale) {
        String nonce = nonces.issue(realm, context.now().toEpochMilli(), hashes);
        return header.name() + ": Digest realm=\"" + realm.name() + "\", nonce=\"" + nonce
                + (stale ? "\", stale=true, algorithm=MD5, qop=\"auth\"" : "\", algorithm=MD5, qop=\"auth\"");
    }

    @Override
    public Set<String> fixedRealms() {
        return fixedRealm == null ? Set.of() : Set.of(fixedRealm.name());
    }

    /** True if the store has a credential of the user, by its bare name or as {@code user@realm}. */
    @Override
    public boolean isKnownUser(String user, String domain) {
        String realm = realmOf(domain).name();
        return credentials.find(user, realm).isPresent()
                || credentials.find(user + "@" + realm, realm).isPresent();
    }

    /** {@link CredentialStore#mayBlock()} of the credentials, asked once when this was built. */
    @Override
    public boolean mayBlock() {
        return mayBlock;
    }

    /** False for a request without credentials, and for a user whom the store finds without waiting. */
    @Override
    public boolean mayBlock(StageContext context) {
        if (!mayBlock) {
            return false;
        }
        SipRequest request = context.request();
        HeaderName header =
                Method.REGISTER.equals(request.method()) ? HeaderName.AUTHORIZATION : HeaderName.PROXY_AUTHORIZATION;
        if (request.firstHeader(header) < 0) {
            // a REGISTER for somebody else's registrar is asked as any other request
            return header == HeaderName.AUTHORIZATION && request.firstHeader(HeaderName.PROXY_AUTHORIZATION) >= 0;
        }
        try {
            String domain = context.domainOf(
                            header == HeaderName.AUTHORIZATION
                                    ? request.to().uri()
                                    : request.from().uri())
                    .orElse(null);
            if (domain == null && fixedRealm == null) {
                return header == HeaderName.AUTHORIZATION;
            }
            return check.mayBlock(request, header, realmOf(domain));
        } catch (SipParseException e) {
            return false; // it is answered before anybody is looked up
        }
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
        private static final int MAX_REALM = 255;

        private @Nullable String realm;
        private @Nullable CredentialStore credentials;
        private Duration nonceLifetime = Duration.ofMinutes(5);
        private boolean requireQop = true;
        private boolean checkIdentity = true;
        private byte @Nullable [] secret;

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
         * with {@code stale=true} and tries again by itself. It is also how long a captured request can be replayed.
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
         * old phone (RFC 2069, RFC 2543) is accepted as well: it has neither a count nor a nonce of the client's, so replays cannot
         * be told from new requests. Set it only for networks that have such phones.
         */
        public Builder requireQop(boolean required) {
            this.requireQop = required;
            once("requireQop");
            return this;
        }

        /**
         * Whether the digest user must be the user of From, and for REGISTER also of To. Case counts, escapes are resolved. Default
         * true. With false any subscriber may call and register as any other.
         */
        public Builder checkIdentity(boolean checked) {
            this.checkIdentity = checked;
            once("checkIdentity");
            return this;
        }

        /**
         * The key that nonces are signed with, 16 to 1,024 random bytes; the array is copied. Proxies with the same secret accept each
         * other's nonces, and a restart leaves nonces valid. Default: 32 random bytes for each instance.
         */
        public Builder secret(byte[] secret) {
            this.secret = Objects.requireNonNull(secret, "secret").clone();
            once("secret");
            if (secret.length < MIN_SECRET || secret.length > MAX_SECRET) {
                problems.add("secret: " + secret.length + " bytes (expected " + MIN_SECRET + " to 1,024 random bytes)");
            }
            return this;
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
            return new DigestAuthentication(this, store, secret != null ? secret : randomSecret());
        }

        private static byte[] randomSecret() {
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            return random;
        }
    }
}
