package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.message.Method;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.security.RateLimit;
import org.slf4j.LoggerFactory;

/** Mistakes of a host application when it combines components: each is reported, or has no effect. */
class ConfigurationChecksTest {

    private final List<String> calls = new ArrayList<>();

    /** Component that records when it is installed and started. */
    private class Noting implements ProxyComponent, CredentialStore {

        private final String name;
        private final Phase phase;

        Noting(String name, Phase phase) {
            this.name = name;
            this.phase = phase;
        }

        @Override
        public Phase phase() {
            return phase;
        }

        @Override
        public void install(ComponentHooks hooks) {
            calls.add("install " + name);
        }

        @Override
        public void start(ProxyRuntime proxy) {
            calls.add("start " + name);
        }

        @Override
        public Optional<Credential> find(String username, String realm) {
            return Optional.empty();
        }
    }

    private static SipProxyBuilder builder(String domain) {
        return SipProxy.builder().listen(Endpoint.udp("127.0.0.1", 0)).domain(domain);
    }

    private static SipProxyBuilder withUsers(String domain, CredentialStore users) {
        return builder(domain)
                .authentication(
                        DigestAuthentication.builder().credentials(users).build());
    }

    @Test
    void aStoreThatIsAComponentIsInstalledByItsAuthenticationOnce() {
        Noting users = new Noting("users", ProxyComponent.Phase.SERVICE);
        try (SipProxy proxy = withUsers("sip.test", users).build()) {
            proxy.start();
            assertThat(calls).containsExactly("install users", "start users");
        }
        calls.clear();

        withUsers("sip.test", users).component(users).build().close();

        assertThat(calls).containsExactly("install users");
    }

    @Test
    void componentsRunByPhaseRegardlessOfTheOrderOfAddition() {
        builder("sip.test")
                .noAuthentication()
                .component(new Noting("first service", ProxyComponent.Phase.SERVICE))
                .component(new Noting("limits", ProxyComponent.Phase.LIMITS))
                .component(new Noting("second service", ProxyComponent.Phase.SERVICE))
                .component(new Noting("access", ProxyComponent.Phase.ACCESS))
                .build()
                .close();

        assertThat(calls)
                .containsExactly("install access", "install limits", "install first service", "install second service");
        assertThat(AccessList.builder()
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .rules(AccessRule.trust(CidrBlock.parse("192.0.2.0/24")))
                        .build()
                        .phase())
                .isEqualTo(ProxyComponent.Phase.ACCESS);
        assertThat(FloodGuard.builder().build().phase()).isEqualTo(ProxyComponent.Phase.LIMITS);
    }

