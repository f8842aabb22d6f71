package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.Registrations;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Kamailio's tables beside subscribers and registrations, as properties. */
@Timeout(120)
class TablesTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    @RegisterExtension
    static final PostgresFixture EMPTY = PostgresFixture.empty();

    @BeforeEach
    void emptyTheTables() {
        POSTGRES.execute("DELETE FROM address; DELETE FROM trusted; DELETE FROM dbaliases; DELETE FROM dispatcher;"
                + " DELETE FROM domain; DELETE FROM uacreg");
    }

    private static ApplicationContextRunner runner(String... properties) {
        return new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(SipProxyAutoConfiguration.class, SipProxyJdbcAutoConfiguration.class))
                .withPropertyValues(
                        "sipproxy.listen=udp:127.0.0.1:0", "sipproxy.domain=sip.test", "sipproxy.no-auth=true")
                .withPropertyValues(properties);
    }

    private static ApplicationContextRunner stored(String... properties) {
        return runner(properties).withBean("dataSource", DataSource.class, POSTGRES::dataSource);
    }

    private static Phone phone(String user, SipProxy proxy) {
        return Phone.builder(user).proxy(proxy).open();
    }

    private static int registers(String domain, SipProxy proxy) {
        try (Phone phone = Phone.builder("1001").domain(domain).proxy(proxy).open()) {
            return phone.tryRegister(Duration.ofMinutes(1), parts -> {}).statusCode();
        }
    }

    @Test
    void domainsAreServedIfTheTableIsUsed() {
        POSTGRES.execute("INSERT INTO domain (domain) VALUES ('second.test')");

        stored("sipproxy.tables=domain")
                .run(context -> assertThat(registers("second.test", context.getBean(SipProxy.class)))
                        .isEqualTo(200));
        stored().run(context -> assertThat(registers("second.test", context.getBean(SipProxy.class)))
                .isNotEqualTo(200));
    }

    @Test
    void tablesAreReadAgain() {
        stored("sipproxy.tables=domain,access", "sipproxy.tables-reload=1s").run(context -> {
            SipProxy proxy = context.getBean(SipProxy.class);
            assertThat(registers("third.test", proxy)).isNotEqualTo(200);

            POSTGRES.execute("INSERT INTO domain (domain) VALUES ('third.test')");

            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(
                            () -> assertThat(registers("third.test", proxy)).isEqualTo(200));
        });
    }

    @Test
    void accessRulesAreReadAgain() {
        stored("sipproxy.tables=access", "sipproxy.tables-reload=1s", "sipproxy.address-group.5=deny")
                .run(context -> {
                    AccessList list = context.getBean(AccessList.class);
                    assertThat(list.rules()).isEmpty();

                    POSTGRES.execute("INSERT INTO address (grp, ip_addr, mask) VALUES (5, '192.0.2.0', 24)");

                    await().atMost(Duration.ofSeconds(30))
                            .untilAsserted(() -> assertThat(list.rules()).hasSize(1));
                });
    }

    /** The application may have replaced the rules of its own list, which a reload would restore. */
    @Test
    void listOfTheApplicationIsNotReadAgain() {
        AccessList own =
                AccessList.builder().defaultPolicy(AccessRule.Action.ALLOW).build();
        stored("sipproxy.tables=access,domain", "sipproxy.tables-reload=1s")
                .withBean(AccessList.class, () -> own)
                .run(context -> {
                    own.replace(List.of(AccessRule.deny(CidrBlock.parse("192.0.2.0/24"))));
                    POSTGRES.execute("INSERT INTO domain (domain) VALUES ('fourth.test')");

                    await().atMost(Duration.ofSeconds(30))
                            .untilAsserted(() -> assertThat(registers("fourth.test", context.getBean(SipProxy.class)))
                                    .isEqualTo(200));

                    assertThat(own.rules()).hasSize(1);
                });
    }

    @Test
    void aliasesOfUsersAreFollowed() {
        POSTGRES.execute("INSERT INTO dbaliases (alias_username, alias_domain, username, domain)"
                + " VALUES ('support', 'sip.test', '1001', 'sip.test')");

        stored("sipproxy.tables=dbaliases").run(context -> {
            SipProxy proxy = context.getBean(SipProxy.class);
            try (Phone called = phone("1001", proxy);
                    Phone caller = phone("1002", proxy)) {
                called.register();
                assertThat(caller.message("support", "hello").statusCode()).isEqualTo(200);
            }
        });
    }

    @Test
    void groupOfAddressesMeansWhatThePropertySays() {
        POSTGRES.execute("INSERT INTO address (grp, ip_addr, mask) VALUES (7, '192.0.2.0', 24)");

        stored("sipproxy.tables=access", "sipproxy.address-group.7=allow").run(context -> {
            try (Phone refused = Phone.builder("1001")
                    .proxy(context.getBean(SipProxy.class))
                    .patience(Duration.ofMillis(700))
                    .open()) {
                assertThatThrownBy(refused::register).isInstanceOf(AssertionError.class);
            }
        });
        stored("sipproxy.tables=access")
                .run(context -> assertThat(registers("sip.test", context.getBean(SipProxy.class)))
                        .isEqualTo(200));
    }

    @Test
    void setsOfGatewaysAreTargetsOfRoutes() {
        try (Phone gateway = Phone.builder("gateway")
                .proxy(new InetSocketAddress("127.0.0.1", 9))
                .lenient()
                .open()) {
            POSTGRES.execute("INSERT INTO dispatcher (setid, destination) VALUES (1, 'sip:127.0.0.1:"
                    + gateway.localAddress().getPort() + "')");

            stored(
                            "sipproxy.no-auth=false",
                            "sipproxy.subscriber=1002:test1234", // strangers do not reach gateways
                            "sipproxy.tables=dispatcher",
                            "sipproxy.prefix-route[0].prefix=0",
                            "sipproxy.prefix-route[0].to=1",
                            "sipproxy.gateway-trust=off")
                    .run(context -> {
                        assertThat(context).hasNotFailed();
                        try (Phone caller = Phone.builder("1002")
                                .password("test1234")
                                .proxy(context.getBean(SipProxy.class))
                                .open()) {
                            OutgoingCall call = caller.call("0900123");
                            gateway.awaitCall().answer();
                            call.awaitAnswer().hangUp();
                        }
                    });
        }
    }

    @Test
    void accountsAtProvidersRegister() {
        try (SipProxy provider = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("carrier.test")
                .noAuthentication()
                .build()) {
            provider.start();
            int port = provider.boundEndpoints().get(0).port();
            POSTGRES.execute("INSERT INTO uacreg (l_uuid, r_username, r_domain, auth_username, auth_password, realm,"
                    + " auth_proxy, expires) VALUES ('carrier', '4930123', 'carrier.test', '4930123', 'secret99',"
                    + " 'carrier.test', 'sip:127.0.0.1:" + port + "', 600)");

            stored("sipproxy.tables=uacreg", "sipproxy.fallback-route=carrier").run(context -> {
                assertThat(context).hasNotFailed();
                Registrations.of(provider).awaitRegistered("4930123", Duration.ofSeconds(30));
            });
        }
    }

    @Test
    void mistakesNameTheProperty() {
        runner("sipproxy.tables=domain,uacreg")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("sipproxy.tables: domain,uacreg needs a database; add sipproxy-jdbc"));
        runner("sipproxy.tables=domain,access")
                .withBean("dataSource", DataSource.class, EMPTY::dataSource)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("sipproxy.tables: needs the table domain")
                        .hasMessageContaining("sipproxy.tables: needs the table address"));
        stored("sipproxy.tables=dispatcher", "sipproxy.fallback-route=pstn", "sipproxy.tables-reload=1ms")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("sipproxy.fallback-route: \"pstn\" is not a set or trunk")
                        .hasMessageContaining("sipproxy.tables-reload: PT0.001S (expected 1s to 24h, or 0)"));
    }
}
