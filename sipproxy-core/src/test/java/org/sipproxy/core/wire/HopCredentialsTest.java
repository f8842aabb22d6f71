package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.HeaderName;

/** Realms that belong to a proxy. The attack itself is tested with digest authentication in sipproxy-testkit. */
class HopCredentialsTest {

    private static final String CREDENTIALS =
            "Proxy-Authorization: Digest username=\"a\", realm=\"%s\", response=\"x\"";
    private static final String CHALLENGE = "Proxy-Authenticate: Digest realm=\"%s\", nonce=\"n\"";

    /** Authenticates every request, in its own realm and by its own header. */
    private static final class Badge implements Authentication {

        @Override
        public Verdict handle(StageContext context) {
            int badge = context.request().firstHeader(HeaderName.of("X-Badge"));
            context.authenticated("a", "Badges", badge);
            return Verdict.proceed();
        }

        @Override
        public String name() {
            return "Badge";
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public Set<String> fixedRealms() {
            return Set.of("second.test");
        }
    }

    private static ProxyUnderTest withBadges() {
        return ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .domain("second.test")
                .authentication(new Badge()));
    }

    @Test
    void everyDomainAndTheRealmOfTheProofBelongToTheProxy() {
        try (ProxyUnderTest proxy = withBadges()) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp bob = proxy.registered("bob");
            Request request = alice.request("MESSAGE", "sip:bob@sip.test")
                    .with(
                            CREDENTIALS.formatted("sip.test"),
                            CREDENTIALS.formatted("second.test"),
                            CREDENTIALS.formatted("badges"),
                            CREDENTIALS.formatted("third.test"),
                            "X-Badge: secret");

            alice.send(request);
            WireMessage received = bob.awaitRequest("MESSAGE");
            bob.respond(
                    received,
                    407,
                    CHALLENGE.formatted("second.test"),
                    CHALLENGE.formatted("third.test"),
                    CHALLENGE.formatted("sip.test"));

            assertThat(received.lines("Proxy-Authorization"))
                    .singleElement()
                    .asString()
                    .contains("third.test");
            assertThat(received.lines("X-Badge")).isEmpty();
            assertThat(alice.awaitResponse(request, 407).lines("Proxy-Authenticate"))
                    .singleElement()
                    .asString()
                    .contains("third.test");
        }
    }

    @Test
    void digestWithoutAReadableRealmBelongsToTheProxy() {
        try (ProxyUnderTest proxy = withBadges()) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp bob = proxy.registered("bob");
            Request request = alice.request("MESSAGE", "sip:bob@sip.test")
                    .with(
                            "Authorization: Digest username=\"a\", nonce=\"n\", response=\"x\"",
                            "Proxy-Authorization: Digest username=\"a\", realm='sip.test', response=\"x\"",
                            "Proxy-Authorization: Digest username=\"a\", realm*=UTF-8''sip.test, response=\"x\"",
                            "X-Badge: secret");

            alice.send(request);
            WireMessage received = bob.awaitRequest("MESSAGE");
            bob.respond(received, 407, "Proxy-Authenticate: Digest nonce=\"evil\"");

            assertThat(received.lines("Authorization")).isEmpty();
            assertThat(received.lines("Proxy-Authorization")).isEmpty();
            assertThat(alice.awaitResponse(request, 403).lines("Proxy-Authenticate"))
                    .isEmpty();
        }
    }

    @Test
    void aProxyWithoutAuthenticationLeavesChallengesToTheServerBehindIt() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp bob = proxy.registered("bob");
            Request request = alice.request("MESSAGE", "sip:bob@sip.test").with(CREDENTIALS.formatted("sip.test"));

            alice.send(request);
            WireMessage received = bob.awaitRequest("MESSAGE");
            bob.respond(received, 407, CHALLENGE.formatted("sip.test"));

            assertThat(received.lines("Proxy-Authorization")).hasSize(1);
            assertThat(alice.awaitResponse(request, 407).lines("Proxy-Authenticate"))
                    .hasSize(1);
        }
    }
}
