package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.testkit.Phone;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

class SipProxyJdbcAutoConfigurationTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    @RegisterExtension
    static final PostgresFixture EMPTY = PostgresFixture.empty();

    private static ApplicationContextRunner runner(PostgresFixture database) {
        return new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(SipProxyAutoConfiguration.class, SipProxyJdbcAutoConfiguration.class))
                .withBean("dataSource", DataSource.class, database::dataSource)
                .withPropertyValues("sipproxy.listen=udp:127.0.0.1:0", "sipproxy.domain=sip.test");
    }

    private static Phone phone(String user, SipProxy proxy) {
        return Phone.builder(user).password("secret99").proxy(proxy).open();
    }

    @ParameterizedTest
    @EnumSource
    void aSubscriberOfTheDatabaseRegistersWithEachStorage(StorageProperties.Mode storage) {
        String user = "user-" + OptionNames.of(storage);
        Subscribers.builder(POSTGRES.dataSource()).build().add(user, "sip.test", "secret99");
        runner(POSTGRES)
                .withPropertyValues("sipproxy.storage=" + OptionNames.of(storage))
                .run(context -> {
                    assertThat(context).hasNotFailed().hasSingleBean(JdbcCredentials.class);
                    assertThat(context.getBeansOfType(BindingRepository.class))
                            .hasSize(storage == StorageProperties.Mode.MEMORY ? 0 : 1);
                    try (Phone phone = phone(user, context.getBean(SipProxy.class))) {
                        phone.register();
                    }
                });
    }

    @Test
    void bindingsSurviveARestart() {
        Subscribers.builder(POSTGRES.dataSource()).build().add("kept", "sip.test", "secret99");
        ApplicationContextRunner stored = runner(POSTGRES).withPropertyValues("sipproxy.storage=write-back");
        stored.run(context -> {
            Phone phone = phone("kept", context.getBean(SipProxy.class));
            phone.register();
            phone.close();
        });
        stored.run(context -> assertThat(context.getBean(SipProxy.class)
                        .locationStore()
                        .lookup(new org.sipproxy.api.location.Aor("kept", "sip.test")))
                .hasSize(1));
    }

    @Test
    void propertiesAndBeansComeBeforeTheDatabase() {
        runner(POSTGRES)
                .withPropertyValues("sipproxy.subscriber=1001:test1234")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(JdbcCredentials.class));
        runner(POSTGRES)
                .withPropertyValues("sipproxy.no-auth=true")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(JdbcCredentials.class));
    }

    @Test
    void callsAndCallRecordsAreStored() {
        runner(POSTGRES)
                .withPropertyValues(
                        "sipproxy.storage=write-through",
                        "sipproxy.calls.enabled=true",
                        "sipproxy.accounting.enabled=true")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(CallRepository.class)
                        .hasSingleBean(JdbcAccounting.class));
    }

    @Test
    void aMissingTableIsReportedWithWhatCreatesIt() {
        runner(EMPTY)
                .withPropertyValues("sipproxy.storage=write-through")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidSipPropertiesException.class)
                        .hasMessageContaining("sipproxy.storage: needs the table location")
                        .hasMessageContaining("sipproxy.initialize-schema=true")
                        .hasMessageContaining("KamailioSchema.on(dataSource).createAll()")
                        .hasMessageContaining("db create"));
        runner(EMPTY)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("sipproxy.subscriber: needs the table subscriber"));
    }

    @Test
    void theSchemaIsCreatedIfThatIsConfigured() {
        PostgresFixture fresh = PostgresFixture.empty().open();
        try (fresh) {
            runner(fresh)
                    .withPropertyValues("sipproxy.storage=write-through", "sipproxy.initialize-schema=true")
                    .run(context -> {
                        assertThat(context).hasNotFailed();
                        KamailioSchema schema = KamailioSchema.on(fresh.dataSource());
                        assertThat(schema.verify()).isEmpty();
                        assertThat(schema.hasSubscriberNotifications()).isTrue();
                    });
        }
    }

    @Test
    void oneOfSeveralDataSourcesIsMarked() {
        new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(SipProxyAutoConfiguration.class, SipProxyJdbcAutoConfiguration.class))
                .withUserConfiguration(TwoDatabases.class)
                .withPropertyValues("sipproxy.listen=udp:127.0.0.1:0", "sipproxy.domain=sip.test")
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(JdbcCredentials.class));
    }

    @Configuration(proxyBeanMethods = false)
    static class TwoDatabases {

        @Bean
        DataSource business() {
            return EMPTY.dataSource();
        }

        @Bean
        @SipDataSource
        DataSource sip() {
            return POSTGRES.dataSource();
        }
    }

    @Test
    void anUnreachableDatabaseIsReported() {
        ApplicationContextRunner unreachable = new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(SipProxyAutoConfiguration.class, SipProxyJdbcAutoConfiguration.class))
                .withBean("dataSource", DataSource.class, SipProxyJdbcAutoConfigurationTest::nowhere)
                .withPropertyValues("sipproxy.listen=udp:127.0.0.1:0", "sipproxy.domain=sip.test");
        unreachable
                .withPropertyValues("sipproxy.storage=write-through")
                .run(context -> assertThat(reported(context.getStartupFailure()))
                        .contains("sipproxy.storage: needs the database, which does not respond")
                        .contains("connection refused", "spring.datasource.url"));
        unreachable.run(context -> assertThat(reported(context.getStartupFailure()))
                .contains("sipproxy.subscriber: needs the database, which does not respond"));
    }

    /** Returns the message of the typed problem, which has the error of the database as its cause. */
    private static String reported(Throwable failure) {
        Throwable cause = failure;
        while (cause != null && !(cause instanceof InvalidSipPropertiesException)) {
            cause = cause.getCause();
        }
        return cause == null ? "no report: " + failure : cause.getMessage();
    }

    private static DataSource nowhere() {
        return (DataSource) Proxy.newProxyInstance(
                SipProxyJdbcAutoConfigurationTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getConnection" -> throw new SQLException("connection refused", "08001");
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "equals" -> proxy == arguments[0];
                    default -> null;
                });
    }
}
