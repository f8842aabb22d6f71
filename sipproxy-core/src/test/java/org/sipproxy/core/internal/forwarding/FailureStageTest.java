package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.internal.transaction.ServerTransaction;

/** Threads of failure stages whose verdict is no longer needed. */
class FailureStageTest {

    private static final String A = "192.0.2.10";
    private static final Target TO_A = target("sip:bob@" + A);

    private final ForwardingScene scene = new ForwardingScene();
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);

    private RelayPlan waiting() {
        return RelayPlan.to(TO_A).onAnyFailure().decide(context -> {
            entered.countDown();
            try {
                new CountDownLatch(1).await();
                return Verdict.proceed();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancelled", "late", "closed"})
    void stageIsInterrupted(String how) throws Exception {
        ServerTransaction server = scene.invite(waiting());
        scene.answer(A, 486);
        Runnable task = scene.hostTasks.remove(0);
        AtomicInteger flagged = new AtomicInteger(-1);
        Thread thread = new Thread(() -> {
            task.run();
            flagged.set(Thread.currentThread().isInterrupted() ? 1 : 0);
        });
        thread.start();
        entered.await();

        switch (how) {
            case "cancelled" -> server.cancelled(null);
            case "late" -> scene.advance(10_001);
            default -> server.shutdown();
        }

        await().until(() -> interrupted.getCount() == 0);
        thread.join(10_000);
        assertThat(flagged).hasValue(0); // the next task of the thread is not interrupted
        assertThat(scene.completed).hasSize(1);
    }

    @Test
    void stageOfACallThatWasCancelledMeanwhileDoesNotRun() {
        ServerTransaction server = scene.invite(waiting());
        scene.answer(A, 486);
        server.cancelled(null);

        scene.runHostTasks();

        assertThat(entered.getCount()).isEqualTo(1);
        assertThat(scene.whatUpstream()).contains("487");
    }

    @Test
    void stageThatRelaysToNothingForeverIsStopped() {
        AtomicInteger asked = new AtomicInteger();
        FailureStage[] again = new FailureStage[1];
        again[0] = context -> {
            asked.incrementAndGet();
            return Verdict.relay(RelayPlan.to(List.of()).onAnyFailure().decide(again[0]));
        };
        scene.invite(RelayPlan.to(TO_A).onAnyFailure().decide(again[0]));
        scene.answer(A, 486);

        for (int i = 0; i < 200; i++) {
            scene.runHostTasks();
        }

        assertThat(asked.get()).isLessThanOrEqualTo(101);
        assertThat(scene.completed).containsExactly(486);
    }
}
