package org.sipproxy.samples;

import java.time.Duration;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.gateway.Algorithm;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.gateway.NumberPlan;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/**
 * Registrar in front of a farm of media servers, such as Asterisk. The users register here and call each other
 * directly. Everything else that they dial goes to the media server with the fewest calls. One that stops is found by
 * OPTIONS, and its calls go to the others until it is back. Calls of the media servers reach the users without a
 * password.
 */
public final class MediaServers {

    private MediaServers() {}

    /**
     * Serves sip.test on port 5060 of the loopback address.
     *
     * @param args the URIs of the media servers; default {@code sip:127.0.0.11}, {@code .12} and {@code .13}
     */
    public static void main(String[] args) throws InterruptedException {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        Dispatcher farm = args.length > 0 ? farm(args) : farm("sip:127.0.0.11", "sip:127.0.0.12", "sip:127.0.0.13");
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 5060))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build());
        try (SipProxy proxy = addTo(builder, farm).build()) {
            proxy.start();
            Thread.currentThread().join();
        }
    }

    static Dispatcher farm(String... uris) {
        GatewaySet.Builder servers = GatewaySet.named("media")
                .algorithm(Algorithm.LEAST_CALLS)
                .probeEvery(Duration.ofSeconds(2))
                .probeTimeLimit(Duration.ofSeconds(1));
        for (String uri : uris) {
            servers.member(uri);
        }
        return Dispatcher.builder().set(servers.build()).fallback("media").build();
    }

    static SipProxyBuilder addTo(SipProxyBuilder proxy, Dispatcher farm) {
        return proxy.beforeRouting(NumberPlan.none().e164("49").stage()).component(farm);
    }
}
