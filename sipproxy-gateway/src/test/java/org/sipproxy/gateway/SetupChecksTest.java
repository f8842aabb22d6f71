package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipUri;

/** Contradictions that only the whole proxy shows; {@code build()} reports them. */
class SetupChecksTest {

    private static SipProxyBuilder open() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("example.org")
                .noAuthentication();
    }

    private static SipProxyBuilder proxy() {
        return open().beforeRouting(context -> {
            context.trust();
            return Verdict.proceed();
        });
    }

    private static List<ConfigurationProblem> problems(SipProxyBuilder builder, ProxyComponent... components) {
        List.of(components).forEach(builder::component);
        ConfigurationException e = catchThrowableOfType(ConfigurationException.class, builder::build);
        return e == null ? List.of() : e.problems();
    }

    private static Trunk.Builder trunk(String name) {
        return Trunk.builder(name, SipUri.of("sip:carrier.test")).account("1");
    }

    private static Dispatcher.Builder dispatcher() {
        return Dispatcher.builder()
                .set(GatewaySet.named("pstn").member("sip:192.0.2.10").build());
    }

    @Test
    void setUpWithoutContradictionsHasNoProblem() {
        Trunk carrier = trunk("carrier").build();

        assertThat(problems(
                        proxy(),
                        carrier,
                        dispatcher()
                                .prefix("+49", carrier, NumberPlan.none())
                                .fallback("pstn")
                                .build()))
                .isEmpty();
    }

    @Test
    void trunkOfARouteHasToBeAComponentOfTheProxy() {
        Trunk carrier = trunk("carrier").build();

        List<ConfigurationProblem> found = problems(
                proxy(),
                dispatcher()
                        .prefix("+49", carrier, NumberPlan.none())
                        .fallback(carrier)
                        .build());

        assertThat(found).extracting(ConfigurationProblem::option).containsExactly("prefix", "fallback");
        assertThat(found.get(0).text())
                .isEqualTo("dispatcher: prefix: +49 to trunk carrier is not a component of the proxy, so that it never"
                        + " registers; add the trunk to the proxy as well, before the dispatcher");
    }

    @Test
    void trunkComesBeforeADispatcherThatSendsUnknownNumbersOut() {
        Trunk carrier = trunk("carrier").build();

        assertThat(problems(proxy(), dispatcher().fallback("pstn").build(), carrier))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.option()).isEqualTo("fallback");
                    assertThat(problem.remedy()).isEqualTo("add the trunk before the dispatcher");
                });
        assertThat(problems(
                        proxy(),
                        dispatcher().route("pstn", context -> false).build(),
                        trunk("other").build()))
                .isEmpty();
    }

    @Test
    void routesThatNoCallerMayUse() {
        assertThat(problems(open(), dispatcher().fallback("pstn").build()))
                .extracting(ConfigurationProblem::text)
                .containsExactly(
                        "dispatcher: fallback: is for authenticated users and trusted peers, and this proxy has"
                                + " neither; set authentication, or trust the callers with an access list or a stage");
        assertThat(problems(open(), dispatcher().route("pstn", c -> true).build()))
                .extracting(ConfigurationProblem::option)
                .containsExactly("route");
        assertThat(problems(open(), trunk("carrier").prefix("+").build()))
                .extracting(ConfigurationProblem::option)
                .containsExactly("prefix");
    }

    @Test
    void openRoutesAndThoseOfMembersAndTrunksAreUsed() {
        GatewaySet pbx = GatewaySet.named("pbx").member("sip:192.0.2.20").build();

        assertThat(problems(open(), dispatcher().set(pbx).fallback("pstn").build()))
                .isEmpty();
        assertThat(problems(
                        open(),
                        trunk("carrier").build(),
                        dispatcher().fallback("pstn").build()))
                .isEmpty();
        assertThat(problems(open(), dispatcher().openRoute("pstn", c -> true).build()))
                .isEmpty();
    }

    @Test
    void providerAndMembersAreNotTheProxyItself() {
        Trunk own = Trunk.builder("own", SipUri.of("sip:Example.ORG"))
                .account("1")
                .login(DigestLogin.ofPassword("1", "secret").forRealm("example.org"))
                .build();
        GatewaySet self = GatewaySet.named("self").member("sip:example.org").build();

        assertThat(problems(proxy(), own, Dispatcher.builder().set(self).build()))
                .extracting(ConfigurationProblem::option)
                .containsExactly("provider", "login", "member");
    }

    @Test
    void anotherServerOnTheMachineOfTheDomainIsNotTheProxyItself() {
        GatewaySet other =
                GatewaySet.named("other").member("sip:example.org:5080").build();

        assertThat(problems(proxy(), Dispatcher.builder().set(other).build())).isEmpty();
    }

    @Test
    void trunkThatTakesTheNumbersOfALaterOne() {
        assertThat(problems(
                        proxy(),
                        trunk("all").prefix("+").build(),
                        trunk("germany").prefix("+49").build()))
                .singleElement()
                .satisfies(problem ->
                        assertThat(problem.text()).contains("takes the numbers of prefix +49 before trunk germany"));
        assertThat(problems(
                        proxy(),
                        trunk("germany").prefix("+49").build(),
                        trunk("all").prefix("+").build()))
                .isEmpty();
        assertThat(problems(
                        proxy(),
                        trunk("all").fallback().build(),
                        dispatcher().fallback("pstn").build()))
                .extracting(ConfigurationProblem::option)
                .containsExactly("fallback");
    }

    @Test
    void trunksHaveDifferentNames() {
        assertThat(problems(proxy(), trunk("carrier").build(), trunk("carrier").build()))
                .extracting(ConfigurationProblem::option)
                .containsExactly("name");
    }
}
