package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.core.options.ProxyClock;

/** Overload control: a receiver that is behind refuses new calls (RFC 5390, RFC 6357). */
class OverloadTest {

    private final AtomicLong elapsedNanos = new AtomicLong();
    private final AtomicInteger invites = new AtomicInteger();
    private volatile CountDownLatch released = new CountDownLatch(1);
    private final ProxyUnderTest proxy =
            ProxyUnderTest.start(builder -> builder.clock(new Clock()).beforeRouting(new SlowStage()));
    private final WireClient.Udp alice = proxy.udp("alice");

    /** A clock that only the stage advances, so that the overload is not over on a slow machine. */
    private final class Clock implements ProxyClock {

        @Override
        public long nanoTime() {
            return elapsedNanos.get();
        }

        @Override
        public long currentTimeMillis() {
            return System.currentTimeMillis();
        }
    }

    /** A stage that holds each INVITE until it is released, and takes 10 ms of each. */
    private final class SlowStage implements RequestStage {

        @Override
        public Verdict handle(StageContext context) {
            if (context.request().method().name().equals("INVITE")) {
                invites.incrementAndGet();
                awaitRelease();
                elapsedNanos.addAndGet(10_000_000);
            }
            return Verdict.proceed();
        }

        private void awaitRelease() {
            try {
                assertThat(released.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    @AfterEach
    void close() {
        released.countDown();
        proxy.close();
    }

    @Test
    void newCallsThatWaitTooLongGet503AndInDialogRequestsAreServed() {
        List<Request> calls = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            calls.add(alice.send(alice.request("INVITE", "sip:bob@sip.test")));
        }
        Request bye = alice.request("BYE", "sip:bob@sip.test");
        bye = alice.send(bye.to(bye.to() + ";tag=1"));
        released.countDown();

        assertThat(alice.awaitFinal(bye).status()).isNotEqualTo(503);
        WireMessage refusal = alice.await("a 503", m -> m.isResponse() && m.status() == 503);
        Request refused = calls.stream()
                .filter(call -> call.callId().equals(refusal.header("Call-ID")))
                .findFirst()
                .orElseThrow();
        assertThat(refusal.header("Retry-After")).isEqualTo("5");
        assertThat(alice.awaitFinal(calls.get(0)).status()).isNotEqualTo(503);
        await().untilAsserted(
                        () -> { // counted after the response is sent
                            assertThat(proxy.proxy().statistics().shed()).isPositive();
                            assertThat(proxy.proxy().statistics().delayed()).isPositive();
                            assertThat(proxy.proxy().health().status()).isEqualTo(ProxyHealth.Status.DEGRADED);
                        });

        int served = invites.get();
        alice.send(refused); // there is room now, but the client may have the 503 already

        // that of a request that is parsed, the other one was not
        assertThat(alice.awaitFinal(refused).text()).isEqualTo(refusal.text());
        assertThat(invites.get()).isEqualTo(served);

        alice.awaitFinal(alice.send(alice.request("OPTIONS", "sip:sip.test"))); // the queue is empty
        acksOfTheRefusalTakeNoPlaceInTheQueue(refused, refusal);
    }

    private void acksOfTheRefusalTakeNoPlaceInTheQueue(Request refused, WireMessage refusal) {
        ProxyStatistics before = proxy.proxy().statistics();
        int served = invites.get();
        released = new CountDownLatch(1);
        alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        await().until(() -> invites.get() > served); // the receiver is stopped
        for (int i = 0; i < 200; i++) {
            alice.send(refused.ack(refusal));
        }

        released.countDown();

        await().until(() -> proxy.proxy().statistics().requests() >= before.requests() + 201);
        assertThat(proxy.proxy().statistics().delayed()).isEqualTo(before.delayed());
    }
}
