package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.gateway.DispatcherScene.START;
import static org.sipproxy.gateway.DispatcherScene.UNAVAILABLE;
import static org.sipproxy.gateway.DispatcherScene.byUser;
import static org.sipproxy.gateway.DispatcherScene.fail;
import static org.sipproxy.gateway.DispatcherScene.outgoing;
import static org.sipproxy.gateway.DispatcherScene.pair;
import static org.sipproxy.gateway.DispatcherScene.plan;
import static org.sipproxy.gateway.DispatcherScene.responded;
import static org.sipproxy.gateway.DispatcherScene.silent;
import static org.sipproxy.gateway.DispatcherScene.status;
import static org.sipproxy.gateway.DispatcherScene.target;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.GatewayFigures;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeFlow;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Failover to the next member, and the calls that a member has. */
class DispatcherFailoverTest {

    private final DispatcherScene scene = new DispatcherScene();

    @AfterEach
    void close() {
        scene.close();
    }

    private static CompletedRequest completed(FakeStageContext call, int status) {
        return new CompletedRequest(
                call.request(),
                FakeFlow.udp("203.0.113.7", 5060),
                status,
                "X",
                "to",
                START,
                START,
                List.of(),
                Optional.empty());
    }

    private static FakeStageContext bye() {
        return FakeStageContext.of("""
                BYE sip:x@192.0.2.10 SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK2
                Max-Forwards: 70
                From: <sip:bob@example.org>;tag=from
                To: <sip:someone@example.org>;tag=to
                Call-ID: 1
                CSeq: 2 BYE
                Content-Length: 0
                """);
    }

    @Test
    void nextMemberIsTriedAlthoughTheListenerThrowsAnError() throws Exception {
        Dispatcher dispatcher = scene.builder(pair().tries(2).downAfter(1))
                .onChange(change -> {
                    throw new LinkageError("host");
                })
                .fallback("pstn")
                .build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");

        RelayPlan first = plan(hooks.unavailable(call));
        RelayPlan second = plan(fail(first, call, silent(first)));

        assertThat(second.targets().get(0).uri()).hasToString("sip:030@192.0.2.11:5080");
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
    }

    @Test
    void nextMemberIsTriedUpToTheLimit() throws Exception {
        Dispatcher dispatcher = scene.builder(
                        pair().member("sip:192.0.2.12").tries(2).downAfter(1))
                .fallback("pstn")
                .build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");

        RelayPlan first = plan(hooks.unavailable(call));
        RelayPlan second = plan(fail(first, call, silent(first)));
        assertThat(second.targets().get(0).uri()).hasToString("sip:030@192.0.2.11:5080");
        assertThat(fail(second, call, silent(first), responded(second, 500, false)))
                .isEqualTo(Verdict.proceed());

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        assertThat(status(dispatcher, 0).lastFailure()).isEqualTo("no response to INVITE");
        assertThat(status(dispatcher, 0).lastFailureAt()).hasValue(START);
        assertThat(status(dispatcher, 1).state()).isEqualTo(MemberState.ACTIVE); // 500 may be about the request
        assertThat(scene.changes).extracting(MemberChange::now).containsExactly(MemberState.DOWN);
    }

    @Test
    void inDialogRequestWithoutARouteSetDoesNotTakeAMemberOutOfUse() throws Exception {
        Dispatcher dispatcher =
                scene.builder(pair().downAfter(1)).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext bye = FakeStageContext.of("""
                BYE sip:030@example.org SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
                Max-Forwards: 70
                From: <sip:bob@example.org>;tag=from
                To: <sip:030@example.org>;tag=to
                Call-ID: 1
                CSeq: 2 BYE
                Content-Length: 0
                """).unavailable(FailureCause.UNKNOWN_USER);
        RelayPlan plan = plan(hooks.unavailable(byUser(bye)));

        assertThat(fail(plan, bye, silent(plan))).isInstanceOf(Verdict.Relay.class);

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }

