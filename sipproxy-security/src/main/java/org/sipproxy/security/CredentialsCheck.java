package org.sipproxy.security;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.security.DigestResponse.Field;

/**
 * Checks the credentials of one request, cheapest test first: form, algorithm, qop, uri, nonce, then the digest, and last who is
 * behind it. The digest is computed for a refused nonce too, because only a client that knows the password may be told that
 * nothing but the nonce was wrong.
 */
final class CredentialsCheck {

    private static final String MD5 = "md5";
    private static final String AUTH = "auth";

    /** Hashed where there is no password to hash, so that an unknown user takes the time of a known one. */
    private static final byte[] NO_PASSWORD = "an unknown user".getBytes(StandardCharsets.US_ASCII);

    /** Longest digest user name in bytes: {@code user@realm} of a location row's longest user and host (248 each). */
    private static final int MAX_USERNAME = 497;

    private final CredentialStore credentials;
    private final NonceIssuer nonces;
    private final boolean requireQop;
    private final boolean checkIdentity;

    CredentialsCheck(CredentialStore credentials, NonceIssuer nonces, boolean requireQop, boolean checkIdentity) {
        this.credentials = credentials;
        this.nonces = nonces;
        this.requireQop = requireQop;
        this.checkIdentity = checkIdentity;
    }

    /**
     * How it ended.
     *
     * @param line the header line that the credentials are in, -1 if none was used
     * @param user the digest user without a realm; empty unless authenticated
     */
    record Result(AuthenticationOutcome outcome, int line, String user) {

        static Result refused(AuthenticationOutcome outcome) {
            return new Result(outcome, -1, "");
        }
    }

    /** Checks the first credentials in {@code header} lines that are for the realm and in an algorithm that we offer. */
    Result check(StageContext context, HeaderName header, Realm realm, Hashes hashes) throws SipParseException {
        SipRequest request = context.request();
        AuthenticationOutcome none = AuthenticationOutcome.NO_CREDENTIALS;
        for (int line = request.firstHeader(header); line >= 0; line = request.nextHeader(header, line)) {
            byte[] wire = request.wire();
            int from = request.valueStart(line);
            int to = request.valueEnd(line);
            if (!DigestResponse.isDigest(wire, from, to)) {
                continue;
            }
            DigestResponse response = DigestResponse.parse(wire, from, to);
            if (response == null) {
                none = AuthenticationOutcome.MALFORMED;
            } else if (response.is(Field.REALM, realm.bytes())) {
                // an absent algorithm is MD5 (RFC 7616 §3.3)
                if (!response.has(Field.ALGORITHM) || response.isIgnoringCase(Field.ALGORITHM, MD5)) {
                    return check(context, response, line, realm, hashes);
                }
                none = AuthenticationOutcome.UNSUPPORTED_ALGORITHM;
            }
        }
        return Result.refused(none);
    }

    /** True if one of the users that the header's lines name in this realm may have to be waited for. */
    boolean mayBlock(SipRequest request, HeaderName header, Realm realm) {
        for (int line = request.firstHeader(header); line >= 0; line = request.nextHeader(header, line)) {
            byte[] wire = request.wire();
            int from = request.valueStart(line);
            int to = request.valueEnd(line);
            DigestResponse response =
                    DigestResponse.isDigest(wire, from, to) ? DigestResponse.parse(wire, from, to) : null;
            if (response == null || !response.is(Field.REALM, realm.bytes()) || defect(response) != null) {
                continue;
            }
            String username = response.text(Field.USERNAME);
            String user = withoutRealm(username, realm);
            if (credentials.mayBlock(username, realm.name())
                    || (user.length() < username.length() && credentials.mayBlock(user, realm.name()))) {
                return true;
            }
        }
        return false;
    }

