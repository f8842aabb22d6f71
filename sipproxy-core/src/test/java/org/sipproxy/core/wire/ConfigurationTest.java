package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.core.options.StreamLimits;

/** Options of the builder, and what it reports about them. */
class ConfigurationTest {

    private static SipProxyBuilder minimal() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication();
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    @Test
    void builderReportsAllProblemsAtOnceEachWithItsValueAndTheFix() {
        ConfigurationException e = catchThrowableOfType(
                ConfigurationException.class,
                () -> SipProxy.builder()
                        .domain("sip:example.org")
                        .domain("a..example.org")
                        .alias("pbx:99999")
                        .udpReceivers(0)
                        .overloadTarget(Duration.ofMillis(500))
                        .workerThreads(5_000)
                        .waitLimit(Duration.ofMinutes(5))
                        .build());

        assertThat(e.getMessage().lines())
                .anyMatch(l -> l.equals("listen: no endpoint; add one, such as udp:0.0.0.0:5060"))
                .anyMatch(l -> l.startsWith("domain: \"sip:example.org\" is not a host"))
                .anyMatch(l -> l.startsWith("domain: \"a..example.org\" is not a host"))
                .anyMatch(l -> l.startsWith("alias: \"pbx:99999\""))
                .anyMatch(l -> l.startsWith("authentication: neither"))
                .anyMatch(l -> l.equals("waitLimit: 5m (expected 1s to 30s)"))
                .anyMatch(l -> l.startsWith("overloadTarget: 500ms (expected "))
                .anyMatch(l -> l.startsWith("udpReceivers: 0 (expected 1 to 64)"))
                .anyMatch(l -> l.startsWith("workerThreads: 5000 (expected 1 to 1,000)"));
        assertThat(e.problems())
                .extracting(ConfigurationProblem::option)
                .containsExactlyInAnyOrder(
                        "listen",
                        "domain",
                        "domain",
                        "alias",
                        "authentication",
                        "waitLimit",
                        "udpReceivers",
                        "overloadTarget",
                        "workerThreads");
    }

    @Test
    void optionsReportAllTheirProblemsAtOnce() {
        assertThatThrownBy(RegistrarPolicy.builder()
                        .minExpires(Duration.ofHours(3))
                        .maxContacts(65)::build)
                .hasMessage("""
                        minExpires: 3h (expected 0s to 1h)
                        maxContacts: 65 (expected 1 to 64)""");
        assertThatThrownBy(SipTimers.builder().t1(Duration.ofMinutes(5)).t4(Duration.ZERO)::build)
                .hasMessage("t1: 5m (expected 10ms to 10s)\nt4: 0s (expected 10ms to 1m)");
        assertThatThrownBy(StreamLimits.builder().connections(0).idleTimeout(Duration.ZERO)::build)
                .hasMessage("connections: 0 (expected 1 to 1,000,000)\nidleTimeout: 0s (expected 1s to 24h)");
    }

    @Test
    void valuesThatContradictEachOtherAreOneProblem() {
        assertThatThrownBy(RegistrarPolicy.builder()
                        .minExpires(Duration.ofMinutes(30))
                        .maxExpires(Duration.ofMinutes(10))
                        .maxContacts(65)::build)
                .hasMessage("maxContacts: 65 (expected 1 to 64)\nminExpires: 30m is above maxExpires 10m");
        assertThatThrownBy(RegistrarPolicy.builder()
                        .maxExpires(Duration.ofMinutes(10))
                        .defaultExpires(Duration.ofHours(1))::build)
                .hasMessage("defaultExpires: 1h (expected minExpires 1m to maxExpires 10m)");
        assertThatThrownBy(RegistrarPolicy.builder().maxExpires(Duration.ZERO)::build)
                .hasMessage("maxExpires: 0s (expected 1s to 7d)");
        assertThatThrownBy(SipTimers.builder().t1(Duration.ofSeconds(3)).t2(Duration.ofSeconds(2))::build)
                .hasMessage("t2: 2s (expected 3s to 1m)");
    }

    @Test
    void aLifetimeThatIsNotSetAdaptsToThoseThatAre() {
        assertThat(lifetimes(RegistrarPolicy.builder().maxExpires(Duration.ofMinutes(10))))
                .containsExactly("1m", "10m", "10m");
        assertThat(lifetimes(RegistrarPolicy.builder().maxExpires(Duration.ofSeconds(30))))
                .containsExactly("30s", "30s", "30s");
        assertThat(lifetimes(RegistrarPolicy.builder().maxExpires(Duration.ofHours(12))))
                .containsExactly("1m", "1h", "12h");
        assertThat(lifetimes(RegistrarPolicy.builder().defaultExpires(Duration.ofHours(2))))
                .containsExactly("1m", "2h", "2h");
        assertThat(lifetimes(RegistrarPolicy.builder().defaultExpires(Duration.ofSeconds(30))))
                .containsExactly("30s", "30s", "1h");
        assertThat(lifetimes(RegistrarPolicy.builder().minExpires(Duration.ofMinutes(30))))
                .containsExactly("30m", "1h", "1h");
        assertThat(lifetimes(RegistrarPolicy.DEFAULT.toBuilder().maxExpires(Duration.ofMinutes(10))))
                .as("also in a copy")
                .containsExactly("1m", "10m", "10m");
        assertThatThrownBy(RegistrarPolicy.builder().maxExpires(Duration.ofMinutes(10)).build().toBuilder()
                        .defaultExpires(Duration.ofHours(1))::build)
                .as("what was set stays set in a copy")
                .hasMessage("defaultExpires: 1h (expected minExpires 1m to maxExpires 10m)");
    }