    @ParameterizedTest
    @CsvSource({
        "500, false, true", "502, false, true", "503, false, true", "504, true, true", "408, false, true",
        "408, true, false", "486, false, false", "480, false, false", "404, false, false", "501, false, false",
        "603, false, false", "407, false, false", "488, false, false"
    })
    void onlyFailuresOfTheServerLeadToTheNextMember(int status, boolean rang, boolean expected) throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair()).fallback("pstn").build());
        FakeStageContext call = outgoing("sip:030@example.org");
        RelayPlan plan = plan(hooks.unavailable(call));

        Verdict verdict = fail(plan, call, responded(plan, status, rang));

        assertThat(verdict instanceof Verdict.Relay).isEqualTo(expected);
    }

    @Test
    void memberThatWentDownMeanwhileIsNotTried() throws Exception {
        Dispatcher dispatcher =
                scene.builder(pair().member("sip:192.0.2.12")).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");
        RelayPlan first = plan(hooks.unavailable(call));
        dispatcher.drain("pstn", "sip:192.0.2.11:5080");

        assertThat(target(fail(first, call, silent(first)))).isEqualTo("sip:030@192.0.2.12");
    }

    @Test
    void retryAfterIsRespectedAtOnceAndForItsTime() throws Exception {
        Dispatcher dispatcher = scene.builder(pair()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        scene.proxy.requests().respondWith(200);
        FakeStageContext call = outgoing("sip:030@example.org");
        RelayPlan first = plan(hooks.unavailable(call));

        fail(first, call, responded(first, 503, false, "Retry-After: 60 (overload)"));

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        scene.proxy.advance(Duration.ofSeconds(59));
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        scene.proxy.advance(Duration.ofSeconds(12));
        assertThat(scene.changes)
                .extracting(MemberChange::now)
                .containsExactly(MemberState.DOWN, MemberState.TRYING, MemberState.ACTIVE);
    }

    @ParameterizedTest
    @CsvSource({"999999999999, 600", "soon, 0"})
    void retryAfterIsBounded(String value, int seconds) throws Exception {
        Dispatcher dispatcher =
                scene.builder(pair().noProbes()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");
        RelayPlan first = plan(hooks.unavailable(call));

        fail(first, call, responded(first, 503, false, "Retry-After: " + value));

        MemberState now = status(dispatcher, 0).state();
        assertThat(now).isEqualTo(seconds == 0 ? MemberState.TRYING : MemberState.DOWN);
        scene.proxy.advance(Duration.ofSeconds(seconds + 1L));
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.TRYING);
    }

    @Test
    void withoutProbesAMemberIsTriedAgainAfterATime() throws Exception {
        Dispatcher dispatcher =
                scene.builder(pair().noProbes().downAfter(1)).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");
        RelayPlan first = plan(hooks.unavailable(call));
        fail(first, call, silent(first));
        assertThat(status(dispatcher, 0).letters()).isEqualTo("IX");

        scene.proxy.advance(Duration.ofSeconds(31));

        assertThat(status(dispatcher, 0).letters()).isEqualTo("TX");
        assertThat(scene.proxy.requests().sent()).isEmpty();
    }

    @Test
    void ifNoMemberCanServeTheResponseIs503WithRetryAfter() throws Exception {
        Dispatcher dispatcher = scene.builder(pair()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        dispatcher.disable("pstn", "sip:192.0.2.10");
        dispatcher.drain("pstn", "sip:192.0.2.11:5080");
        FakeStageContext call = outgoing("sip:030@example.org");

        assertThat(hooks.unavailable(call)).isEqualTo(UNAVAILABLE);
        assertThat(call.explanation()).isEqualTo("no member of gateway set pstn can serve");
    }

    // ---- calls

    @Test
    void callsOfAMemberAreCountedUntilTheirBye() throws Exception {
        Dispatcher dispatcher = scene.builder(pair()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");
        hooks.unavailable(call);

        hooks.completed(completed(call, 200));
        assertThat(status(dispatcher, 0).calls()).isEqualTo(1);
        hooks.completed(completed(bye(), 407));
        assertThat(status(dispatcher, 0).calls()).isEqualTo(1);
        hooks.completed(completed(bye(), 481));
        assertThat(status(dispatcher, 0).calls()).isZero();
    }

    @Test
    void memberAtItsLimitGetsNoFurtherCall() throws Exception {
        Dispatcher dispatcher = scene.builder(GatewaySet.named("pstn")
                        .member(Gateway.builder("pstn", SipUri.of("sip:192.0.2.10"))
                                .maximumCalls(1)
                                .build()))
                .fallback("pstn")
                .build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");

        assertThat(hooks.unavailable(call)).isInstanceOf(Verdict.Relay.class);
        assertThat(hooks.unavailable(outgoing("sip:031@example.org"))).isEqualTo(UNAVAILABLE);
        hooks.completed(completed(call, 486));
        assertThat(hooks.unavailable(outgoing("sip:031@example.org"))).isInstanceOf(Verdict.Relay.class);
    }

    @Test
    void responseToARequestEndsTheTrial() throws Exception {
        Dispatcher dispatcher = scene.builder(
                        GatewaySet.named("pstn").member("sip:192.0.2.10").noProbes())
                .fallback("pstn")
                .build();
        FakeHooks hooks = scene.start(dispatcher);
        FakeStageContext call = outgoing("sip:030@example.org");
        RelayPlan plan = plan(hooks.unavailable(call));
        fail(plan, call, silent(plan));
        hooks.completed(completed(call, 408));
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.TRYING);
        assertThat(dispatcher.gatewayFigures())
                .containsExactly(new GatewayFigures("pstn", "sip:192.0.2.10", "trying", true, 0, 0, 1));

        hooks.unavailable(call);
        hooks.completed(completed(call, 486));

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }
}
