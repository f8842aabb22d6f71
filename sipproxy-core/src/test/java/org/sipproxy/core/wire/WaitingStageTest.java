package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.AsyncRequestStage;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/** Stages that block or decide asynchronously: they delay nothing but the requests that pass them. */
class WaitingStageTest {

    private final CountDownLatch released = new CountDownLatch(1);
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private ProxyUnderTest proxy;

    private void start(UnaryOperator<SipProxyBuilder> options) {
        proxy = ProxyUnderTest.start(options);
    }

    @AfterEach
    void close() {
        released.countDown();
        proxy.close();
    }

    /** Waits until the test releases it. */
    private RequestStage waiting() {
        return context -> {
            seen.add(context.request().callId());
            released.await();
            return Verdict.proceed();
        };
    }

    // ---- blocking stages

    /** RFC 3261 §17.2.1; without it the caller retransmits, and may not cancel (§9.1). */
    @Test
    void theCallerGets100WhileAStageWaits() {
        start(b -> b.beforeRouting(RequestStage.onInvite(waiting())));
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        alice.awaitResponse(invite, 100);
        released.countDown();
        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.awaitResponse(invite, 486);
    }

    @Test
    void callsThatWaitDelayNoRegistration() {
        start(b -> b.workerThreads(1).beforeRouting(RequestStage.onInvite(waiting())));
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");
        List<Request> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(alice.send(alice.request("INVITE", "sip:bob@sip.test")));
        }
        await().until(() -> seen.size() == 100);

        for (int i = 0; i < 20; i++) {
            proxy.register(bob, "user" + i, "");
        }

