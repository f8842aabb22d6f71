package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.gateway.DispatcherScene.byUser;
import static org.sipproxy.gateway.DispatcherScene.outgoing;
import static org.sipproxy.gateway.DispatcherScene.pair;
import static org.sipproxy.gateway.DispatcherScene.plan;
import static org.sipproxy.gateway.DispatcherScene.request;
import static org.sipproxy.gateway.DispatcherScene.status;
import static org.sipproxy.gateway.DispatcherScene.target;
import static org.sipproxy.gateway.DispatcherScene.unknown;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Which requests a dispatcher takes, and where they go. */
class DispatcherTest {

    private final DispatcherScene scene = new DispatcherScene();

    @AfterEach
    void close() {
        scene.close();
    }

    // ---- which requests go to which set

    @Test
    void unknownUserGoesToTheFallbackSetAndKeepsItsUserPart() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair()).fallback("pstn").build());

        assertThat(target(hooks.unavailable(outgoing("sip:0%330@example.org;user=phone"))))
                .isEqualTo("sip:0%330@192.0.2.10");
        assertThat(target(hooks.unavailable(outgoing("sip:030@example.org")))).isEqualTo("sip:030@192.0.2.11:5080");
    }

    @Test
    void strangersAreNeverSentOut() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair())
                .fallback("pstn")
                .prefix("0", "pstn")
                .route("pstn", context -> true)
                .build());

        assertThat(hooks.unavailable(unknown("sip:030@example.org"))).isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(request("INVITE", "sip:030@example.org")))
                .isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(request("INVITE", "tel:030"))).isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(request("INVITE", "sip:030@elsewhere.test")))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void trustedPeerMayCallOut() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair()).fallback("pstn").build());
        FakeStageContext call = unknown("sip:030@example.org");
        call.trust();

        assertThat(target(hooks.unavailable(call))).isEqualTo("sip:030@192.0.2.10");
    }

    @Test
    void userWithoutABindingIsNotSentOut() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair()).fallback("pstn").build());

        assertThat(hooks.unavailable(
                        byUser(request("INVITE", "sip:carol@example.org").unavailable(FailureCause.NOT_REGISTERED))))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void numbersOfOtherDomainsAndTelUrisAreSentOutButNamesAreNot() {
        FakeHooks hooks = scene.start(scene.builder(pair()).fallback("pstn").build());

        assertThat(target(hooks.send(request("INVITE", "sip:+49-30@elsewhere.test"), "bob")))
                .isEqualTo("sip:+49-30@192.0.2.10");
        assertThat(target(hooks.send(request("INVITE", "tel:+49-30;isub=1"), "bob")))
                .isEqualTo("sip:+4930;isub=1@192.0.2.11:5080");
        assertThat(hooks.send(request("INVITE", "sip:carol@elsewhere.test"), "bob"))
                .isEqualTo(Verdict.proceed());
        assertThat(hooks.send(request("INVITE", "sip:030@example.org"), "bob")).isEqualTo(Verdict.proceed());
        assertThat(hooks.send(request("INVITE", "mailto:030@example.org"), "bob"))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void longestPrefixDecidesBeforeTheFallback() throws Exception {
        FakeHooks hooks = scene.start(Dispatcher.builder()
                .set(GatewaySet.named("a").member("sip:192.0.2.1").build())
                .set(GatewaySet.named("b").member("sip:192.0.2.2").build())
                .set(GatewaySet.named("c").member("sip:192.0.2.3").build())
                .fallback("a")
                .prefix("+49", "b")
                .prefix("+4930", "c")
                .build());

        assertThat(target(hooks.unavailable(outgoing("sip:+49-30-1@example.org"))))
                .endsWith("@192.0.2.3");
        assertThat(target(hooks.unavailable(outgoing("sip:+49401@example.org"))))
                .endsWith("@192.0.2.2");
        assertThat(target(hooks.unavailable(outgoing("sip:0401@example.org")))).endsWith("@192.0.2.1");
        assertThat(target(hooks.unavailable(outgoing("sip:zoe@example.org")))).endsWith("@192.0.2.1");
    }

    @Test
    void numberHasTheFormOfItsPrefix() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair())
                .set(GatewaySet.named("home").member("sip:192.0.2.30").build())
                .fallback("pstn")
                .prefix("+", "pstn", NumberPlan.none().replace("+", "00"))
                .prefix("+49", "home", NumberPlan.none().replace("+49", "0"))
                .build());

        assertThat(target(hooks.unavailable(outgoing("sip:+44-20@example.org"))))
                .isEqualTo("sip:004420@192.0.2.10");
        assertThat(target(hooks.unavailable(outgoing("sip:+4930@example.org")))).isEqualTo("sip:030@192.0.2.30");
        assertThat(target(hooks.unavailable(outgoing("sip:04-4@example.org"))))
                .as("the fallback has no form of its own")
                .isEqualTo("sip:04-4@192.0.2.11:5080");
    }

    @Test
    void prefixesOfSetsAndTrunksAreOneTable() throws Exception {
        Trunk carrier = trunk("carrier", "sip:192.0.2.40");
        Trunk world = trunk("world", "sip:192.0.2.50");
        FakeHooks hooks = scene.start(scene.builder(pair())
                .prefix("+49", carrier, NumberPlan.none())
                .prefix("+4930", "pstn")
                .prefix("+493099", carrier, NumberPlan.none().replace("+", "00"))
                .fallback(world)
                .build());

        assertThat(target(hooks.unavailable(outgoing("sip:+4940@example.org")))).isEqualTo("sip:+4940@192.0.2.40");
        assertThat(target(hooks.unavailable(outgoing("sip:+49301@example.org"))))
                .isEqualTo("sip:+49301@192.0.2.10");
        assertThat(target(hooks.unavailable(outgoing("sip:+4930991@example.org"))))
                .isEqualTo("sip:004930991@192.0.2.40");
        assertThat(target(hooks.unavailable(outgoing("sip:+1212@example.org")))).isEqualTo("sip:+1212@192.0.2.50");
        assertThat(hooks.unavailable(unknown("sip:+1212@example.org")))
                .as("a stranger")
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void callOfAProviderIsNotSentBackToIt() throws Exception {
        Trunk carrier = trunk("carrier", "sip:192.0.2.40");
        carrier.start(scene.proxy);
        FakeHooks hooks = scene.start(Dispatcher.builder().fallback(carrier).build());
        FakeStageContext call = unknown("sip:+1212@example.org").from("192.0.2.40");
        call.trust();

        assertThat(hooks.unavailable(call)).isEqualTo(Verdict.proceed());
    }

    private static Trunk trunk(String name, String provider) {
        return Trunk.builder(name, SipUri.of(provider)).withoutRegistration().build();
    }

    @Test
    void registerIsNeverDispatched() {
        FakeHooks hooks = scene.start(
                scene.builder(pair()).openRoute("pstn", context -> true).build());

        assertThat(hooks.send(request("REGISTER", "sip:example.org"), "bob")).isEqualTo(Verdict.proceed());
    }

    @Test
    void openRouteIsForAnyone() {
        FakeHooks hooks = scene.start(scene.builder(pair())
                .openRoute(
                        "pstn", context -> context.request().requestUri().user().equals("room"))
                .build());

        assertThat(target(hooks.sendAsStranger(request("INVITE", "sip:room@example.org"))))
                .isEqualTo("sip:room@192.0.2.10");
        assertThat(hooks.sendAsStranger(request("INVITE", "sip:bob@example.org")))
                .isEqualTo(Verdict.proceed());
    }

    // ---- requests from members

    @Test
    void requestFromAMemberIsTrustedAndNotSentBack() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair())
                .set(GatewaySet.named("other").member("sip:192.0.2.20").build())
                .fallback("pstn")
                .prefix("7", "other")
                .build());
        FakeStageContext call = unknown("sip:030@example.org").from("192.0.2.10");

        assertThat(hooks.send(call)).isEqualTo(Verdict.proceed());
        assertThat(call.isTrusted()).isTrue();
        assertThat(hooks.unavailable(call)).isEqualTo(Verdict.proceed());

        FakeStageContext transit = unknown("sip:730@example.org").from("192.0.2.10");
        hooks.send(transit);
        assertThat(target(hooks.unavailable(transit))).isEqualTo("sip:730@192.0.2.20");
    }

    @Test
    void disabledMemberIsNotTrusted() {
        Dispatcher dispatcher = scene.builder(pair()).fallback("pstn").build();
        FakeHooks hooks = scene.start(dispatcher);
        dispatcher.disable("pstn", "sip:192.0.2.10");
        FakeStageContext call = request("INVITE", "sip:bob@example.org").from("192.0.2.10");

        hooks.send(call);

        assertThat(call.isTrusted()).isFalse();
    }

    @Test
    void recognitionCanBeSwitchedOff() {
        FakeHooks hooks = scene.start(scene.builder(pair())
                .fallback("pstn")
                .recognize(SourceMatch.OFF)
                .build());
        FakeStageContext call = request("INVITE", "sip:bob@example.org").from("192.0.2.10");

        hooks.send(call);

        assertThat(call.isTrusted()).isFalse();
    }

    // ---- targets

    @Test
    void memberAsOutboundProxyLeavesTheRequestUri() throws Exception {
        FakeHooks hooks = scene.start(
                scene.builder(pair().asOutboundProxy()).fallback("pstn").build());

        Target target = plan(hooks.unavailable(outgoing("sip:030@example.org")))
                .targets()
                .get(0);

        assertThat(target.uri()).hasToString("sip:030@example.org");
        assertThat(target.routes()).containsExactly(SipUri.of("sip:192.0.2.10;lr"));
    }

    @Test
    void socketAndOutboundProxyOfTheMemberAreUsed() throws Exception {
        Endpoint socket = Endpoint.udp("192.0.2.1", 5090);
        FakeHooks hooks = scene.start(scene.builder(GatewaySet.named("pstn")
                        .member(Gateway.builder("pstn", SipUri.of("sip:gw.test;transport=tcp"))
                                .socket(socket)
                                .outboundProxy(SipUri.of("sip:192.0.2.99"))
                                .build()))
                .fallback("pstn")
                .build());

        Target target = plan(hooks.unavailable(outgoing("sip:030@example.org")))
                .targets()
                .get(0);

        assertThat(target.uri()).hasToString("sip:030@gw.test;transport=tcp");
        assertThat(target.socket()).isEqualTo(socket);
        assertThat(target.routes()).containsExactly(SipUri.of("sip:192.0.2.99;lr"));
    }

    @Test
    void numbersAreWrittenAsTheSetExpects() throws Exception {
        FakeHooks hooks = scene.start(scene.builder(pair().numbers(
                                NumberPlan.none().e164("49").replace("+", "00"),
                                NumberField.REQUEST_URI,
                                NumberField.FROM))
                .fallback("pstn")
                .build());
        FakeStageContext call = outgoing("sip:030@example.org");

        RelayPlan plan = plan(hooks.unavailable(call));

        assertThat(plan.targets().get(0).uri()).hasToString("sip:004930@192.0.2.10");
        assertThat(plan.branchEdit()).isPresent();
        assertThat(plan.branchEdit().get().edit(call.request(), plan.targets().get(0)))
                .isSameAs(call.request()); // bob is not a number
    }

    // ---- options

    @Test
    void optionsThatDoNotFitAreAllReported() {
        assertThatThrownBy(() -> Dispatcher.builder()
                        .set(pair().build())
                        .set(pair().build())
                        .fallback("x")
                        .prefix("abc", "pstn")
                        .prefix("1", "y")
                        .prefix("1", "pstn")
                        .reloadEvery(Duration.ofSeconds(5))
                        .countedCalls(1)
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(7));
        assertThatThrownBy(() -> Dispatcher.builder().build()).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void optionsOfASetAreChecked() {
        assertThatThrownBy(() -> GatewaySet.named("s")
                        .tries(11)
                        .downAfter(0)
                        .upAfter(0)
                        .probeEvery(Duration.ofMillis(10))
                        .probeTimeLimit(Duration.ofSeconds(36))
                        .recoverAfter(Duration.ZERO)
                        .accept(200)
                        .numbers(NumberPlan.none())
                        .member("sip:192.0.2.1")
                        .member("sip:192.0.2.1")
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(9));
        assertThatThrownBy(() -> Gateway.builder("", SipUri.of("tel:1"))
                        .weight(-1)
                        .priority(-1_000_001)
                        .maximumCalls(-1)
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(5));
    }

    @Test
    void replacedDispatcherKeepsTheStateOfItsGatewaysAndGetsTheRoutesOfTheOther() throws Exception {
        Dispatcher dispatcher = scene.builder(
                        GatewaySet.named("pstn").member("sip:192.0.2.10").member("sip:192.0.2.11"))
                .fallback("pstn")
                .build();
        FakeHooks hooks = scene.start(dispatcher);
        dispatcher.disable("pstn", status(dispatcher, 0).gateway().id());

        dispatcher.replaceWith(scene.builder(GatewaySet.named("pstn")
                        .member("sip:192.0.2.10")
                        .member("sip:192.0.2.12")
                        .tries(2))
                .set(GatewaySet.named("media").member("sip:192.0.2.20").build())
                .prefix("7", "media")
                .fallback("pstn")
                .build());

        assertThat(dispatcher.status())
                .extracting(status -> status.gateway().uri() + " " + status.state())
                .containsExactly("sip:192.0.2.20 ACTIVE", "sip:192.0.2.10 DISABLED", "sip:192.0.2.12 ACTIVE");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:7030@example.org")))))
                .isEqualTo("sip:7030@192.0.2.20");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:030@example.org")))))
                .isEqualTo("sip:030@192.0.2.12");
    }

    @Test
    void theFirstRouteCannotBeTakenOver() {
        Dispatcher dispatcher = scene.builder(pair()).build();
        scene.start(dispatcher);
        Dispatcher other = scene.builder(pair()).fallback("pstn").build();

        assertThat(dispatcher.canReplaceWith(other)).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> dispatcher.replaceWith(other));
    }
}
