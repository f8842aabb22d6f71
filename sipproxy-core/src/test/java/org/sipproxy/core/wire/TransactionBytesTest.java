package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.core.options.SipTimers;

/** Flood of large messages in miniature: 1 MiB for all live transactions, and messages of 59 kB. */
class TransactionBytesTest {

    private static final int LIMIT = 1 << 20;
    private static final String BODY = "y".repeat(59_000);
    private static final SipTimers TIMERS =
            SipTimers.builder().transactionTimeout(Duration.ofSeconds(1)).build();

    /** Trusts every sender that claims to be a gateway. */
    private static final RequestStage GATEWAYS = new RequestStage() {
        @Override
        public Verdict handle(StageContext context) throws Exception {
            if (context.request().from().uri().user().equals("gateway")) {
                context.trust();
            }
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }
    };

    private static ProxyUnderTest proxy(SipTimers timers) {
        return ProxyUnderTest.start(
                b -> b.transactionBytes(LIMIT).timers(timers).beforeAuthentication(GATEWAYS));
    }

    private static void until(BooleanSupplier condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .until(condition::getAsBoolean);
    }

    private static Request large(WireClient from, String method, String user) {
        return from.request(method, "sip:bob@sip.test")
                .from("<sip:" + user + "@foreign.test>;tag=1")
                .body("text/plain", BODY);
    }

    /**
     * Sends until a request is refused, and returns its response. One after another: the proxy's socket would drop some
     * of them, or of what a test sends next.
     */
    private static WireMessage fill(WireClient.Udp sender, String method, String user) {
        List<Request> sent = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            sent.add(sender.send(large(sender, method, user)));
            sender.awaitFinal(sender.send(sender.request("OPTIONS", "sip:sip.test")));
        }
        return sender.await(
                "a 503",
                m -> m.status() == 503 && sent.stream().anyMatch(r -> r.branch().equals(m.branch())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE"})
    void strangersFillOnlyTheUnreservedPartAndItIsFreeAgainAfterwards(String method) {
        try (ProxyUnderTest proxy = proxy(TIMERS)) {
            WireClient.Udp stranger = proxy.udp("stranger");
            proxy.registered("bob"); // never responds

            WireMessage turnedAway = fill(stranger, method, "mallory");

            ProxyStatistics full = proxy.proxy().statistics();
            assertThat(turnedAway.header("Retry-After")).isNotEmpty();
            assertThat(full.turnedAway()).isPositive();
            assertThat(full.transactionBytesLimit()).isEqualTo(LIMIT);
            assertThat(full.transactionBytes()).isBetween(200_000L, LIMIT * 3L / 4);
            until(() -> proxy.proxy().statistics().clientTransactions() == 0);
            stranger.pendingAfterRoundTrip();
            until(() ->
                    proxy.proxy().statistics().transactionBytes() < 200_000); // the 408 of an INVITE waits for its ACK
        }
    }

    @Test
    void reserveIsForTrustedPeersAndDialogs() {
        try (ProxyUnderTest proxy = proxy(SipTimers.DEFAULT)) {
            WireClient.Udp stranger = proxy.udp("stranger");
            WireClient.Udp gateway = proxy.udp("gateway");
            WireClient.Udp bob = proxy.registered("bob");
            Request invite = stranger.send(stranger.request("INVITE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("INVITE");
            bob.respond(received, 200);
            WireMessage ok = stranger.awaitResponse(invite, 200);
            Dialog dialog = Dialog.ofCaller(stranger, ok);
            stranger.send(dialog.ack());
            bob.awaitRequest("ACK");

            fill(stranger, "MESSAGE", "mallory");
            bob.discardPending();

            gateway.send(large(gateway, "INVITE", "gateway"));
            bob.await(
                    "the gateway's INVITE",
                    m -> m.method().equals("INVITE") && m.text().contains("gateway@"));
            stranger.send(dialog.request("INFO").body("text/plain", BODY));
            bob.respond(bob.awaitRequest("INFO"), 200);
        }
    }

    @Test
    void strangerGetsNothingWhenTheReserveIsFullToo() {
        try (ProxyUnderTest proxy = proxy(SipTimers.DEFAULT)) {
            WireClient.Udp stranger = proxy.udp("stranger");
            WireClient.Udp gateway = proxy.udp("gateway");
            WireClient.Udp bob = proxy.registered("bob");
            fill(gateway, "MESSAGE", "gateway");
            // fill the rest with small requests, whose bodies are kept as long as their transactions
            for (int i = 0; i < 200; i++) {
                Request small = gateway.send(gateway.request("MESSAGE", "sip:bob@sip.test")
                        .from("<sip:gateway@foreign.test>;tag=1")
                        .body("text/plain", "y".repeat(4_000)));
                bob.await(
                        "the message or a 503",
                        m -> m.text().contains(small.callId())
                                || proxy.proxy().statistics().turnedAway() > 40);
                if (proxy.proxy().statistics().transactionBytes() > LIMIT - LIMIT / 16) {
                    break;
                }
            }
            long before = proxy.proxy().statistics().turnedAway();

            Request refused = stranger.send(large(stranger, "MESSAGE", "mallory"));
            until(() -> proxy.proxy().statistics().turnedAway() > before);

            assertThat(stranger.pendingAfterRoundTrip())
                    .noneMatch(m -> m.branch().equals(refused.branch()));
        }
    }

    @Test
    void nothingIsChargedAfterTheCloseOfAProxyWithLiveTransactions() {
        try (ProxyUnderTest proxy = proxy(SipTimers.DEFAULT)) {
            WireClient.Udp stranger = proxy.udp("stranger");
            WireClient.Udp bob = proxy.registered("bob");
            stranger.send(stranger.request("INVITE", "sip:bob@sip.test"));
            bob.respond(bob.awaitRequest("INVITE"), 180);
            stranger.send(large(stranger, "MESSAGE", "mallory"));
            until(() -> proxy.proxy().statistics().serverTransactions() == 2);
            assertThat(proxy.proxy().statistics().transactionBytes()).isPositive();

            proxy.proxy().close();

            assertThat(proxy.proxy().statistics().transactionBytes()).isZero();
            assertThat(proxy.proxy().statistics().clientTransactions()).isZero();
        }
    }

    @Test
    void bodyOfARingingInviteIsNotKept() {
        try (ProxyUnderTest proxy = proxy(SipTimers.DEFAULT)) {
            WireClient.Udp stranger = proxy.udp("stranger");
            WireClient.Udp bob = proxy.registered("bob");
            Request invite = stranger.send(large(stranger, "INVITE", "mallory"));
            WireMessage received = bob.awaitRequest("INVITE");
            until(() -> proxy.proxy().statistics().transactionBytes() > 59_000);

            bob.respond(received, 180);
            stranger.awaitResponse(invite, 180);

            until(() -> proxy.proxy().statistics().transactionBytes() < 10_000);
            Request cancel = stranger.send(invite.cancel());
            stranger.awaitResponse(cancel, 200);
            WireMessage passedOn = bob.awaitRequest("CANCEL");
            assertThat(passedOn.topVia()).isEqualTo(received.topVia());
            bob.respond(passedOn, 200);
            bob.respond(received, 487);
            WireMessage end = stranger.awaitResponse(invite, 487);
            stranger.send(invite.ack(end).text());
            assertThat(bob.awaitRequest("ACK").topVia()).isEqualTo(received.topVia());
        }
    }
}
