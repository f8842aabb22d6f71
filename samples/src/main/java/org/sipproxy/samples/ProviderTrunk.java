package org.sipproxy.samples;

import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.gateway.CallerIdentity;
import org.sipproxy.gateway.NumberPlan;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/**
 * Registrar of a small office with an account at a telephony provider. The users call each other directly, and any
 * telephone number over the provider. Calls to the account's number reach user 1001.
 */
public final class ProviderTrunk {

    private ProviderTrunk() {}

    /**
     * Serves sip.test on port 5060 of all addresses. The password is read from the environment variable
     * {@code TRUNK_PASSWORD}.
     *
     * @param args the provider, such as {@code sip:sip.carrier.example}, and the account, such as {@code
     *     sip:4930123@carrier.example}
     */
    public static void main(String[] args) throws InterruptedException {
        String password = System.getenv("TRUNK_PASSWORD");
        if (args.length != 2 || password == null) {
            System.err.println("usage: TRUNK_PASSWORD=... ProviderTrunk sip:PROVIDER sip:USER@DOMAIN");
            return;
        }
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        Trunk trunk = trunk(SipUri.of(args[0]), SipUri.of(args[1]), password).build();
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("0.0.0.0", 5060))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build());
        try (SipProxy proxy = addTo(builder, trunk).build()) {
            proxy.start();
            Thread.currentThread().join();
        }
    }

    static Trunk.Builder trunk(SipUri provider, SipUri account, String password) {
        return Trunk.builder("provider", provider)
                .addressOfRecord(account)
                .login(DigestLogin.ofPassword(account.user(), password))
                .identity(CallerIdentity.P_ASSERTED_IDENTITY)
                .numbers(NumberPlan.none().replace("+", "00"))
                .prefix("+")
                .incomingTo(SipUri.of("sip:1001@sip.test"));
    }

    static SipProxyBuilder addTo(SipProxyBuilder proxy, Trunk trunk) {
        return proxy.beforeRouting(NumberPlan.none().e164("49").stage()).component(trunk);
    }
}
