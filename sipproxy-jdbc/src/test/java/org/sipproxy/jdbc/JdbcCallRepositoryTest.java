package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.testkit.fakes.FakeRuntime;

@Timeout(120)
class JdbcCallRepositoryTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00.123Z");

    private final JdbcCallRepository calls = JdbcCallRepository.of(POSTGRES.dataSource());

    @BeforeEach
    void empty() {
        POSTGRES.execute("DELETE FROM sipproxy_call");
    }

    private static PGSimpleDataSource source(String url) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        source.setUser(POSTGRES.user());
        source.setPassword(POSTGRES.password());
        return source;
    }

    private static StoredCall call(String callId, String caller) {
        return new StoredCall(
                new StoredCall.Key(callId, "tagA"),
                new StoredCall.Side(
                        caller,
                        "tagA",
                        "sip:alice@192.0.2.1:5070;alias=1~2",
                        "<sip:192.0.2.9;lr;rs=abc>",
                        101,
                        Optional.of(new InetSocketAddress("192.0.2.1", 5070)),
                        Optional.of(Endpoint.udp("192.0.2.9", 5060)),
                        Optional.of(new Aor("alice", "sip.test"))),
                new StoredCall.Side(
                        "<sip:bob@sip.test>;tag=tagB",
                        "tagB",
                        "sip:bob@[2001:db8::2]:5080;transport=tcp",
                        "<sip:192.0.2.9;lr;rs=abc>, <sip:192.0.2.8;lr>",
                        0,
                        Optional.of(new InetSocketAddress("2001:db8::2", 5080)),
                        Optional.of(Endpoint.tcp("2001:db8::9", 5060)),
                        Optional.empty()),
                Optional.of("alice@sip.test"),
                "sip:bob@192.0.2.2",
                NOW.minusSeconds(70),
                Optional.of(NOW.minusSeconds(65)),
                NOW.minusSeconds(60),
                NOW.plusSeconds(43_140),
                Duration.ofMinutes(30));
    }

    private static StoredCall call(String callId) {
        return call(callId, "\"Alice \\\"A\\\"\" <sip:alice@sip.test>;tag=tagA");
    }

    private static StoredCall bare(String callId) {
        StoredCall.Side side = new StoredCall.Side(
                "<sip:x@sip.test>;tag=tagA", "tagA", "", "", 1, Optional.empty(), Optional.empty(), Optional.empty());
        return new StoredCall(
                new StoredCall.Key(callId, "tagA"),
                side,
                side,
                Optional.empty(),
                "",
                NOW,
                Optional.empty(),
                NOW,
                NOW.plusSeconds(10),
                Duration.ZERO);
    }

    @Test
    void whatWasWrittenIsReadAgain() {
        calls.write(List.of(call("one"), bare("two")), List.of());

        assertThat(calls.findAll()).containsExactlyInAnyOrder(call("one"), bare("two"));
    }

    @Test
    void anotherWriteReplacesTheRowAndAnEndedCallLosesIt() {
        calls.write(List.of(call("one"), call("two"), call("three")), List.of());
        StoredCall changed = call("two", "<sip:alice@sip.test>;tag=tagA");
        calls.write(List.of(changed), List.of(call("one").key(), call("unknown").key()));

        assertThat(calls.findAll()).containsExactlyInAnyOrder(changed, call("three"));
    }

    @Test
    void aProxyReadsItsOwnCallsOnly() {
        JdbcCallRepository other =
                JdbcCallRepository.builder(POSTGRES.dataSource()).serverId(2).build();
        calls.write(List.of(call("one")), List.of());
        other.write(List.of(call("one", "<sip:other@sip.test>;tag=tagA"), call("two")), List.of());
        other.write(List.of(), List.of(call("one").key()));

        assertThat(calls.findAll()).containsExactly(call("one"));
        assertThat(other.findAll()).containsExactly(call("two"));
    }

    @Test
    void rowsOfAProxyThatWasRemovedAreDeletedInTheEnd() {
        JdbcCallRepository gone =
                JdbcCallRepository.builder(POSTGRES.dataSource()).serverId(3).build();
        gone.write(List.of(call("one"), call("two")), List.of());
        POSTGRES.execute("UPDATE sipproxy_call SET timeout = now() - interval '8 days' WHERE callid = 'one'");
        POSTGRES.execute("UPDATE sipproxy_call SET timeout = now() - interval '6 days' WHERE callid = 'two'");
        assertThat(calls.findAll()).isEmpty();

        assertThat(gone.findAll()).extracting(call -> call.key().callId()).containsExactly("two");
    }

    @Test
    void aThousandCallsAreOneWrite() {
        List<StoredCall> many = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            many.add(call("call" + i));
        }
        calls.write(many, List.of());
        assertThat(calls.findAll()).hasSize(1_000);
        calls.write(List.of(), many.stream().map(StoredCall::key).toList());
        assertThat(calls.findAll()).isEmpty();
    }

    @Test
    void callThatTheColumnsCannotHoldIsNotWritten() {
        calls.write(List.of(call("c".repeat(256)), call("one"), call("null\0byte")), List.of());

        assertThat(calls.findAll()).containsExactly(call("one"));
    }

    @Test
    void aRowThatTheDatabaseRefusesDoesNotBlockTheOthers() {
        POSTGRES.execute("ALTER TABLE sipproxy_call ADD CONSTRAINT no_two CHECK (callid <> 'two')");
        try {
            calls.write(List.of(call("zero")), List.of());
            calls.write(
                    List.of(call("one"), call("two"), call("three")),
                    List.of(call("zero").key()));

            assertThat(calls.findAll()).containsExactlyInAnyOrder(call("one"), call("three"));
        } finally {
            POSTGRES.execute("ALTER TABLE sipproxy_call DROP CONSTRAINT no_two");
        }
    }

    @Test
    void rowThatCannotBeReadIsSkipped() {
        calls.write(List.of(call("one"), call("two")), List.of());
        POSTGRES.execute("UPDATE sipproxy_call SET caller_sock = 'nonsense' WHERE callid = 'two'");
        assertThat(calls.findAll()).containsExactly(call("one"));

        POSTGRES.execute("UPDATE sipproxy_call SET caller_sock = NULL, callee_source = 'x' WHERE callid = 'two'");
        assertThat(calls.findAll()).containsExactly(call("one"));
    }

    @Test
    void aDatabaseThatLacksACharacterHoldsTheCallAllTheSame() {
        try (PostgresFixture latin = PostgresFixture.empty().open()) {
            latin.execute(
                    "CREATE DATABASE calls_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
            try {
                PGSimpleDataSource source = source(latin.url().replace(latin.databaseName(), "calls_latin1"));
                KamailioSchema.on(source).create();
                JdbcCallRepository there = JdbcCallRepository.of(source);
                there.write(List.of(call("one", "\"\u3042\" <sip:alice@sip.test>;tag=tagA")), List.of());

                assertThat(there.findAll()).containsExactly(call("one", "\"?\" <sip:alice@sip.test>;tag=tagA"));

                there.write(List.of(call("two\u624b"), call("three")), List.of());
                assertThat(there.findAll())
                        .as("a BYE of the second would not be recognized")
                        .extracting(call -> call.key().callId())
                        .containsExactlyInAnyOrder("one", "three");
                there.write(
                        List.of(),
                        List.of(call("two\u624b").key(), call("three").key()));
                assertThat(there.findAll())
                        .extracting(call -> call.key().callId())
                        .containsExactly("one");
            } finally {
                latin.execute("DROP DATABASE calls_latin1");
            }
        }
    }

    @Test
    void aMissingTableAndAMissingPrivilegePreventTheStartAndNameTheRemedy() {
        try (PostgresFixture other = PostgresFixture.empty().open()) {
            JdbcCallRepository without = JdbcCallRepository.of(other.dataSource());
            assertThatThrownBy(() -> without.start(new FakeRuntime(NOW)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no table sipproxy_call")
                    .hasMessageContaining("db create");

            KamailioSchema.on(other.dataSource()).create();
            without.start(new FakeRuntime(NOW));
            without.close();

            other.execute("DROP ROLE IF EXISTS calls_reader; CREATE ROLE calls_reader LOGIN PASSWORD 'pw';"
                    + " GRANT SELECT ON sipproxy_call TO calls_reader");
            try {
                JdbcCallRepository reader = JdbcCallRepository.of(other.dataSource("calls_reader", "pw"));
                assertThatThrownBy(() -> reader.start(new FakeRuntime(NOW)))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("no INSERT, UPDATE, DELETE on table sipproxy_call")
                        .hasMessageContaining("db grants");
            } finally {
                other.execute("DROP OWNED BY calls_reader; DROP ROLE calls_reader");
            }
        }
    }

    @Test
    void aDatabaseThatCannotBeReachedIsAnOutageAndDoesNotPreventTheStart() {
        JdbcCallRepository away = JdbcCallRepository.of(source("jdbc:postgresql://127.0.0.1:1/none"));
        away.start(new FakeRuntime(NOW));
        try {
            assertThatThrownBy(away::findAll)
                    .isInstanceOf(TemporarilyUnavailableException.class)
                    .hasMessageContaining("reading the calls");
            assertThatThrownBy(() -> away.write(List.of(call("one")), List.of()))
                    .isInstanceOf(TemporarilyUnavailableException.class)
                    .hasMessageContaining("writing 1 calls");
        } finally {
            away.close();
        }
    }

    @Test
    void aNegativeServerIdIsRefused() {
        assertThatThrownBy(() -> JdbcCallRepository.builder(POSTGRES.dataSource())
                        .serverId(-1)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("serverId");
    }
}