        released.countDown();
        calls.forEach(call -> bob.respond(bob.awaitRequest("INVITE"), 486));
        calls.forEach(call -> alice.awaitResponse(call, 486));
    }

    @Test
    void requestsOfOneCallIdPassInTheirOrder() {
        CountDownLatch first = new CountDownLatch(1);
        start(b -> b.beforeRouting(RequestStage.on(Set.of(Method.MESSAGE), context -> {
            seen.add("CSeq " + context.request().cseq().number());
            if (seen.size() == 1) {
                first.await();
            }
            return Verdict.respond(200);
        })));
        WireClient.Udp alice = proxy.udp("alice");
        Request one = alice.send(alice.request("MESSAGE", "sip:bob@sip.test").cseq(1));
        await().until(() -> seen.size() == 1);
        Request two = alice.send(alice.request("MESSAGE", "sip:bob@sip.test")
                .callId(one.callId())
                .cseq(2));
        Request other = alice.send(alice.request("MESSAGE", "sip:bob@sip.test").cseq(7));

        alice.awaitResponse(other, 200); // another Call-ID passes
        assertThat(seen).containsExactly("CSeq 1", "CSeq 7");
        first.countDown();

        alice.awaitResponse(one, 200);
        alice.awaitResponse(two, 200);
        assertThat(seen).containsExactly("CSeq 1", "CSeq 7", "CSeq 2");
    }

    @Test
    void stageThatTakesTooLongIsInterruptedAndItsRequestGets503() {
        CountDownLatch interrupted = new CountDownLatch(1);
        RequestStage slow = context -> {
            try {
                new CountDownLatch(1).await();
                return Verdict.proceed();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
        };
        start(b -> b.beforeRouting(RequestStage.onInvite(slow).within(Duration.ofMillis(200))));
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        assertThat(alice.awaitResponse(invite, 503).lines("Retry-After")).isNotEmpty();
        await().until(() -> interrupted.getCount() == 0);
    }

    @Test
    void waitLimitOfTheProxyCountsForStagesWithoutALimit() {
        start(b -> b.waitLimit(Duration.ofSeconds(1)).beforeRouting(RequestStage.onInvite(waiting())));
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        alice.awaitResponse(invite, 503);
    }

    @Test
    void stageThatIsFullRefusesWith503AndServesAgain() {
        start(b -> b.beforeRouting(RequestStage.onInvite(waiting()).atMost(2)));
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");
        List<Request> inside = List.of(
                alice.send(alice.request("INVITE", "sip:bob@sip.test")),
                alice.send(alice.request("INVITE", "sip:bob@sip.test")));
        await().until(() -> seen.size() == 2);

        Request refused = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        assertThat(alice.awaitResponse(refused, 503).lines("Retry-After")).isNotEmpty();
        released.countDown();
        bob.respond(bob.awaitRequest("INVITE"), 486);
        bob.respond(bob.awaitRequest("INVITE"), 486);
        inside.forEach(call -> alice.awaitResponse(call, 486));
        Request next = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.awaitResponse(next, 486);
    }

    @Test
    void requestThatWaitsGets503WhenTheProxyCloses() {
        start(b -> b.drainTime(Duration.ofMillis(100)).beforeRouting(RequestStage.onInvite(waiting())));
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        await().until(() -> seen.size() == 1);

        proxy.proxy().close();

        alice.awaitResponse(invite, 503);
    }

    @Test
    void ackPassesAStageThatBlocks() {
        start(b -> b.beforeForwarding(context -> {
            Thread.sleep(20);
            return Verdict.proceed();
        }));
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        Dialog dialog = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        alice.send(dialog.ack());

        bob.awaitRequest("ACK");
    }

    @Test
    void severalWaitingStagesRunInTheirOrder() {
        start(b -> b.beforeAuthentication(context -> {
                    seen.add("first");
                    return Verdict.proceed();
                })
                .beforeRouting(AsyncRequestStage.of(context -> {
                    seen.add("second");
                    return CompletableFuture.supplyAsync(Verdict::proceed);
                }))
                .beforeForwarding(context -> {
                    seen.add("third");
                    return Verdict.proceed();
                }));
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");
        seen.clear();

        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("MESSAGE"), 200);

        alice.awaitResponse(message, 200);
        assertThat(seen).containsExactly("first", "second", "third");
    }

    // ---- threads

    @Test
    void executorOfTheHostRunsTheStages() {
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "of-the-host"));
        try {
            start(b -> b.stageExecutor(executor).beforeRouting(context -> {
                seen.add(Thread.currentThread().getName());
                return Verdict.respond(202);
            }));
            WireClient.Udp alice = proxy.udp("alice");

            alice.awaitResponse(alice.send(alice.request("MESSAGE", "sip:bob@sip.test")), 202);

            assertThat(seen).containsExactly("of-the-host");
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void executorThatRejectsResultsIn503() {
        start(b -> b.stageExecutor(task -> {
                    throw new RejectedExecutionException("of the test");
                })
                .beforeRouting(context -> Verdict.proceed()));
        WireClient.Udp alice = proxy.udp("alice");

        alice.awaitResponse(alice.send(alice.request("MESSAGE", "sip:bob@sip.test")), 503);
    }

    @Test
    void queueOfOneCallIdEndsWithoutRecursionIfThereIsNoThread() {
        int queued = 5_000;
        AtomicBoolean accepts = new AtomicBoolean(true);
        start(b -> b.stageExecutor(task -> {
                    if (!accepts.get()) {
                        throw new RejectedExecutionException("of the test");
                    }
                    new Thread(null, task, "small", 128 * 1024).start();
                })
                .beforeRouting(
                        RequestStage.on(Set.of(Method.MESSAGE), waiting()).atMost(100_000)));
        WireClient.Tcp alice = proxy.tcp("alice"); // a burst of datagrams would be lost
        Request first = alice.send(alice.request("MESSAGE", "sip:bob@sip.test").cseq(1));
        await().until(() -> seen.size() == 1);
        for (int i = 0; i < queued; i++) {
            alice.send(alice.request("MESSAGE", "sip:bob@sip.test")
                    .callId(first.callId())
                    .cseq(2 + i));
        }
        await().until(() -> proxy.proxy().statistics().serverTransactions() == 1 + queued);

        accepts.set(false);
        released.countDown();

        await().until(() -> proxy.proxy().statistics().serverTransactions() == 0);
    }

    @Test
    void stageThatKeepsItsContextCannotChangeAForwardedRequest() {
        AtomicReference<StageContext> kept = new AtomicReference<>();
        AtomicReference<Target> second = new AtomicReference<>();
        start(b -> b.beforeRouting(RequestStage.onInvite(context -> {
            kept.set(context);
            return Verdict.relay(
                    RelayPlan.toCallee().onFailure(FailureCause.BUSY).relay(second.get()));
        })));
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp carol = proxy.udp("carol");
        second.set(Target.of(SipUri.of(carol.contact())));
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        StageContext late = kept.get();

        assertThatIllegalStateException()
                .isThrownBy(() -> late.replace(late.request().withoutHeader(HeaderName.VIA)))
                .withMessageContaining("no longer valid");
        assertThatIllegalStateException().isThrownBy(late::jain);
        assertThatIllegalStateException().isThrownBy(late::trust);

        bob.respond(received, 486);
        carol.respond(carol.awaitRequest("INVITE"), 486);
        alice.awaitResponse(invite, 486);
    }

    @Test
    void stageRunsOnlyForItsMethods() {
        start(b -> b.beforeRouting(RequestStage.onInvite(context -> Verdict.respond(603))));
        WireClient.Udp alice = proxy.udp("alice");

        alice.awaitResponse(alice.send(alice.request("INVITE", "sip:bob@sip.test")), 603);
        alice.awaitResponse(alice.send(alice.request("MESSAGE", "sip:bob@sip.test")), 404);
    }

    // ---- asynchronous stages

    @Test
    void asynchronousVerdictsHoldNoThread() {
        List<CompletableFuture<Verdict>> open = new CopyOnWriteArrayList<>();
        start(b -> b.stageExecutor(Executors.newSingleThreadExecutor())
                .beforeRouting(RequestStage.onInvite(AsyncRequestStage.of(context -> {
                    CompletableFuture<Verdict> verdict = new CompletableFuture<>();
                    open.add(verdict);
                    return verdict;
                }))));
        WireClient.Udp alice = proxy.udp("alice");
        List<Request> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            calls.add(alice.send(alice.request("INVITE", "sip:bob@sip.test")));
        }
        await().until(() -> open.size() == 50);

        new Thread(() -> open.forEach(verdict -> verdict.complete(Verdict.respond(603)))).start();

        calls.forEach(call -> alice.awaitResponse(call, 603));
    }

    @Test
    void asynchronousStageMayEditTheRequest() {
        start(b -> b.beforeRouting(AsyncRequestStage.of(context -> CompletableFuture.supplyAsync(() -> {
            context.replace(context.request().withHeader(org.sipproxy.message.HeaderName.of("X-Owner"), "crm"));
            return Verdict.proceed();
        }))));
        WireClient.Udp alice = proxy.udp("alice");
        WireClient.Udp bob = proxy.registered("bob");

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        assertThat(bob.awaitRequest("MESSAGE").lines("X-Owner")).containsExactly("crm");
    }

    @ParameterizedTest
    @CsvSource({"throws,500", "fails,500", "null stage,500", "null verdict,500", "unavailable,503", "late,503"})
    void asynchronousStageThatFails(String how, int status) {
        start(b -> b.beforeRouting(AsyncRequestStage.of(context -> failing(how)).within(Duration.ofMillis(300))));
        WireClient.Udp alice = proxy.udp("alice");

        alice.awaitResponse(alice.send(alice.request("MESSAGE", "sip:bob@sip.test")), status);
    }

    private static CompletionStage<Verdict> failing(String how) {
        return switch (how) {
            case "throws" -> throw new AssertionError("of the test");
            case "fails" -> CompletableFuture.failedFuture(new IllegalStateException("of the test"));
            case "null stage" -> null;
            case "null verdict" -> CompletableFuture.completedFuture(null);
            case "unavailable" ->
                CompletableFuture.supplyAsync(() -> {
                    throw new TemporarilyUnavailableException("of the test", 7, null);
                });
            default -> new CompletableFuture<>();
        };
    }

    /** The phone registers, and the stage looks up its binding on the thread that wakes it. */
    @Test
    void asynchronousStageMayLookUpBindingsInADatabase() {
        CompletableFuture<Void> awake = new CompletableFuture<>();
        start(b -> b.locationStore(StoreMode.databaseOnly(new HeapBindingRepository()))
                .onUnavailableUser(RequestStage.onInvite(AsyncRequestStage.of(context -> {
                    Aor aor = context.aorOf(context.request().requestUri()).orElseThrow();
                    seen.add(context.bindings(aor).size() + " bindings");
                    return awake.thenApply(registered -> Verdict.relay(
                            context.bindings(aor).stream().map(Target::of).toList()));
                }))));
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        await().until(() -> seen.size() == 1);
        WireClient.Udp bob = proxy.registered("bob");

        new Thread(() -> awake.complete(null)).start();

        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.awaitResponse(invite, 486);
        assertThat(seen).containsExactly("0 bindings");
    }

    @Test
    void timerThreadDoesNotCallAnAsynchronousStage() {
        start(b -> b.beforeRouting(RequestStage.on(Set.of(Method.MESSAGE), AsyncRequestStage.of(context -> {
                    seen.add(Thread.currentThread().getName());
                    return new CompletableFuture<>(); // never completes
                }))
                .within(Duration.ofSeconds(1))));
        WireClient.Udp alice = proxy.udp("alice");
        Request first = alice.send(alice.request("MESSAGE", "sip:bob@sip.test").cseq(1));
        await().until(() -> seen.size() == 1);
        await().pollDelay(Duration.ofMillis(200)).until(() -> true);
        Request second = alice.send(alice.request("MESSAGE", "sip:bob@sip.test")
                .callId(first.callId())
                .cseq(2));

        alice.awaitResponse(first, 503);
        alice.awaitResponse(second, 503);

        assertThat(seen).hasSize(2).noneMatch(thread -> thread.endsWith("-timer"));
    }

    @Test
    void verdictAfterTheTimeLimitHasNoEffect() throws Exception {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        start(b -> b.beforeRouting(AsyncRequestStage.of(context -> verdict).within(Duration.ofMillis(200))));
        WireClient.Udp alice = proxy.udp("alice");
        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        alice.awaitResponse(message, 503);

        verdict.complete(Verdict.respond(202));
        TimeUnit.MILLISECONDS.sleep(100);

        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() == 202);
    }
}