    private Result check(StageContext context, DigestResponse response, int line, Realm realm, Hashes hashes)
            throws SipParseException {
        AuthenticationOutcome defect = defect(response);
        if (defect != null) {
            return Result.refused(defect);
        }
        if (!isForThisResource(context, response)) {
            return Result.refused(AuthenticationOutcome.URI_MISMATCH);
        }
        NonceIssuer.State nonce = nonces.check(response, realm, context.now().toEpochMilli(), hashes);

        String username = response.text(Field.USERNAME);
        String user = withoutRealm(username, realm);
        Credential credential = find(username, user, realm);
        if (!isRight(context.request(), response, credential, realm, hashes)) {
            return Result.refused(
                    credential == null ? AuthenticationOutcome.UNKNOWN_USER : AuthenticationOutcome.WRONG_PASSWORD);
        }
        return switch (nonce) {
            case EXPIRED -> Result.refused(AuthenticationOutcome.STALE_NONCE);
            case FOREIGN -> Result.refused(AuthenticationOutcome.FOREIGN_NONCE);
            case FRESH ->
                checkIdentity && !isOwnIdentity(context.request(), user)
                        ? Result.refused(AuthenticationOutcome.IDENTITY_MISMATCH)
                        : new Result(AuthenticationOutcome.AUTHENTICATED, line, user);
        };
    }

    /** What makes the credentials unusable whatever the password is, or null. */
    private @Nullable AuthenticationOutcome defect(DigestResponse response) {
        if (!isUsername(response)
                || !response.has(Field.NONCE)
                || !response.has(Field.URI)
                || !response.isHex(Field.RESPONSE, Hashes.HEX_LENGTH)) {
            return AuthenticationOutcome.MALFORMED;
        }
        if (!response.has(Field.QOP)) {
            return requireQop ? AuthenticationOutcome.MISSING_QOP : null;
        }
        if (!response.isIgnoringCase(Field.QOP, AUTH)) {
            return AuthenticationOutcome.UNSUPPORTED_QOP;
        }
        return response.isHex(Field.NC, 8) && response.has(Field.CNONCE) ? null : AuthenticationOutcome.MALFORMED;
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
     * response is of no use for calling somebody else.
     */
    private static boolean isForThisResource(StageContext context, DigestResponse response) throws SipParseException {
        SipRequest request = context.request();
        byte[] a = response.bytes();
        int from = response.from(Field.URI);
        int to = response.to(Field.URI);
        if (Arrays.equals(a, from, to, request.wire(), request.requestUriStart(), request.requestUriEnd())) {
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
        return named.user().equals(target.user())
                && (named.host().equalsIgnoreCase(target.host())
                        || (context.isMyself(named) && context.isMyself(target)));
    }

    /** The user of {@code user} and of {@code user@realm}. */
    private static String withoutRealm(String username, Realm realm) {
        int at = username.length() - realm.name().length() - 1;
        return at > 0 && username.charAt(at) == '@' && username.endsWith(realm.name())
                ? username.substring(0, at)
                : username;
    }

    private @Nullable Credential find(String username, String user, Realm realm) {
        Optional<Credential> found = credentials.find(username, realm.name());
        if (user.length() < username.length()) {
            // both are looked up in any case, so that the time does not tell which one exists
            Optional<Credential> bare = credentials.find(user, realm.name());
            found = found.or(() -> bare);
        }
        return found.orElse(null);
    }

    /** The same work for a password, an HA1 and an unknown user. */
    private static boolean isRight(
            SipRequest request, DigestResponse response, @Nullable Credential credential, Realm realm, Hashes hashes) {
        String password = credential == null ? null : credential.password().orElse(null);
        hashes.ha1OfPassword(
                response, realm.bytes(), password == null ? NO_PASSWORD : password.getBytes(StandardCharsets.UTF_8));
        String ha1 =
                credential == null ? null : credential.ha1(DigestAlgorithm.MD5).orElse(null);
        if (ha1 != null) {
            hashes.ha1(ha1.getBytes(StandardCharsets.US_ASCII));
        }
        boolean matches = hashes.matches(response, request.method().name().getBytes(StandardCharsets.US_ASCII));
        return matches && (password != null || ha1 != null);
    }

    private static boolean isOwnIdentity(SipRequest request, String user) throws SipParseException {
        return user.equals(request.from().uri().user())
                && (!Method.REGISTER.equals(request.method())
                        || user.equals(request.to().uri().user()));
    }
}