    private static List<String> lifetimes(RegistrarPolicy.Builder builder) {
        RegistrarPolicy policy = builder.build();
        return Stream.of(policy.minExpires(), policy.defaultExpires(), policy.maxExpires())
                .map(OptionProblems::text)
                .toList();
    }

    @Test
    void t2IsNotShorterThanT1UnlessBothAreSet() {
        assertThat(SipTimers.builder().t1(Duration.ofSeconds(5)).build().t2()).isEqualTo(Duration.ofSeconds(5));
        assertThat(SipTimers.builder().t1(Duration.ofSeconds(1)).build().t2()).isEqualTo(Duration.ofSeconds(4));
        assertThat(SipTimers.DEFAULT.toBuilder()
                        .t1(Duration.ofSeconds(5))
                        .build()
                        .t2())
                .isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void optionsAreCopiedWithOtherValues() {
        StreamLimits limits = StreamLimits.builder()
                .connections(5)
                .connectionsPerSource(4)
                .firstMessageTimeout(Duration.ofSeconds(3))
                .idleTimeout(Duration.ofSeconds(6))
                .messageTimeout(Duration.ofSeconds(7))
                .connectTimeout(Duration.ofSeconds(8))
                .bufferedBytes(2_000)
                .build();
        assertThat(limits.toBuilder().build()).usingRecursiveComparison().isEqualTo(limits);
        assertThat(limits.toBuilder().connections(6).build().connections()).isEqualTo(6);

        SipTimers timers = SipTimers.builder()
                .t1(Duration.ofMillis(20))
                .t2(Duration.ofMillis(30))
                .t4(Duration.ofMillis(40))
                .transactionTimeout(Duration.ofSeconds(2))
                .ringTimeout(Duration.ofSeconds(3))
                .build();
        assertThat(timers.toBuilder().build()).usingRecursiveComparison().isEqualTo(timers);

        RegistrarPolicy policy = RegistrarPolicy.builder()
                .minExpires(Duration.ofSeconds(1))
                .defaultExpires(Duration.ofSeconds(2))
                .maxExpires(Duration.ofSeconds(3))
                .maxContacts(4)
                .whenFull(RegistrarPolicy.WhenFull.REJECT)
                .contactMatching(RegistrarPolicy.ContactMatching.EXACT_TEXT)
                .userCaseSensitive(true)
                .connectionLoss(RegistrarPolicy.ConnectionLoss.KEEP)
                .pathWithoutSupported(RegistrarPolicy.PathWithoutSupported.STORE)
                .build();
        assertThat(policy.toBuilder().build()).usingRecursiveComparison().isEqualTo(policy);

        ContactPolicy contacts =
                ContactPolicy.ANYWHERE.toBuilder().multicast(true).build();
        assertThat(contacts.toBuilder().build()).usingRecursiveComparison().isEqualTo(contacts);
    }

    @Test
    void buildOpensNothing() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(loopback(0))) {
            SipProxy.builder()
                    .listen(Endpoint.udp("127.0.0.1", taken.getLocalPort()))
                    .domain("sip.test")
                    .noAuthentication()
                    .build();
        }
    }

    @Test
    void sameEndpointTwiceIsRefused() {
        assertThatThrownBy(() -> minimal()
                        .listen(Endpoint.udp("127.0.0.1", 5060))
                        .listen(Endpoint.udp("127.0.0.1", 5060))
                        .build())
                .hasMessageContaining("listen: udp:127.0.0.1:5060 is given twice");
    }

    @Test
    void ipv6AddressInAnotherSpellingIsTheSameEndpoint() {
        assertThatThrownBy(() -> minimal()
                        .listen(Endpoint.parse("udp:[::1]:5060"))
                        .listen(Endpoint.parse("udp:[0:0:0:0:0:0:0:1]:5060"))
                        .build())
                .hasMessageContaining("listen: udp:[::1]:5060 is given twice");
    }

    @ParameterizedTest
    @CsvSource({
        "udp:127.0.0.1:5060, udp:localhost:5060",
        "tcp:127.0.0.1:5060, tcp:127.0.0.1.:5060",
        "udp:0.0.0.0:5060,   udp:127.0.0.1:5060",
        "tcp:[::1]:5060,     tcp:[::]:5060",
        "tcp:127.0.0.1:5060, ws:127.0.0.1:5060",
    })
    void sameAddressInAnotherSpellingIsRefused(String one, String other) {
        assertThatThrownBy(() -> minimal()
                        .listen(Endpoint.parse(one))
                        .listen(Endpoint.parse(other))
                        .build())
                .hasMessageContaining("listen: " + Endpoint.parse(other) + " is the address and port of "
                        + Endpoint.parse(one) + " too");
    }

    @ParameterizedTest
    @CsvSource({
        "udp:127.0.0.1:5060, tcp:127.0.0.1:5060",
        "udp:127.0.0.1:5060, udp:127.0.0.2:5060",
        "udp:127.0.0.1:5060, udp:127.0.0.1:5062",
        "udp:127.0.0.1:0,    udp:127.0.0.1:0",
        "udp:0.0.0.0:5060,   udp:[::]:5060",
    })
    void differentAddressesAreNotConfused(String one, String other) {
        minimal()
                .listen(Endpoint.parse(one))
                .listen(Endpoint.parse(other))
                .build()
                .close();
    }

    @Test
    void limitThatTheWaitLimitHidesIsReported() {
        RequestStage stage = context -> Verdict.proceed();
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .waitLimit(Duration.ofSeconds(2))
                .beforeRouting(stage.named("short").within(Duration.ofSeconds(2)))
                .onUnavailableUser(stage.named("crm").within(Duration.ofSeconds(3)));

        assertThatThrownBy(builder::build)
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("waitLimit: 2s is shorter than the limit of stage crm, 3s; raise it, or give the stage a"
                        + " shorter limit with within(…)");
    }
}
