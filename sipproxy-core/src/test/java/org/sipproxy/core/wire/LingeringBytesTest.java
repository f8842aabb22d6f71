package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

/** The memory limit of transactions that are over and wait for retransmissions. */
class LingeringBytesTest {

    private static final int MESSAGES = 300;

    /** Trusts all senders: of a stranger's request only a small response is kept. */
    private static final RequestStage TRUST = new RequestStage() {
        @Override
        public Verdict handle(StageContext context) {
            context.trust();
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    };

    private static ProxyUnderTest proxy(long lingeringBytes) {
        return ProxyUnderTest.start(b -> b.lingeringBytes(lingeringBytes).beforeAuthentication(TRUST));
    }

    /** Relays MESSAGEs whose 200 has 4 KB and returns how many transactions were evicted. */
    private static long evictionsAfterMessages(ProxyUnderTest proxy) {
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");
        String large = "X-Large: " + "x".repeat(4_000);
        for (int i = 0; i < MESSAGES; i++) {
            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            bob.respond(bob.awaitRequest("MESSAGE"), 200, large);
            alice.awaitResponse(message, 200);
        }
        return proxy.proxy().statistics().lingeringEvictions();
    }

    @Test
    void oldestTransactionsAreEvictedAndCountedAtTheLimit() {
        try (ProxyUnderTest proxy = proxy(1 << 20)) {
            assertThat(evictionsAfterMessages(proxy)).isPositive();
        }
    }

    @Test
    void higherLimitKeepsThemAll() {
        try (ProxyUnderTest proxy = proxy(16 << 20)) {
            assertThat(evictionsAfterMessages(proxy)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, (1 << 20) - 1, (32L << 30) + 1})
    void limitOutsideTheRangeIsRefused(long bytes) {
        assertThatThrownBy(() -> SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("sip.test")
                        .noAuthentication()
                        .lingeringBytes(bytes)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("lingeringBytes: " + bytes + " (expected 1,048,576 to 34,359,738,368)");
    }
}
