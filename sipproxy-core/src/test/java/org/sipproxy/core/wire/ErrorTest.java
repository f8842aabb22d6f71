package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Flow;

/** Threads of the proxy survive every Error, and what the Error interrupts leaves nothing behind. */
class ErrorTest {

    /** Arrival filter that throws an OutOfMemoryError while {@link #fails}. */
    private static final class Failing implements ProxyComponent {

        final AtomicReference<ProxyRuntime> runtime = new AtomicReference<>();
        volatile boolean fails;

        @Override
        public void install(ComponentHooks hooks) {
            hooks.onArrival(new ArrivalFilter() {
                @Override
                public boolean accepts(Flow flow, int length) {
                    if (fails) {
                        throw new OutOfMemoryError("of the test");
                    }
                    return true;
                }
            });
        }

        @Override
        public void start(ProxyRuntime proxy) {
            runtime.set(proxy);
        }
    }

    private static void until(BooleanSupplier condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .until(condition::getAsBoolean);
    }

    private static void answersOptions(WireClient client) {
        Request options = client.send(client.request("OPTIONS", "sip:sip.test"));
        client.awaitResponse(options, 200);
    }

    @Test
    void receiversAndEventLoopsSurviveErrorsAndCountThem() {
        Failing failing = new Failing();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(failing))) {
            WireClient.Udp udp = proxy.udp("udp");
            WireClient.Tcp tcp = proxy.tcp("tcp");
            answersOptions(udp);
            answersOptions(tcp);
            ProxyStatistics before = proxy.proxy().statistics();

            failing.fails = true;
            for (int i = 0; i < 20; i++) {
                udp.send(udp.request("OPTIONS", "sip:sip.test"));
                tcp.send(tcp.request("OPTIONS", "sip:sip.test"));
            }
            until(() -> proxy.proxy().statistics().outOfMemoryErrors() >= before.outOfMemoryErrors() + 40);
            failing.fails = false;

            answersOptions(udp);
            answersOptions(tcp);
            assertThat(proxy.proxy().statistics().errors()).isGreaterThanOrEqualTo(before.errors() + 40);
        }
    }

    @Test
    void timerThreadSurvivesErrors() throws InterruptedException {
        Failing failing = new Failing();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(failing))) {
            ProxyRuntime runtime = failing.runtime.get();
            long before = proxy.proxy().statistics().errors();
            CountDownLatch later = new CountDownLatch(1);
            for (int i = 0; i < 3; i++) {
                runtime.schedule(Duration.ofMillis(10), () -> {
                    throw new OutOfMemoryError("of the test");
                });
            }
            runtime.schedule(Duration.ofMillis(10), () -> {
                throw new StackOverflowError("of the test");
            });

            runtime.schedule(Duration.ofMillis(60), later::countDown);

            assertThat(later.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(proxy.proxy().statistics().errors()).isGreaterThanOrEqualTo(before + 4);
        }
    }

    /** Fails when a request is sent to {@code bob}: during forwarding, with open transactions. */
    private static final class FailingTap implements WireListener {

        @Override
        public void onMessage(org.sipproxy.api.event.WireMessage message) {
            if (!message.isReceived()) {
                throw new OutOfMemoryError("of the test");
            }
        }
    }

    @Test
    void errorOfAWireListenerDoesNotAffectTheRequest() {
        FailingTap tap = new FailingTap();
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK).wireListener(tap))) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp bob = proxy.udp("bob");
            proxy.register(bob, "bob", "");
            for (String method : new String[] {"INVITE", "MESSAGE"}) {
                Request request = alice.send(alice.request(method, "sip:bob@sip.test"));
                bob.respond(bob.awaitRequest(method), 486);
                WireMessage answer = alice.awaitResponse(request, 486);
                if (method.equals("INVITE")) {
                    alice.send(request.ack(answer).text());
                }
            }
            until(() -> proxy.proxy().statistics().serverTransactions() == 0
                    && proxy.proxy().statistics().clientTransactions() == 0);

            assertThat(proxy.proxy().statistics().transactionBytes()).isZero();
        }
    }
}
