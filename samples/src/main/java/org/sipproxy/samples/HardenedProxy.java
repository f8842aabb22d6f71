package org.sipproxy.samples;

import java.time.Duration;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.Method;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.IdentityHeaders;
import org.sipproxy.security.Lockout;
import org.sipproxy.security.NonceBinding;
import org.sipproxy.security.RateLimit;

/** Proxy for a public address, with an access list, rate limits, a trusted trunk and strict digest authentication. */
public final class HardenedProxy {

    private HardenedProxy() {}

    /**
     * Returns the proxy, not started.
     *
     * @param trunk the provider's network, which calls in without a password
     * @param secret at least 16 random bytes, the same in all proxies of one cluster and after a restart
     * @param audit listener for every refusal, such as {@link org.sipproxy.security.AuditLog}, which logs them
     */
    public static SipProxy create(
            Endpoint endpoint, CredentialStore users, CidrBlock trunk, byte[] secret, ProxyListener audit) {
        AccessList access = AccessList.builder()
                .rules(
                        AccessRule.trust(trunk).tag("provider"),
                        AccessRule.deny().method(Method.of("PUBLISH"), Method.SUBSCRIBE))
                .defaultPolicy(AccessRule.Action.ALLOW)
                .build();
        FloodGuard flood = FloodGuard.builder()
                .perSource(new RateLimit(50, 500))
                .perAor(new RateLimit(10, 100))
                .global(new RateLimit(2_000, 10_000)) // all unproven sources together, however many are forged
                .exempt(trunk)
                .scanners(FloodGuard.ScannerPolicy.DROP)
                .build();
        DigestAuthentication digest = DigestAuthentication.builder()
                .credentials(users)
                .algorithms(DigestAlgorithm.SHA_256, DigestAlgorithm.MD5)
                .bindNonceTo(NonceBinding.REQUEST_URI, NonceBinding.SOURCE_ADDRESS)
                .nonceLifetime(Duration.ofMinutes(5))
                .lockout(Lockout.DEFAULT)
                .secret(secret)
                .build();
        return SipProxy.builder()
                .listen(endpoint)
                .domain("sip.test")
                .component(access) // first: the others depend on its trust decisions
                .component(flood)
                .component(IdentityHeaders.trusting(trunk))
                .authentication(digest)
                .secret(secret)
                .listener(audit)
                .build();
    }
}