    @Test
    void aComponentThatIsAddedTwiceIsReportedWithAllOtherProblems() {
        Noting twice = new Noting("twice", ProxyComponent.Phase.SERVICE);

        assertThatThrownBy(() -> builder("sip test")
                        .noAuthentication()
                        .component(twice)
                        .component(twice)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("component: Noting is given twice")
                .hasMessageContaining("domain: \"sip test\"");
    }

    @Test
    void twoComponentsThatWouldDoTheSameWorkAreReported() {
        PGSimpleDataSource database = new PGSimpleDataSource();
        assertThatThrownBy(() -> builder("sip.test")
                        .noAuthentication()
                        .component(NatTraversal.builder().build())
                        .component(NatTraversal.builder().build())
                        .component(JdbcAccounting.of(database))
                        .component(JdbcAccounting.of(database))
                        .build())
                .hasMessageContaining("component: NatTraversal is given twice")
                .hasMessageContaining("component: accounting is given twice");

        builder("sip.test")
                .noAuthentication()
                .component(JdbcAccounting.of(database))
                .component(JdbcAccounting.of(new PGSimpleDataSource()))
                .build()
                .close();
    }

    @Test
    void aRealmThatIsNotTheProxysIsReportedAndItsCaseDoesNotMatterForAPassword() {
        assertThatThrownBy(() -> withUsers(
                                "sip.test", InMemoryCredentials.of(Credential.ofPassword("1001", "sip.tset", "x")))
                        .build())
                .hasMessageContaining("credentials: the realm \"sip.tset\" is not that of the proxy (sip.test)");
        assertThatThrownBy(() -> withUsers(
                                "sip.test",
                                InMemoryCredentials.of(
                                        Credential.ofHa1("1001", "SIP.Test", "939e7578ed9e3c518a452acee763bce9")))
                        .build())
                .hasMessageContaining("\"SIP.Test\" is not that of the proxy (sip.test)");

        assertThatCode(() -> withUsers(
                                "SIP.Test", InMemoryCredentials.of(Credential.ofPassword("1001", "Sip.TEST", "x")))
                        .build()
                        .close())
                .doesNotThrowAnyException();
        assertThat(InMemoryCredentials.of(Credential.ofPassword("1001", "Sip.TEST", "x"))
                        .find("1001", "sip.test"))
                .isPresent();
    }

    @ParameterizedTest
    @MethodSource("emptySecrets")
    void anEmptyPasswordOrSecretIsAProblemOfTheConfiguration(ThrowingCallable given, String problem) {
        assertThatThrownBy(given).isInstanceOf(ConfigurationException.class).hasMessageContaining(problem);
    }

    static Stream<Arguments> emptySecrets() {
        byte[] none = {};
        InMemoryCredentials users = InMemoryCredentials.of();
        return Stream.of(
                emptySecret(() -> Credential.ofPassword("1001", "sip.test", ""), "password: that of 1001 is empty"),
                emptySecret(
                        () -> Credential.ofHa1("1001", "sip.test", ""), "ha1: 0 characters (expected 32 hex digits"),
                emptySecret(
                        () -> Credential.ofHa1("1001", "sip.test", DigestAlgorithm.MD5.ha1("1001", "sip.test", "")),
                        "ha1: that of 1001 is the hash of the empty password"),
                emptySecret(() -> Credential.ofHa1("1001", "sip.test", Map.of()), "ha1: none"),
                emptySecret(() -> DigestLogin.ofPassword("1001", ""), "password: that of 1001 is empty"),
                emptySecret(() -> DigestLogin.ofHa1("1001", "sip.test", "MD5", ""), "ha1: 0 characters"),
                emptySecret(() -> KeyedHash.of(none, "test"), "secret: 0 bytes (expected at least 16"),
                emptySecret(
                        () -> Subscribers.in(new PGSimpleDataSource()).add("1001", "sip.test", ""), "password: empty"),
                emptySecret(
                        () -> DigestAuthentication.builder()
                                .credentials(users)
                                .secret(none)
                                .build(),
                        "secret: 0 bytes (expected 16"),
                emptySecret(() -> SipProxy.builder().secret(none).build(), "secret: 0 bytes (expected 16"));
    }

    private static Arguments emptySecret(ThrowingCallable given, String problem) {
        return Arguments.of(given, problem);
    }

    @Test
    void anOptionThatIsSetTwiceIsReported() {
        assertThatThrownBy(() -> FloodGuard.builder()
                        .perSource(new RateLimit(1, 1))
                        .perSource(new RateLimit(2, 2))
                        .build())
                .hasMessageContaining("perSource: given twice");
    }

    /** Returns the lines logged at WARN between {@code build()} and the end of {@code start()}. */
    private static List<String> warningsOf(SipProxyBuilder builder) {
        Logger logger = (Logger) LoggerFactory.getLogger("org.sipproxy");
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        logger.addAppender(appender);
        try (SipProxy proxy = builder.build()) {
            proxy.start();
        } finally {
            logger.detachAppender(appender);
        }
        return appender.list.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void anEmptyStoreOfCredentialsIsReportedAtTheStart() {
        assertThat(warningsOf(withUsers("sip.test", InMemoryCredentials.of())))
                .singleElement()
                .asString()
                .contains("digest: InMemoryCredentials[0 users] has no user", "no client can register");
        assertThat(warningsOf(
                        withUsers("sip.test", InMemoryCredentials.of(Credential.ofPassword("1001", "sip.test", "x")))))
                .isEmpty();
    }

    @Test
    void trustInEveryAddressIsReportedAtTheStart() {
        for (String network : new String[] {"0.0.0.0/0", "::/0"}) {
            assertThat(warningsOf(builder("sip.test")
                            .noAuthentication()
                            .component(accessList(AccessRule.trust(CidrBlock.parse(network))))))
                    .singleElement()
                    .asString()
                    .contains("\"trust " + network + "\"", "anyone can call and relay");
        }
        assertThat(warningsOf(builder("sip.test")
                        .noAuthentication()
                        .component(accessList(
                                AccessRule.trust(CidrBlock.parse("0.0.0.0/0")).method(Method.OPTIONS),
                                AccessRule.trust(CidrBlock.parse("192.0.2.0/24")),
                                AccessRule.allow(CidrBlock.parse("0.0.0.0/0"))))))
                .isEmpty();
    }

    private static AccessList accessList(AccessRule... rules) {
        return AccessList.builder()
                .defaultPolicy(AccessRule.Action.ALLOW)
                .rules(rules)
                .build();
    }

    @Test
    void anOptionOfAnAccessListThatIsSetTwiceIsReported() {
        assertThatThrownBy(() -> AccessList.builder()
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .defaultPolicy(AccessRule.Action.DENY)
                        .build())
                .hasMessageContaining("defaultPolicy: given twice");
    }
}
