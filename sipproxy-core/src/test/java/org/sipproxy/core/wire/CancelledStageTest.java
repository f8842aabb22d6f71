package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.AsyncRequestStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipUri;

/** CANCEL of calls that a stage of the host application decides about (RFC 3261 §9.2). */
class CancelledStageTest {

    private final CountDownLatch never = new CountDownLatch(1);
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger interrupted = new AtomicInteger();
    private final List<CompletableFuture<Verdict>> verdicts = new CopyOnWriteArrayList<>();
    private ProxyUnderTest proxy;
    private WireClient.Udp alice;

    private void start(UnaryOperator<SipProxyBuilder> options) {
        proxy = ProxyUnderTest.start(options);
        alice = proxy.udp("alice");
    }

    @AfterEach
    void close() {
        never.countDown();
        proxy.close();
    }

    private RequestStage blocking() {
        return RequestStage.onInvite(context -> {
            inside.incrementAndGet();
            try {
                never.await();
                return Verdict.proceed();
            } catch (InterruptedException e) {
                interrupted.incrementAndGet();
                throw e;
            } finally {
                inside.decrementAndGet();
            }
        });
    }

    private RequestStage asynchronous() {
        return RequestStage.onInvite(AsyncRequestStage.of(context -> {
            CompletableFuture<Verdict> verdict = new CompletableFuture<>();
            verdicts.add(verdict);
            return verdict;
        }));
    }

    private Request invite() {
        return alice.send(alice.request("INVITE", "sip:bob@sip.test"));
    }

    private Request waitingInvite(int count) {
        Request invite = invite();
        await().until(() -> inside.get() + verdicts.size() == count);
        return invite;
    }

    private void cancelled(Request invite) {
        alice.awaitResponse(alice.send(invite.cancel()), 200);
        alice.send(invite.ack(alice.awaitResponse(invite, 487)).text());
    }

    private static void assertNothingIsWrong(CapturedLog log) {
        assertThat(log.lines("REFUSED status=487")).isNotEmpty();
        assertThat(log.lines("WARN")).isEmpty();
        assertThat(log.lines("ERROR")).isEmpty();
    }

    @Test
    void blockingStageIsInterruptedAndTheCallEndsAtOnce() {
        start(b -> b.beforeRouting(blocking().atMost(1)));

        try (CapturedLog log = new CapturedLog()) {
            cancelled(waitingInvite(1));
            await().until(() -> interrupted.get() == 1 && inside.get() == 0);

            cancelled(waitingInvite(1)); // the stage has room again
            await().until(() -> interrupted.get() == 2 && inside.get() == 0);
            assertNothingIsWrong(log);
        }
    }

    @Test
    void cancelDoesNotWaitForAThreadOfTheHostsExecutor() {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            start(b -> b.stageExecutor(one).beforeRouting(blocking()));
            waitingInvite(1);
            Request second = invite(); // waits for the thread
            alice.awaitResponse(second, 100);

            cancelled(second);

            assertThat(interrupted).hasValue(0);
        } finally {
            never.countDown();
            one.shutdown();
        }
    }

    @Test
    void futureOfAnAsynchronousStageIsCancelled() {
        start(b -> b.beforeRouting(asynchronous().atMost(1)));

        cancelled(waitingInvite(1));
        await().until(() -> verdicts.get(0).isCancelled());

        cancelled(waitingInvite(2)); // the stage has room again
    }

    @Test
    void verdictThatCannotBeCancelledIsIgnored() {
        start(b -> b.beforeRouting(RequestStage.onInvite(AsyncRequestStage.of(context -> {
                    CompletableFuture<Verdict> verdict = new CompletableFuture<>();
                    verdicts.add(verdict);
                    return verdict.minimalCompletionStage(); // its cancel() throws
                }))
                .atMost(1)));

        try (CapturedLog log = new CapturedLog()) {
            cancelled(waitingInvite(1));
            verdicts.get(0).complete(Verdict.respond(603));
            cancelled(waitingInvite(2));

            assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() == 603);
            assertNothingIsWrong(log);
        }
    }

    @Test
    void requestThatQueuesBehindTheCancelledOneGoesOn() {
        start(b -> b.beforeRouting(asynchronous()));
        Request first = waitingInvite(1);
        Request second = alice.send(alice.request("INVITE", "sip:bob@sip.test")
                .callId(first.callId())
                .cseq(2));
        Request third = alice.send(alice.request("INVITE", "sip:bob@sip.test")
                .callId(first.callId())
                .cseq(3));
        alice.awaitResponse(second, 100);
        alice.awaitResponse(third, 100);

        cancelled(second);
        cancelled(first);

        await().until(() -> verdicts.size() == 2);
        verdicts.get(1).complete(Verdict.respond(603));
        alice.awaitResponse(third, 603);
    }

    @Test
    void laterStagesDoNotSeeTheCancelledCall() {
        List<String> seen = new CopyOnWriteArrayList<>();
        start(b -> b.beforeRouting(asynchronous()).beforeForwarding(context -> {
            seen.add(context.request().callId());
            return Verdict.proceed();
        }));
        WireClient.Udp bob = proxy.registered("bob");
        seen.clear();

        cancelled(waitingInvite(1));

        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
        assertThat(seen).isEmpty();
    }

    @Test
    void failureStageIsInterruptedAndTheCallEndsAtOnce() {
        start(b -> b.beforeRouting(RequestStage.onInvite(
                context -> Verdict.relay(RelayPlan.to(Target.of(SipUri.of("sip:nobody@127.0.0.1:1;transport=tcp")))
                        .onAnyFailure()
                        .decide(failure -> blocking().handle(null))))));

        try (CapturedLog log = new CapturedLog()) {
            cancelled(waitingInvite(1));

            await().until(() -> interrupted.get() == 1);
            assertNothingIsWrong(log);
        }
    }

    /** Each CANCEL meets its call in another state; no permit of the stage and no place in a queue is lost. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cancelAtAnyMomentLosesNothing(boolean async) throws Exception {
        int room = 4;
        RequestStage quick = async
                ? AsyncRequestStage.of(context -> CompletableFuture.supplyAsync(() -> {
                    pause();
                    return Verdict.proceed();
                }))
                : context -> {
                    Thread.sleep(ThreadLocalRandom.current().nextInt(3));
                    return Verdict.proceed();
                };
        start(b -> b.beforeRouting(RequestStage.onInvite(quick).atMost(1_000))
                .beforeForwarding(RequestStage.onInvite(quick).atMost(1_000))
                .onUnavailableUser((async ? asynchronous() : blocking()).atMost(room)));
        List<Request> calls = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            Request call = alice.request("INVITE", "sip:bob@sip.test");
            alice.send(i % 3 == 2 ? call.callId(calls.get(i - 1).callId()).cseq(2) : call);
            calls.add(call);
            Thread.sleep(0, ThreadLocalRandom.current().nextInt(900_000));
            alice.send(call.cancel());
        }

        calls.forEach(call -> alice.send(call.ack(alice.awaitFinal(call)).text()));
        await().until(() -> proxy.proxy().statistics().serverTransactions() == 0 && inside.get() == 0);
        verdicts.clear();
        for (int i = 1; i <= room; i++) {
            waitingInvite(i);
        }
        alice.awaitResponse(invite(), 503);
    }

    private static void pause() {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextInt(3));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
