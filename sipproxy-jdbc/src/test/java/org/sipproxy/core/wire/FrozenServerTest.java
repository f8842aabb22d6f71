package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.PostgresServer;
import org.sipproxy.jdbc.Rows;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.security.DigestAuthentication;

/**
 * PostgreSQL server whose processes are suspended (SIGSTOP): it keeps its connections and sends nothing. This is
 * noticed within the statement timeout and one second, over every transport.
 */
@Timeout(90)
class FrozenServerTest {

    private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(2);

    /** Tolerance for the machine that runs the test. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    private static final Duration NOTICED = STATEMENT_TIMEOUT.plusSeconds(1).plus(SLACK);

    /** How long a look-up waits for a silent server. */
    private static final Duration LOOKED_UP = Duration.ofSeconds(6).plus(SLACK);

    private static HikariDataSource pool(PostgresServer server) {
        HikariConfig config = new HikariConfig();
        PGSimpleDataSource database = server.createDatabase("kamailio");
        database.setCancelSignalTimeout(1); // as statementTimeout documents
        config.setDataSource(database);
        config.setMaximumPoolSize(6);
        config.setConnectionTimeout(1_000);
        config.setValidationTimeout(500);
        return new HikariDataSource(config);
    }

    private static WireClient client(ProxyUnderTest proxy, TransportKind kind, String name) {
        return kind == TransportKind.TCP ? proxy.tcp(name) : proxy.udp(name);
    }

    private static Request register(WireClient phone) {
        String aor = "<sip:" + phone.name() + "@sip.test>";
        return phone.request("REGISTER", "sip:sip.test")
                .from(aor + ";tag=1")
                .to(aor)
                .contact("<" + phone.contact() + ">");
    }

    private static void optionsAreAnswered(WireClient client) {
        for (int i = 0; i < 5; i++) {
            client.awaitResponse(client.send(client.request("OPTIONS", "sip:sip.test")), 200);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TransportKind.class,
            names = {"UDP", "TCP"})
    void writeThroughNoticesItInTimeAndLosesNoAcknowledgedBinding(TransportKind kind) {
        try (PostgresServer server = PostgresServer.launch();
                HikariDataSource pool = pool(server)) {
            KamailioSchema.on(pool).create();
            try (ProxyUnderTest proxy = ProxyUnderTest.of(SipProxy.builder()
                    .listen(Endpoint.udp("127.0.0.1", 0))
                    .listen(Endpoint.tcp("127.0.0.1", 0))
                    .domain("sip.test")
                    .noAuthentication()
                    .locationStore(StoreMode.writeThrough(JdbcBindingRepository.builder(pool)
                            .statementTimeout(STATEMENT_TIMEOUT)
                            .build())))) {
                List<WireClient> phones = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    WireClient phone = client(proxy, kind, "phone" + i);
                    phone.awaitResponse(phone.send(register(phone)), 200);
                    phones.add(phone);
                }
                WireClient prober = client(proxy, kind, "prober");
                server.freeze();
                try {
                    long frozen = System.nanoTime();
                    List<Request> sent = phones.stream()
                            .map(phone -> phone.send(register(phone)))
                            .toList();
                    optionsAreAnswered(prober);

                    for (int i = 0; i < phones.size(); i++) {
                        assertThat(awaitFinal(phones.get(i), sent.get(i), frozen, NOTICED))
                                .isGreaterThanOrEqualTo(500);
                    }
                    assertThat(since(frozen)).isLessThan(NOTICED);

                    long later = System.nanoTime();
                    WireClient late = phones.get(0);
                    assertThat(late.awaitFinal(late.send(register(late))).status())
                            .isGreaterThanOrEqualTo(500);
                    assertThat(since(later))
                            .as("a known outage is not detected again")
                            .isLessThan(SLACK);
                    optionsAreAnswered(prober);
                } finally {
                    server.thaw();
                }
                for (WireClient phone : phones) {
                    await().atMost(Duration.ofSeconds(10))
                            .until(() -> phone.awaitFinal(phone.send(register(phone)))
                                            .status()
                                    == 200);
                }
                assertThat(Rows.of(pool, "SELECT DISTINCT username FROM location"))
                        .hasSameSizeAs(phones);
            }
        }
    }

    /** Waits longer than the client's timeout. */
    private static int awaitFinal(WireClient phone, Request request, long since, Duration limit) {
        while (true) {
            try {
                return phone.awaitFinal(request).status();
            } catch (AssertionError e) {
                if (since(since).compareTo(limit) >= 0) {
                    throw e;
                }
            }
        }
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    @ParameterizedTest
    @EnumSource(
            value = TransportKind.class,
            names = {"UDP", "TCP"})
    void writeBackContinuesAndUncachedSubscribersAreRefusedWithoutDelay(TransportKind kind) {
        try (PostgresServer server = PostgresServer.launch();
                HikariDataSource pool = pool(server)) {
            KamailioSchema.on(pool).create();
            Subscribers.in(pool).add("phone", "sip.test", "secret");
            JdbcCredentials users = JdbcCredentials.builder(pool).build();
            try (ProxyUnderTest proxy = ProxyUnderTest.of(SipProxy.builder()
                    .listen(Endpoint.udp("127.0.0.1", 0))
                    .listen(Endpoint.tcp("127.0.0.1", 0))
                    .domain("sip.test")
                    .authentication(DigestAuthentication.builder()
                            .credentials(users)
                            .noLockout()
                            .build())
                    .locationStore(StoreMode.writeBack(
                            JdbcBindingRepository.builder(pool)
                                    .statementTimeout(STATEMENT_TIMEOUT)
                                    .build(),
                            Duration.ofMillis(100))))) {
                WireClient phone = client(proxy, kind, "phone");
                WireClient prober = client(proxy, kind, "prober");
                String challenge = phone.awaitFinal(phone.send(register(phone))).toString();
                server.freeze();
                try {
                    long frozen = System.nanoTime();
                    List<Request> sent = new ArrayList<>();
                    for (int i = 0; i < 20; i++) {
                        sent.add(phone.send(register(phone).with(wrongPassword("nobody" + i, challenge))));
                    }
                    optionsAreAnswered(prober);
                    assertThat(since(frozen)).as("no receiver thread waits").isLessThan(SLACK);

                    for (Request request : sent) {
                        assertThat(awaitFinal(phone, request, frozen, LOOKED_UP))
                                .isEqualTo(503);
                    }
                    assertThat(since(frozen)).isLessThan(LOOKED_UP);
                    long later = System.nanoTime();
                    assertThat(phone.awaitFinal(phone.send(register(phone).with(wrongPassword("late", challenge))))
                                    .status())
                            .isEqualTo(503);
                    assertThat(since(later)).isLessThan(SLACK);
                } finally {
                    server.thaw();
                }
                await().atMost(Duration.ofSeconds(10))
                        .until(() ->
                                phone.awaitFinal(phone.send(register(phone).with(wrongPassword("phone", challenge))))
                                                .status()
                                        == 401);
            }
        }
    }

    private static String wrongPassword(String user, String challenge) {
        String nonce = challenge.replaceAll("(?s).*nonce=\"([^\"]*)\".*", "$1");
        return "Authorization: Digest username=\"" + user + "\", realm=\"sip.test\", nonce=\"" + nonce
                + "\", uri=\"sip:sip.test\", qop=auth, nc=00000001, cnonce=\"c\", algorithm=MD5, response=\""
                + "0".repeat(32) + "\"";
    }
}
