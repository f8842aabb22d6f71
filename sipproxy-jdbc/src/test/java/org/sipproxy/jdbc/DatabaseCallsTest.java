package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeRuntime;

/** Operations on the database that a running proxy is notified of. */
@Timeout(120)
class DatabaseCallsTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    private static final Aor ALICE = new Aor("alice", "sip.test");
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    private final FakeRuntime runtime = new FakeRuntime(NOW);

    private List<String> reported() {
        return runtime.databaseCalls().stream().map(DatabaseCall::operation).toList();
    }

    private static List<Binding> one(List<Binding> current) {
        return List.of(Binding.builder("1", SipUri.of("sip:alice@192.0.2.1"))
                .granted(NOW.toEpochMilli(), Duration.ofHours(1))
                .build());
    }

    @Test
    void operationsOnBindingsAreReportedWithTheirDuration() {
        JdbcBindingRepository bindings =
                JdbcBindingRepository.builder(POSTGRES.dataSource()).build();
        bindings.start(runtime);

        bindings.update(ALICE, DatabaseCallsTest::one, NOW);
        bindings.find(ALICE, NOW);
        bindings.forEach(NOW, (aor, binding) -> {});
        bindings.deleteExpired(NOW, true, (aor, binding) -> {});

        assertThat(reported())
                .containsExactly("bindings.update", "bindings.read", "bindings.read_all", "bindings.delete_expired");
        assertThat(runtime.databaseCalls()).allSatisfy(call -> {
            assertThat(call.succeeded()).isTrue();
            assertThat(call.duration()).isPositive();
        });

        bindings.close();
        bindings.find(ALICE, NOW);
        assertThat(reported()).hasSize(4);
    }

    @Test
    void failureIsReportedAsOne() {
        PostgresFixture empty = PostgresFixture.empty().open();
        try {
            JdbcBindingRepository bindings =
                    JdbcBindingRepository.builder(empty.dataSource()).build();
            bindings.start(runtime);

            assertThatThrownBy(() -> bindings.find(ALICE, NOW)).isInstanceOf(LocationStoreException.class);

            assertThat(runtime.databaseCalls()).hasSize(1);
            assertThat(runtime.databaseCalls().get(0).succeeded()).isFalse();
            bindings.close();
        } finally {
            empty.close();
        }
    }

    @Test
    void otherTablesAreReportedToo() {
        JdbcCredentials credentials =
                JdbcCredentials.builder(POSTGRES.dataSource()).build();
        JdbcDomains domains = JdbcDomains.of(POSTGRES.dataSource());
        JdbcCallRepository calls = JdbcCallRepository.of(POSTGRES.dataSource());
        credentials.start(runtime);
        domains.start(runtime);
        calls.start(runtime);

        credentials.find("nobody", "sip.test");
        calls.findAll();
        calls.write(List.of(), List.of());

        assertThat(reported())
                .containsExactlyInAnyOrder("subscribers.read", "domains.read_all", "calls.read_all", "calls.write");
        Stream.<ProxyComponent>of(credentials, domains, calls).forEach(ProxyComponent::close);
    }
}
