package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite.Put;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeFlow;

/** Rows of location, as Kamailio writes and reads them. */
class LocationRowTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Aor ALICE = new Aor("alice", "sip.test");

    /** 527 in the column. */
    private static final Set<Method> METHODS =
            Set.of(Method.INVITE, Method.CANCEL, Method.ACK, Method.BYE, Method.OPTIONS);

    private static final String ALL_COLUMNS =
            "SELECT ruid, username, domain, contact, received, path, expires, q, callid, "
                    + "cseq, last_modified, flags, cflags, user_agent, socket, methods, instance, reg_id, server_id, "
                    + "connection_id, keepalive, partition FROM location";

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    private final BindingRepository repository =
            JdbcBindingRepository.builder(POSTGRES.dataSource()).serverId(7).build();

    @BeforeEach
    void empty() {
        POSTGRES.execute("DELETE FROM location");
        POSTGRES.execute("ALTER TABLE location ALTER COLUMN contact SET NOT NULL");
    }

    // ---- written

    @Test
    void bindingWithoutAnythingOptional() {
        repository.write(List.of(new Put(ALICE, binding("x-1").build())));

        assertThat(Rows.of(POSTGRES, ALL_COLUMNS))
                .containsExactly("x-1|alice|sip.test|sip:alice@192.0.2.1:5060;ob|NULL|NULL|2026-03-01 13:00:00|-1|"
                        + "call-1|1|2026-03-01 12:00:00|0|0|n/a|NULL|NULL|NULL|0|7|-1|0|0");
    }

    @Test
    void clientBehindANatOverTcpWithAPath() {
        repository.write(List.of(new Put(
                ALICE,
                binding("x-1")
                        .granted(NOW.toEpochMilli() + 999, Duration.ofHours(1))
                        .q(0.5f)
                        .userAgent("Phone/1")
                        .received(SipUri.of("sip:203.0.113.9:40001;transport=tcp"))
                        .path(List.of(SipUri.of("sip:edge1.test;lr"), SipUri.of("sip:edge2.test;lr")))
                        .instance("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>", 1)
                        .methods(METHODS)
                        .flow(overTcp())
                        .build())));

        String row = Rows.of(POSTGRES, ALL_COLUMNS).get(0);
        String connection =
                Rows.of(POSTGRES, "SELECT connection_id FROM location").get(0);
        assertThat(Integer.parseInt(connection)).isPositive();
        assertThat(row)
                .isEqualTo("x-1|alice|sip.test|sip:alice@192.0.2.1:5060;ob|sip:203.0.113.9:40001;transport=tcp|"
                        + "<sip:edge1.test;lr>,<sip:edge2.test;lr>|2026-03-01 13:00:00|0.5|call-1|1|"
                        + "2026-03-01 12:00:00|0|64|Phone/1|tcp:192.0.2.9:5060|527|"
                        + "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>|1|7|" + connection + "|0|0");
    }

    @Test
    void localTimeOfAnotherZoneIsWrittenAndRead() {
        BindingRepository tokyo = JdbcBindingRepository.builder(POSTGRES.dataSource())
                .databaseZone(ZoneId.of("Asia/Tokyo"))
                .build();

        tokyo.write(List.of(new Put(ALICE, binding("x-1").build())));

        assertThat(Rows.of(POSTGRES, "SELECT expires, last_modified FROM location"))
                .containsExactly("2026-03-01 22:00:00|2026-03-01 21:00:00");
        assertThat(tokyo.find(ALICE, NOW).get(0).expiresAt()).isEqualTo(NOW.plusSeconds(3600));
        assertThat(tokyo.find(ALICE, NOW.plusSeconds(3600))).isEmpty();
    }

    @Test
    void columnsOfEpochSecondsAreRecognised() {
        try (PostgresFixture other = PostgresFixture.withSchema().open()) {
            other.execute(
                    "ALTER TABLE location ALTER COLUMN expires DROP DEFAULT, ALTER COLUMN last_modified DROP DEFAULT");
            other.execute("ALTER TABLE location ALTER COLUMN expires TYPE BIGINT USING 0, "
                    + "ALTER COLUMN last_modified TYPE BIGINT USING 0");
            BindingRepository numbers = JdbcBindingRepository.builder(other.dataSource())
                    .databaseZone(ZoneId.of("Asia/Tokyo"))
                    .build();

            numbers.write(List.of(new Put(ALICE, binding("x-1").build())));
            other.execute("INSERT INTO location (ruid, username, domain, contact, expires, last_modified) VALUES "
                    + "('permanent', 'alice', 'sip.test', 'sip:b@192.0.2.2', 0, 0)");

            assertThat(Rows.of(other, "SELECT expires, last_modified FROM location WHERE ruid = 'x-1'"))
                    .containsExactly(NOW.getEpochSecond() + 3600 + "|" + NOW.getEpochSecond());
            assertThat(numbers.find(ALICE, NOW).get(0).expiresAt()).isEqualTo(NOW.plusSeconds(3600));
            numbers.deleteExpired(NOW.plusSeconds(3600), false, (aor, b) -> {});
            assertThat(numbers.find(ALICE, NOW)).singleElement().satisfies(b -> {
                assertThat(b.id()).isEqualTo("permanent");
                assertThat(b.expiresAt()).isEqualTo(Instant.parse("2106-02-07T06:28:15Z"));
            });
        }
    }

    @Test
    void rowsWithoutADomainAreOfTheDefaultDomainAndStayWithoutOne() {
        POSTGRES.execute("INSERT INTO location (ruid, username, domain, contact, expires) VALUES "
                + "('uloc-1', 'alice', NULL, 'sip:alice@192.0.2.7', '2030-01-01'), "
                + "('uloc-2', 'alice', '', 'sip:alice@192.0.2.8', '2030-01-01'), "
                + "('uloc-3', 'alice', 'other.test', 'sip:alice@192.0.2.9', '2030-01-01')");
        BindingRepository single = JdbcBindingRepository.builder(POSTGRES.dataSource())
                .defaultDomain("SIP.test")
                .build();

        assertThat(single.find(ALICE, NOW)).extracting(Binding::id).containsExactly("uloc-1", "uloc-2");
        assertThat(single.find(new Aor("alice", "other.test"), NOW))
                .extracting(Binding::id)
                .containsExactly("uloc-3");
        List<Aor> shown = new ArrayList<>();
        single.forEach(NOW, (aor, b) -> shown.add(aor));
        assertThat(shown).containsExactly(ALICE, ALICE, new Aor("alice", "other.test"));

        single.update(
                ALICE,
                current -> List.of(
                        current.get(0).toBuilder().cseq(9).build(),
                        binding("x-1").build()),
                NOW);
        assertThat(Rows.of(POSTGRES, "SELECT ruid, domain, cseq FROM location ORDER BY ruid"))
                .as("a Kamailio with use_domain=0 finds both by user")
                .containsExactly("uloc-1|NULL|9", "uloc-3|other.test|1", "x-1|sip.test|1");
    }

    // ---- read

    @Test
    void rowOfKamailioIsRead() {
        POSTGRES.execute(
                "INSERT INTO location (ruid, username, domain, contact, received, path, expires, q, callid, cseq,"
                        + " last_modified, flags, cflags, user_agent, socket, methods, instance, reg_id, server_id,"
                        + " connection_id, keepalive, partition) VALUES ('uloc-1a-6b040aa7-189e-2', 'alice', 'sip.test',"
                        + " 'sip:1001@192.168.1.7:5060;ob', 'sip:203.0.113.9:40001',"
                        + " '<sip:p1.test;lr>,<sip:p2.test;lr;ob>', '2026-03-01 12:05:00', -1, 'abc@host', 26, '2026-03-01"
                        + " 11:59:59', 0, 192, 'n/a', 'udp:192.0.2.1:5060', 527, '<urn:uuid:1>', 3, 26, -1, 1, 7)");

        assertThat(repository.find(ALICE, NOW)).singleElement().satisfies(b -> {
            assertThat(b.id()).isEqualTo("uloc-1a-6b040aa7-189e-2");
            assertThat(b.contact()).hasToString("sip:1001@192.168.1.7:5060;ob");
            assertThat(b.received()).contains(SipUri.of("sip:203.0.113.9:40001"));
            assertThat(b.path()).extracting(SipUri::toString).containsExactly("sip:p1.test;lr", "sip:p2.test;lr;ob");
            assertThat(b.expiresAt()).isEqualTo(NOW.plusSeconds(300));
            assertThat(b.updatedAtMillis()).isEqualTo(NOW.minusSeconds(1).toEpochMilli());
            assertThat(b.q()).isEqualTo(Binding.Q_UNSPECIFIED);
            assertThat(b.cseq()).isEqualTo(26);
            assertThat(b.userAgent()).isEmpty();
            assertThat(b.socket()).contains(Endpoint.udp("192.0.2.1", 5060));
            assertThat(b.methods()).isEqualTo(METHODS);
            assertThat(b.instanceId()).isEqualTo("<urn:uuid:1>");
            assertThat(b.regId()).isEqualTo(3);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"1970-01-01 00:00:00", "9999-12-31 23:59:59", "2200-01-01 00:00:00", "infinity"})
    void permanentAndFarRowsDoNotExpire(String expires) {
        foreign("'sip:a@192.0.2.1'", expires);

        repository.deleteExpired(NOW, false, (aor, b) -> {});

        assertThat(repository.find(ALICE, NOW)).singleElement().satisfies(b -> {
            assertThat(b.expiresAt()).isEqualTo(Instant.parse("2106-02-07T06:28:15Z"));
            assertThat(b.methods()).isEmpty();
            assertThat(b.q()).isEqualTo(1f);
        });
    }

    /** Kamailio, and every other client of the database, may write what no response of this proxy can hold. */
    @Test
    void anInstanceThatNoResponseCanHoldIsIgnoredAndAUserAgentIsOneLine() {
        POSTGRES.execute("INSERT INTO location (ruid, username, domain, contact, expires, user_agent, instance, reg_id)"
                + " VALUES ('x-1', 'alice', 'sip.test', 'sip:a@192.0.2.1', '2030-01-01', E'Phone\\r\\n  1',"
                + " E'<urn:x>\"\\r\\nX: y', 3)");
        RecordingLogger log = new RecordingLogger();
        BindingRepository logging = JdbcBindingRepository.builder(POSTGRES.dataSource())
                .log(log.logger())
                .build();

        assertThat(logging.find(ALICE, NOW)).singleElement().satisfies(binding -> {
            assertThat(binding.instanceId()).isEmpty();
            assertThat(binding.regId()).isZero();
            assertThat(binding.userAgent()).isEqualTo("Phone 1");
        });
        assertThat(log.lines())
                .singleElement()
                .asString()
                .contains("of user \"alice\": instance ignored: a header cannot hold \"<urn:x>");
    }

    @Test
    void rowsThatLackWhatABindingNeedsAreLoggedOnceEachAndTheOthersRead() {
        POSTGRES.execute("ALTER TABLE location ALTER COLUMN contact DROP NOT NULL");
        foreign("NULL", "2030-01-01");
        foreign("'not a uri'", "2030-01-01");
        foreign("'sip:[::1'", "2030-01-01");
        foreign("'sip:fine@192.0.2.1'", "2030-01-01");
        POSTGRES.execute("INSERT INTO location (ruid, username, domain, contact) VALUES "
                + "('no domain', 'alice', NULL, 'sip:a@192.0.2.1'), ('empty domain', 'alice', '', 'sip:a@192.0.2.1')");
        List<String> ids = Rows.of(POSTGRES, "SELECT id FROM location ORDER BY id");

        RecordingLogger log = new RecordingLogger();
        BindingRepository logging = JdbcBindingRepository.builder(POSTGRES.dataSource())
                .log(log.logger())
                .build();
        assertThat(logging.find(ALICE, NOW))
                .extracting(b -> b.contact().toString())
                .containsExactly("sip:fine@192.0.2.1");
        assertThat(log.lines())
                .hasSize(5)
                .anyMatch(line -> line.startsWith(
                        "WARN table location, row id " + ids.get(0) + " of user \"alice\": skipped: it has no contact"))
                .anyMatch(line ->
                        line.contains("id " + ids.get(1) + " of user \"alice\": skipped: it has a URI that cannot"))
                .anyMatch(line -> line.contains(
                        "id " + ids.get(4) + " of user \"alice\": skipped: it has no domain, as a Kamailio"
                                + " with use_domain=0 writes it"));

        logging.find(ALICE, NOW);
        logging.update(ALICE, current -> current, NOW);
        List<String> shown = new ArrayList<>();
        logging.forEach(NOW, (aor, b) -> shown.add(b.contact().toString()));
        assertThat(shown).containsExactly("sip:fine@192.0.2.1");
        assertThat(log.lines()).as("once each, for all readers").hasSize(5);
        POSTGRES.execute("DELETE FROM location");
    }

    @Test
    void rowWhoseSocketIsNotAnEndpointIsReadWithoutItAndLoggedOnce() {
        foreign("'sip:a@192.0.2.1'", "2030-01-01");
        POSTGRES.execute("UPDATE location SET socket = 'sctp:192.0.2.1:5060'");
        RecordingLogger log = new RecordingLogger();
        BindingRepository logging = JdbcBindingRepository.builder(POSTGRES.dataSource())
                .log(log.logger())
                .build();

        logging.find(ALICE, NOW);

        assertThat(logging.find(ALICE, NOW))
                .singleElement()
                .satisfies(b -> assertThat(b.socket()).isEmpty());
        assertThat(log.lines())
                .singleElement()
                .asString()
                .contains("of user \"alice\": read without its socket \"sctp:192.0.2.1:5060\"");
    }

    @Test
    void rowsOfOneListeningPointShareIt() {
        repository.write(List.of(
                new Put(ALICE, binding("x-1").flow(overTcp()).build()),
                new Put(ALICE, binding("x-2").flow(overTcp()).build())));

        List<Binding> read = repository.find(ALICE, NOW);

        assertThat(read).hasSize(2);
        assertThat(read.get(0).socket()).contains(Endpoint.tcp("192.0.2.9", 5060));
        assertThat(read.get(1).socket().orElseThrow())
                .isSameAs(read.get(0).socket().orElseThrow());
    }

    private static void foreign(String contact, String expires) {
        POSTGRES.execute("INSERT INTO location (ruid, username, domain, contact, expires) VALUES ('f-' || "
                + "nextval('location_id_seq'), 'alice', 'sip.test', " + contact + ", '" + expires + "')");
    }

    private static Binding.Builder binding(String id) {
        return Binding.builder(id, SipUri.of("sip:alice@192.0.2.1:5060;ob"))
                .granted(NOW.toEpochMilli(), Duration.ofHours(1))
                .callId("call-1")
                .cseq(1);
    }

    private static FakeFlow overTcp() {
        return new FakeFlow(
                TransportKind.TCP,
                new InetSocketAddress("203.0.113.9", 40001),
                Endpoint.tcp("192.0.2.9", 5060),
                true,
                Set.of());
    }
}
