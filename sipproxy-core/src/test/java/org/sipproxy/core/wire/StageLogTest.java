package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipUri;

/** Log lines about stages of the host application: each names the stage. */
class StageLogTest {

    private final CapturedLog log = new CapturedLog();
    private final CountDownLatch never = new CountDownLatch(1);
    private final CountDownLatch left = new CountDownLatch(1);
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
        log.close();
    }

    private RequestStage waiting() {
        return RequestStage.onInvite(context -> {
            try {
                never.await();
                return Verdict.proceed();
            } finally {
                left.countDown();
            }
        });
    }

    private void inviteGets(int status) {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        alice.awaitResponse(invite, status);
    }

    private void isRefusedBecause(String why) {
        isLogged("REFUSED", why);
    }

    private void isLogged(String word, String why) {
        await().until(() -> !log.lines(word).isEmpty());
        assertThat(log.lines(word)).singleElement().asString().contains(" why=\"" + why + "\"");
    }

    @Test
    void stageThatTakesTooLongHasOneLineAndNoStackTrace() throws Exception {
        start(b -> b.beforeRouting(waiting().named("crm").within(Duration.ofMillis(100))));

        inviteGets(503);
        left.await();
        alice.pendingAfterRoundTrip();

        isRefusedBecause("stage crm took longer than 100 ms");
        assertThat(log.lines("WARN")).singleElement().asString().contains("stage crm took longer than 100 ms");
        assertThat(log.text()).doesNotContain("InterruptedException").doesNotContain("ERROR");
    }

    @Test
    void fullStageAndLateStageHaveALineEach() {
        start(b -> b.beforeRouting(waiting().named("crm").atMost(1).within(Duration.ofMillis(500))));
        Request first = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        alice.awaitResponse(first, 100);

        inviteGets(503);
        isRefusedBecause("stage crm is full");
        alice.awaitResponse(first, 503);

        await().until(() -> log.lines("WARN").size() == 2);
        assertThat(log.lines("stage crm is full; requests get 503")).hasSize(1);
        assertThat(log.lines("stage crm took longer than 500 ms; the request gets 503"))
                .hasSize(1);
    }

    @Test
    void refusalNamesTheStageThatRespondsWithAServerFailure() {
        start(b -> b.beforeRouting(
                RequestStage.onInvite(context -> Verdict.respond(503)).named("crm")));

        inviteGets(503);

        isRefusedBecause("stage crm: Service Unavailable");
    }

    @Test
    void refusalHasTheReasonThatTheStageGives() {
        start(b -> b.beforeRouting(RequestStage.onInvite(context -> {
                    context.explain("not logged, because the stage proceeds");
                    return Verdict.proceed();
                }))
                .beforeRouting(RequestStage.onInvite(context -> {
                    context.explain("the account is closed");
                    return Verdict.respond(403);
                })));

        inviteGets(403);

        isRefusedBecause("the account is closed");
    }

    @Test
    void discardedRequestHasTheReasonThatTheStageGives() {
        start(b -> b.beforeRouting(RequestStage.onInvite(context -> {
            context.explain("rate limit: user");
            return Verdict.discard();
        })));

        alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        isLogged("DROPPED", "rate limit: user");
    }

    @Test
    void discardedRequestWithoutAReasonHasTheNameOfTheStage() {
        start(b -> b.beforeRouting(
                RequestStage.onInvite(context -> Verdict.discard()).named("crm")));

        alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        isLogged("DROPPED", "discarded by stage crm");
    }

    @Test
    void reasonOfAStageThatProceedsIsNotLogged() {
        start(b -> b.beforeRouting(RequestStage.onInvite(context -> {
            context.explain("not logged, because the stage proceeds");
            return Verdict.proceed();
        })));

        inviteGets(404);

        isRefusedBecause("no registered contact can be called");
    }

    @Test
    void refusalNamesTheStageThatIsUnavailable() {
        start(b -> b.beforeRouting(RequestStage.onInvite(context -> {
                    throw new TemporarilyUnavailableException("of the test", 7, null);
                })
                .named("crm")));

        inviteGets(503);

        isRefusedBecause("stage crm is temporarily unavailable");
    }

    @Test
    void refusalNamesTheStageThatHasNoThread() {
        start(b -> b.stageExecutor(task -> {
                    throw new RejectedExecutionException("of the test");
                })
                .beforeRouting(waiting().named("crm")));

        inviteGets(503);

        isRefusedBecause("no thread for stage crm");
    }

    @Test
    void lateFailureStageIsNamed() {
        start(b -> b.waitLimit(Duration.ofSeconds(1))
                .beforeRouting(RequestStage.onInvite(context ->
                        Verdict.relay(RelayPlan.to(Target.of(SipUri.of("sip:nobody@127.0.0.1:1;transport=tcp")))
                                .onAnyFailure()
                                .decide(FailureStage.of(failure -> {
                                            failure.explain("the branch office");
                                            return waiting().handle(null);
                                        })
                                        .named("second choice"))))));

        inviteGets(500); // a transport error is not the caller's 503

        await().until(() -> !log.lines("WARN").isEmpty());
        assertThat(log.lines("WARN"))
                .singleElement()
                .asString()
                .contains("failure stage second choice took longer than 1000 ms");
        await().until(() -> !log.lines("REFUSED").isEmpty());
        assertThat(log.lines("REFUSED"))
                .singleElement()
                .asString()
                .contains("why=\"the branch office: cannot connect to tcp:127.0.0.1:1");
        assertThat(log.text()).doesNotContain("InterruptedException").doesNotContain("ERROR");
    }
}
