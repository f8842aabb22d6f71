package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.gateway.DispatcherScene.outgoing;
import static org.sipproxy.gateway.DispatcherScene.pair;
import static org.sipproxy.gateway.DispatcherScene.target;
import static org.sipproxy.gateway.DispatcherScene.unknown;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Rehearsed calls to gateways. */
class RehearsalTest {

    private final DispatcherScene scene = new DispatcherScene();

    @AfterEach
    void close() {
        scene.close();
    }

    private static FakeStageContext question() {
        return outgoing("sip:030@example.org").rehearsal();
    }

    @Test
    void ruleAndGatewaysAreNoted() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair()).prefix("0", "pstn").build());
        FakeStageContext call = question();

        assertThat(target(hooks.unavailable(call))).isEqualTo("sip:030@192.0.2.10");
        assertThat(call.notes()).containsEntry("gateway rule", "pstn for 030");
        assertThat(call.notes().get("gateway set")).startsWith("pstn, ");
        assertThat(call.notes().get("gateway")).contains("192.0.2.11").endsWith("ACTIVE");
    }

    @Test
    void turnOfTheGatewaysDoesNotChange() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair().algorithm(Algorithm.ROUND_ROBIN))
                .fallback("pstn")
                .build());

        for (int i = 0; i < 3; i++) {
            assertThat(target(hooks.unavailable(question()))).isEqualTo("sip:030@192.0.2.10");
        }
        assertThat(target(hooks.unavailable(outgoing("sip:030@example.org")))).isEqualTo("sip:030@192.0.2.10");
        assertThat(target(hooks.unavailable(question()))).isEqualTo("sip:030@192.0.2.11:5080");
    }

    @Test
    void callIsNotCounted() throws Exception {
        Dispatcher dispatcher = scene.builder(pair()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);

        hooks.unavailable(question());

        assertThat(dispatcher.status()).extracting(MemberStatus::calls).containsOnly(0);
        hooks.unavailable(outgoing("sip:030@example.org"));
        assertThat(dispatcher.status()).extracting(MemberStatus::calls).contains(1);
    }

    @Test
    void missingRightToCallOutIsNoted() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair()).fallback("pstn").build());
        FakeStageContext stranger = unknown("sip:030@example.org").rehearsal();

        assertThat(hooks.unavailable(stranger)).isEqualTo(Verdict.proceed());

        assertThat(stranger.notes()).containsEntry("gateway rule", "pstn for 030, but the sender is not authenticated");
    }

    @Test
    void setWithoutAUsableGatewayIsNoted() throws Exception {
        Dispatcher dispatcher = scene.builder(pair()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        dispatcher
                .status()
                .forEach(member -> dispatcher.disable("pstn", member.gateway().id()));
        FakeStageContext call = question();

        assertThat(hooks.unavailable(call)).isEqualTo(DispatcherScene.UNAVAILABLE);

        assertThat(call.explanation()).isEqualTo("no member of gateway set pstn can serve");
    }

    @Test
    void trunkIsNoted() throws Exception {
        Trunk trunk = Trunk.builder("carrier", SipUri.of("sip:192.0.2.20"))
                .account("4930123")
                .login(DigestLogin.ofPassword("4930123", "secret").forRealm("carrier.test"))
                .prefix("+")
                .build();
        FakeHooks hooks = FakeHooks.of(trunk, scene.proxy);
        FakeStageContext call = outgoing("sip:+49301@example.org").rehearsal();

        assertThat(hooks.unavailable(call)).isInstanceOf(Verdict.Relay.class);

        assertThat(call.notes()).containsEntry("trunk", "trunk carrier takes +49301");
        assertThat(hooks.stages()).allMatch(stage -> stage.isRehearsable());
        trunk.close();
    }
}
