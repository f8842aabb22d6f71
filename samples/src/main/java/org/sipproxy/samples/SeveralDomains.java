package org.sipproxy.samples;

import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.security.DigestAuthentication;

/**
 * Proxy with two domains. Four names have to agree: the domain that phones use, the digest realm, the domain of the
 * subscribers, and what the proxy takes for its own. Here they follow from {@code domain}: it is the realm of the
 * challenge, and the user is looked up in it. An {@code alias} is a name of the proxy itself.
 */
public final class SeveralDomains {

    private SeveralDomains() {}

    /** Returns the proxy, not started. The credentials are those of both domains. */
    public static SipProxy create(Endpoint endpoint, CredentialStore users) {
        return SipProxy.builder()
                .listen(endpoint)
                .domain("sales.example")
                .domain("support.example")
                .alias("sip.example.net") // requests to it are for this proxy, whatever their port
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .build();
    }
}
