package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.SipUri;

/** Target sets built from bindings (RFC 3261 §16.5). */
class TargetsTest {

    private static Binding binding(String uri, float q, long updatedMillis) {
        return Binding.builder(uri, SipUri.of(uri))
                .q(q)
                .times(updatedMillis, updatedMillis + 60_000)
                .build();
    }

    private static List<String> uris(List<Target> targets) {
        return targets.stream().map(t -> t.uri().toString()).toList();
    }

    @Test
    void higherQComesFirstAndAmongEqualsTheOneRefreshedLast() {
        List<Binding> bindings = List.of(
                binding("sip:low@h.test", 0.1f, 9),
                binding("sip:old@h.test", 0.5f, 1),
                binding("sip:new@h.test", 0.5f, 2),
                binding("sip:unspecified@h.test", Binding.Q_UNSPECIFIED, 0),
                binding("sip:best@h.test", 1f, 3));

        assertThat(uris(Targets.bestFirst(bindings)))
                .containsExactly(
                        "sip:best@h.test",
                        "sip:unspecified@h.test",
                        "sip:new@h.test",
                        "sip:old@h.test",
                        "sip:low@h.test");
    }

    @Test
    void equalsInEverythingStayInTheOrderInWhichTheyWereAdded() {
        List<Binding> bindings = List.of(binding("sip:a@h.test", 1f, 1), binding("sip:b@h.test", 1f, 1));

        assertThat(uris(Targets.bestFirst(bindings))).containsExactly("sip:a@h.test", "sip:b@h.test");
    }

    @Test
    void onlyContactsThatSipReachesAreTargets() {
        assertThat(Targets.bestFirst(List.of())).isEmpty();
        assertThat(Targets.bestFirst(List.of(binding("tel:+49", 1f, 1)))).isEmpty();
        assertThat(uris(Targets.bestFirst(List.of(
                        binding("mailto:a@h.test", 1f, 1),
                        binding("sips:a@h.test", 0.2f, 1),
                        binding("sip:a@h.test", 0.3f, 1)))))
                .containsExactly("sip:a@h.test", "sips:a@h.test");
    }

    @Test
    void targetCarriesPathFlowAndQ() {
        FakeFlow flow = new FakeFlow();
        List<SipUri> path = List.of(SipUri.of("sip:edge.test;lr"));
        Binding binding = Binding.builder("id", SipUri.of("sip:a@h.test?subject=x"))
                .q(0.4f)
                .path(path)
                .flow(flow)
                .build();

        assertThat(Targets.bestFirst(List.of(binding)))
                .containsExactly(new Target(SipUri.of("sip:a@h.test"), 0.4f, path, flow));
    }
}
