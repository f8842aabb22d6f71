package org.sipproxy.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.security.NonceBinding;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Passwords.
 *
 * @param nonceExpire How long a nonce of a digest challenge is accepted.
 * @param authAlgorithm Digest algorithms to offer: SHA-512-256, SHA-256, MD5; the strongest is sent first.
 * @param digestWithoutQop Whether digest credentials of old phones without qop are accepted, each nonce once.
 * @param authInt Whether qop=auth-int is offered too, which covers the body of a request.
 * @param nonceBinding What a nonce is valid for: request-uri, source-address, call-id, from-tag; none for everything.
 * @param nonceReplay Whether each count of a nonce is accepted more than once, for clients that do not count.
 * @param oneTimeNonces Whether each nonce is accepted once, so that every request costs a challenge.
 * @param nonceCapacity Nonces in use that are kept, 1024 to 16777216.
 * @param anyIdentity Whether a user may call and register as any other user, for laboratories.
 */
@ConfigurationProperties("sipproxy")
record DigestProperties(
        @DefaultValue("5m") Duration nonceExpire,
        @DefaultValue("MD5") List<String> authAlgorithm,
        @DefaultValue("refuse") WithoutQop digestWithoutQop,
        @DefaultValue("false") boolean authInt,
        @DefaultValue({"request-uri", "source-address"}) List<String> nonceBinding,
        @DefaultValue("false") boolean nonceReplay,
        @DefaultValue("false") boolean oneTimeNonces,
        @DefaultValue("262144") int nonceCapacity,
        @DefaultValue("false") boolean anyIdentity) {

    /** What happens to credentials without qop. */
    enum WithoutQop {
        /** They are refused. */
        REFUSE,
        /** Each nonce is accepted once. */
        ACCEPT
    }

    DigestAuthentication authentication(CredentialStore users, LockoutProperties lockout, Problems problems) {
        DigestAuthentication.Builder digest = DigestAuthentication.builder()
                .credentials(users)
                .nonceLifetime(nonceExpire)
                .requireQop(digestWithoutQop == WithoutQop.REFUSE)
                .integrity(authInt)
                .countNonces(!nonceReplay)
                .oneTimeNonces(oneTimeNonces)
                .nonceCapacity(nonceCapacity)
                .checkIdentity(!anyIdentity)
                .algorithms(algorithms(problems))
                .bindNonceTo(bindings(problems));
        lockout.addTo(digest, problems);
        return problems.get(
                digest::build,
                () -> DigestAuthentication.builder()
                        .credentials(InMemoryCredentials.of())
                        .build());
    }

    private DigestAlgorithm[] algorithms(Problems problems) {
        List<DigestAlgorithm> algorithms = new ArrayList<>();
        for (String text : authAlgorithm) {
            DigestAlgorithm.of(text)
                    .ifPresentOrElse(
                            algorithms::add,
                            () -> problems.add(
                                    "sipproxy.auth-algorithm",
                                    '"' + text + '"',
                                    "expected "
                                            + Arrays.stream(DigestAlgorithm.values())
                                                    .map(DigestAlgorithm::token)
                                                    .collect(Collectors.joining(", ")),
                                    ""));
        }
        return algorithms.isEmpty()
                ? new DigestAlgorithm[] {DigestAlgorithm.MD5}
                : algorithms.toArray(new DigestAlgorithm[0]);
    }

    private NonceBinding[] bindings(Problems problems) {
        List<NonceBinding> bindings = new ArrayList<>();
        for (String text : nonceBinding) {
            if (text.equalsIgnoreCase("none")) {
                continue;
            }
            Arrays.stream(NonceBinding.values())
                    .filter(one -> one.name()
                            .replace('_', '-')
                            .toLowerCase(Locale.ROOT)
                            .equalsIgnoreCase(text))
                    .findFirst()
                    .ifPresentOrElse(
                            bindings::add,
                            () -> problems.add(
                                    "sipproxy.nonce-binding",
                                    '"' + text + '"',
                                    "expected request-uri, source-address, call-id, from-tag or none",
                                    ""));
        }
        return bindings.toArray(new NonceBinding[0]);
    }
}
