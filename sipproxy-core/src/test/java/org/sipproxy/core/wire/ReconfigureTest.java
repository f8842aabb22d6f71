package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.core.options.RegistrarPolicy;

/** Options that change while the proxy runs: new requests follow the new ones, calls and transactions the old ones. */
class ReconfigureTest {

    private final ProxyUnderTest proxy =
            ProxyUnderTest.start(builder -> builder.timers(ProxyUnderTest.QUICK).calls(CallSettings.DEFAULT));
    private final WireClient.Udp alice = proxy.registered("alice");
    private final WireClient.Udp bob = proxy.registered("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    private ProxySettings settings() {
        return proxy.proxy().settings();
    }

    private ProxySettings.Builder changed() {
        return settings().toBuilder();
    }

    private void reconfigure(ProxySettings.Builder builder) {
        ProxySettings next = builder.build();
        proxy.proxy().reconfigure(next);
        assertThat(settings()).isSameAs(next);
    }

    @Test
    void addedDomainAndAliasAreServedAndRemovedOnesAreNot() {
        reconfigure(changed().domains(List.of("sip.test", "new.test")).aliases(List.of("other.test:5070")));

        alice.awaitResponse(alice.send(alice.request("OPTIONS", "sip:new.test")), 200);
        alice.awaitResponse(alice.send(alice.request("OPTIONS", "sip:other.test:5070")), 200);
        alice.awaitResponse(alice.send(alice.request("OPTIONS", "sip:" + proxy.udpHostPort())), 200);

        reconfigure(changed().domains(List.of("sip.test")).aliases(List.of()));

        Request gone = alice.send(alice.request("OPTIONS", "sip:new.test"));
        assertThat(alice.awaitFinal(gone).startLine()).doesNotContain("200");
        alice.awaitResponse(alice.send(alice.request("OPTIONS", "sip:sip.test")), 200);
    }

    @Test
    void registrarFollowsTheNewRules() {
        reconfigure(changed()
                .registrar(RegistrarPolicy.builder()
                        .maxContacts(1)
                        .minExpires(Duration.ofMinutes(2))
                        .build()));

        Request shortOne = register("Expires: 60");
        alice.awaitResponse(alice.send(shortOne), 423);
        Request second = register("Expires: 300");
        alice.awaitResponse(alice.send(second), 503);
    }

    private Request register(String expires) {
        return alice.request("REGISTER", "sip:sip.test")
                .from("<sip:bob@sip.test>;tag=" + WireClient.unique("r"))
                .to("<sip:bob@sip.test>")
                .contact("<" + alice.contact() + ">")
                .with(expires);
    }

    @Test
    void ringingCallKeepsTheTimersThatItBeganWith() {
        reconfigure(changed()
                .timers(ProxyUnderTest.QUICK.toBuilder()
                        .ringTimeout(Duration.ofHours(1))
                        .build()));
        Request patient = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 180);
        alice.awaitResponse(patient, 180);

        reconfigure(changed().timers(ProxyUnderTest.QUICK));
        Request hasty = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 180);

        WireMessage cancel = bob.awaitRequest("CANCEL"); // after the second of Timer C
        assertThat(cancel.header("Call-ID")).isEqualTo(hasty.callId());
        assertThat(bob.pendingAfterRoundTrip())
                .noneMatch(message -> message.method().equals("CANCEL")
                        && message.header("Call-ID").equals(patient.callId()));
    }

    @Test
    void limitOfCallsAppliesToNewCallsAndAnAnsweredOneGoesOn() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");

        reconfigure(changed().calls(CallSettings.builder().maxCalls(1).build()));

        alice.awaitResponse(alice.send(alice.request("INVITE", "sip:bob@sip.test")), 503);
        Request bye = alice.send(caller.request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
    }

    @Test
    void nothingChangesIfAnyOptionIsNotValidOrCannotChange() {
        ProxySettings before = settings();
        ProxySettings wrong = before.toBuilder()
                .domains(List.of("sip:x"))
                .aliases(List.of("host:port"))
                .timers(before.timers().toBuilder()
                        .t1(Duration.ofSeconds(1))
                        .t2(Duration.ofSeconds(2))
                        .build())
                .build();

        assertThatThrownBy(() -> proxy.proxy().reconfigure(wrong))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("domain: \"sip:x\" is not a host")
                .hasMessageContaining("alias: \"host:port\"")
                .hasMessageContaining("timers: T1 cannot change while the proxy runs");
        ProxySettings untracked = ProxySettings.builder()
                .domains(before.domains())
                .registrar(before.registrar())
                .timers(before.timers())
                .build();
        assertThatThrownBy(() -> proxy.proxy().reconfigure(untracked))
                .hasMessageContaining("calls: tracking cannot change while the proxy runs");

        assertThat(settings()).isEqualTo(before);
        alice.awaitResponse(alice.send(alice.request("OPTIONS", "sip:sip.test")), 200);
    }

    @Test
    void aProxyThatDoesNotRunCannotBeReconfigured() {
        proxy.proxy().close();

        assertThatThrownBy(() -> proxy.proxy().reconfigure(settings()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("reconfigure: the proxy is not running");
    }
}
