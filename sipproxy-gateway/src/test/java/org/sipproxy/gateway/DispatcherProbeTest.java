package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.gateway.DispatcherScene.UNAVAILABLE;
import static org.sipproxy.gateway.DispatcherScene.fail;
import static org.sipproxy.gateway.DispatcherScene.outgoing;
import static org.sipproxy.gateway.DispatcherScene.pair;
import static org.sipproxy.gateway.DispatcherScene.plan;
import static org.sipproxy.gateway.DispatcherScene.silent;
import static org.sipproxy.gateway.DispatcherScene.status;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Health of members by probes. */
class DispatcherProbeTest {

    private final DispatcherScene scene = new DispatcherScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void probesAreSentToEachMemberWithTheOptionsOfSetAndMember() {
        scene.start(scene.builder(GatewaySet.named("pstn")
                        .member("sip:192.0.2.10")
                        .member(Gateway.builder("pstn", SipUri.of("sip:192.0.2.11"))
                                .probeFrom(SipUri.of("sip:one@example.org"))
                                .outboundProxy(SipUri.of("sip:192.0.2.99"))
                                .build())
                        .probeFrom(SipUri.of("sip:all@example.org"))
                        .probeTimeLimit(Duration.ofSeconds(2)))
                .build());

        scene.proxy.advance(Duration.ofSeconds(1));

        assertThat(scene.proxy.requests().sent())
                .extracting(sent -> sent.request() + " " + sent.request().from().get() + " "
                        + sent.request().target().get().routes() + " "
                        + sent.request().timeLimit())
                .containsExactlyInAnyOrder(
                        "OPTIONS sip:192.0.2.10 <sip:all@example.org> [] PT2S",
                        "OPTIONS sip:192.0.2.11 <sip:one@example.org> [sip:192.0.2.99;lr] PT2S");
        scene.proxy.advance(Duration.ofSeconds(60));
        assertThat(scene.proxy.requests().sent()).hasSize(2); // one at a time
    }

    @Test
    void memberIsDownAndUpAgainByItsProbes() {
        Dispatcher dispatcher = scene.single(GatewaySet.named("pstn").upAfter(2));
        scene.nextProbe().respond(200);
        assertThat(status(dispatcher, 0).lastProbeAt()).hasValue(scene.proxy.wallClock());
        scene.nextProbe().fail(Reason.TIMED_OUT);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("TP");
        scene.nextProbe().fail(Reason.UNREACHABLE);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("IP");
        scene.nextProbe().respond(200);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("IP");
        scene.nextProbe().respond(204);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("AP");

        assertThat(scene.changes)
                .extracting(change -> change.now() + ": " + change.reason())
                .containsExactly(
                        "TRYING: no response to OPTIONS", "DOWN: cannot be reached", "ACTIVE: responds to OPTIONS");
    }

    @Test
    void probesThatSayNothingAboutTheGatewayDoNotCount() {
        Dispatcher dispatcher = scene.single(GatewaySet.named("pstn").downAfter(1));

        scene.nextProbe().fail(Reason.TOO_MANY_PENDING);
        scene.nextProbe().fail(Reason.INTERNAL_ERROR);

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }

    @Test
    void acceptedStatusCodesAreConfigurable() {
        Dispatcher dispatcher =
                scene.single(GatewaySet.named("pstn").downAfter(1).accept(404, 405));

        scene.nextProbe().respond(405);
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
        scene.nextProbe().respond(403);
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        assertThat(status(dispatcher, 0).lastFailure()).isEqualTo("403 to OPTIONS");
    }

    @Test
    void onlyMembersThatFailedAreProbedIfAsked() throws Exception {
        Dispatcher dispatcher =
                scene.builder(pair().probeOnlyDown()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        scene.proxy.advance(Duration.ofSeconds(30));
        assertThat(scene.proxy.requests().sent()).isEmpty();
        assertThat(status(dispatcher, 0).letters()).isEqualTo("AX");
        FakeStageContext call = outgoing("sip:030@example.org");
        RelayPlan first = plan(hooks.unavailable(call));
        fail(first, call, silent(first));

        scene.nextProbe().respond(200);

        assertThat(status(dispatcher, 0).letters()).isEqualTo("AX");
    }

    @Test
    void memberThatStartsAsDownIsUsedAfterItsFirstProbe() throws Exception {
        Dispatcher dispatcher = scene.builder(GatewaySet.named("pstn")
                        .member(Gateway.builder("pstn", SipUri.of("sip:192.0.2.10"))
                                .start(Gateway.Start.DOWN)
                                .build()))
                .fallback("pstn")
                .build();
        FakeHooks hooks = scene.start(dispatcher);
        assertThat(hooks.unavailable(outgoing("sip:030@example.org"))).isEqualTo(UNAVAILABLE);

        scene.nextProbe().respond(200);

        assertThat(hooks.unavailable(outgoing("sip:030@example.org"))).isInstanceOf(Verdict.Relay.class);
    }
}
