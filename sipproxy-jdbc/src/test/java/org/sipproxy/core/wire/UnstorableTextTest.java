package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.jdbc.JdbcAliases;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.PostgresFixture;

/**
 * Texts from the network that a database cannot hold are handled as such, and not as a failure of the database. In this
 * package because of the SIP elements there, with which a test writes every message.
 */
class UnstorableTextTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    @BeforeEach
    void emptyTables() {
        postgres.execute("TRUNCATE location, dbaliases");
    }

    private static StoreMode mode(String name, BindingRepository repository) {
        return switch (name) {
            case "write-through" -> StoreMode.writeThrough(repository);
            case "write-back" -> StoreMode.writeBack(repository, Duration.ofMinutes(5));
            case "database-only" -> StoreMode.databaseOnly(repository);
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static ProxyUnderTest proxy(String mode, PGSimpleDataSource database) {
        return ProxyUnderTest.start(builder -> builder.component(JdbcAliases.of(database))
                .locationStore(
                        mode(mode, JdbcBindingRepository.builder(database).build())));
    }

    private static int status(WireClient from, Request request) {
        return from.awaitFinal(from.send(request)).status();
    }

    private static Request register(WireClient client, String user) {
        return client.request("REGISTER", "sip:sip.test")
                .from("<sip:" + user + "@sip.test>;tag=" + WireClient.unique("r"))
                .to("<sip:" + user + "@sip.test>")
                .contact("<" + client.contact() + ">");
    }

    private static PGSimpleDataSource database() {
        return (PGSimpleDataSource) postgres.dataSource();
    }

    @ParameterizedTest
    @ValueSource(strings = {"write-through", "write-back", "database-only"})
    void userThatNoDatabaseCanHoldIsNotFound(String mode) {
        try (ProxyUnderTest proxy = proxy(mode, database())) {
            WireClient alice = proxy.udp("alice");
            for (String user : List.of("%00", "alice%00", "%0a", "%7f", "%ff", "%c3%28", "%ed%a0%80", "%ef%bf%bd")) {
                for (String method : List.of("MESSAGE", "OPTIONS", "INVITE", "SUBSCRIBE")) {
                    assertThat(status(alice, alice.request(method, "sip:" + user + "@sip.test")))
                            .as(method + " " + user)
                            .isEqualTo(404);
                }
                assertThat(status(alice, register(alice, user))).as(user).isEqualTo(404);
                assertThat(status(alice, register(alice, user).contact("")))
                        .as(user)
                        .isEqualTo(404);
                assertThat(status(alice, register(alice, user).contact("*").with("Expires: 0")))
                        .as(user)
                        .isEqualTo(404);
            }
            assertNoFailure(proxy);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"write-through", "write-back", "database-only"})
    void userAgentIsStoredAsTheColumnCanHoldIt(String mode) {
        List<String> agents = List.of(
                "\\\0", // quoted NUL
                "phone (\\\0)",
                "a".repeat(300),
                "a".repeat(254) + "\u00f0\u009f\u0098\u0080", // a character across the cut
                "\u00c3\u00a9",
                "\u00ff");
        try (ProxyUnderTest proxy = proxy(mode, database())) {
            List<WireClient> phones = new ArrayList<>();
            for (String agent : agents) {
                WireClient phone = proxy.udp("user" + phones.size());
                phones.add(phone);
                assertThat(status(phone, register(phone, phone.name()).with("User-Agent: " + agent)))
                        .as(agent)
                        .isEqualTo(200);
            }
            proxy.proxy().flushLocationStore();

            assertThat(rows("SELECT username FROM location ORDER BY username"))
                    .containsExactly("user0", "user1", "user2", "user3", "user4", "user5");
            for (WireClient phone : phones) {
                WireClient caller = proxy.udp("caller");
                Request message = caller.send(caller.request("MESSAGE", "sip:" + phone.name() + "@sip.test"));
                phone.respond(phone.awaitRequest("MESSAGE"), 200);
                caller.awaitResponse(message, 200);
            }
            assertNoFailure(proxy);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"write-through", "write-back", "database-only"})
    void bindingThatNoRowCanHoldIsRejectedWith400AndTheOthersAreWritten(String mode) {
        try (ProxyUnderTest proxy = proxy(mode, database())) {
            WireClient phone = proxy.udp("phone");
            assertThat(status(phone, register(phone, "good"))).isEqualTo(200);
            assertThat(refusal(phone, register(phone, "u".repeat(65))))
                    .isEqualTo("user of To is too long: 65 characters (at most 64)");
            String hop = "<sip:192.0.2.1:5060;lr;x=" + "y".repeat(78) + ">";
            String path = String.join(",", List.of(hop, hop, hop, hop, hop));
            assertThat(path.length() - 5 * "<>,".length() + 1)
                    .as("the URIs only")
                    .isLessThanOrEqualTo(512);
            assertThat(refusal(phone, register(phone, "pathological").with("Supported: path", "Path: " + path)))
                    .isEqualTo("Path is too long: " + path.length() + " characters (at most 512)");
            assertThat(status(phone, register(phone, "nul").callId("a\0b"))).isEqualTo(400);
            assertThat(status(phone, register(phone, "nul").contact("<sip:a\0@192.0.2.1>")))
                    .isEqualTo(400);
            assertThat(status(
                            phone,
                            register(phone, "nul").contact("<" + phone.contact() + ">;+sip.instance=\"<\\\0>\"")))
                    .isEqualTo(400);
            assertThat(status(phone, register(phone, "fine"))).isEqualTo(200);
            proxy.proxy().flushLocationStore();

            assertThat(rows("SELECT username FROM location ORDER BY username")).containsExactly("fine", "good");
            assertThat(status(phone, phone.request("MESSAGE", "sip:" + "u".repeat(65) + "@sip.test")))
                    .isEqualTo(404);
            assertNoFailure(proxy);
        }
    }

    /** Returns the reason phrase of a 400. */
    private static String refusal(WireClient from, Request request) {
        WireMessage response = from.awaitFinal(from.send(request));
        assertThat(response.status()).isEqualTo(400);
        return response.header("P-Registrar-Error");
    }

    @ParameterizedTest
    @ValueSource(strings = {"write-through", "write-back", "database-only"})
    void narrowerColumnDecidesAndIsNoticedWhileTheProxyRuns(String mode) {
        try (ProxyUnderTest proxy = proxy(mode, database())) {
            WireClient phone = proxy.udp("phone");
            assertThat(status(phone, register(phone, "good"))).isEqualTo(200);
            postgres.execute("ALTER TABLE location ALTER COLUMN username TYPE VARCHAR(10)");
            phone.awaitFinal(
                    phone.send(register(phone, "u".repeat(11)))); // write-back accepts it, and fails when it flushes
            proxy.proxy().flushLocationStore();

            assertThat(refusal(phone, register(phone, "v".repeat(11))))
                    .isEqualTo("user of To is too long: 11 characters (at most 10)");
            assertNoFailure(proxy);
        } finally {
            postgres.execute("ALTER TABLE location ALTER COLUMN username TYPE VARCHAR(64)");
        }
    }

    private static void assertNoFailure(ProxyUnderTest proxy) {
        assertThat(proxy.proxy().storeStatus().lastError()).isEmpty();
    }

    private static List<String> rows(String query) {
        return rows(database(), query);
    }

    private static List<String> rows(PGSimpleDataSource database, String query) {
        List<String> rows = new ArrayList<>();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                var result = statement.executeQuery(query)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return rows;
    }

    // ---- a database in another encoding

    private final String latin1 =
            "latin1_" + Long.toString(System.nanoTime(), 36).toLowerCase(Locale.ROOT);

    private PGSimpleDataSource latin1Database() {
        postgres.execute(
                "CREATE DATABASE " + latin1 + " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        PGSimpleDataSource database = (PGSimpleDataSource) postgres.dataSource();
        database.setDatabaseName(latin1);
        KamailioSchema.on(database).create();
        return database;
    }

    @AfterEach
    void dropLatin1Database() {
        postgres.execute("DROP DATABASE IF EXISTS " + latin1 + " WITH (FORCE)");
    }

    @Test
    void userOutsideTheDatabasesEncodingIsNotFoundAndAliasesOfOthersWork() throws Exception {
        PGSimpleDataSource database = latin1Database();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO dbaliases (alias_username, alias_domain, username, domain) VALUES "
                    + "('sales', 'sip.test', 'bob', 'sip.test')");
        }
        try (ProxyUnderTest proxy = proxy("database-only", database)) {
            WireClient alice = proxy.udp("alice");
            WireClient bob = proxy.registered("bob");

            assertThat(status(alice, alice.request("MESSAGE", "sip:%e2%82%ac@sip.test")))
                    .isEqualTo(404);
            Request toAlias = alice.send(alice.request("MESSAGE", "sip:sales@sip.test"));
            bob.respond(bob.awaitRequest("MESSAGE"), 200);
            alice.awaitResponse(toAlias, 200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"write-through", "write-back", "database-only"})
    void charactersOutsideTheEncodingAreReplacedOrRejectedWith400(String mode) {
        PGSimpleDataSource database = latin1Database();
        try (ProxyUnderTest proxy = proxy(mode, database)) {
            WireClient bob = proxy.udp("bob");
            // UTF-8 of a euro sign, a byte that is not UTF-8, and an e with an acute, which LATIN1 has
            String agent = "\u00e2\u0082\u00ac \u00ff \u00c3\u00a9";
            assertThat(status(bob, register(bob, "bob").with("User-Agent: " + agent)))
                    .isEqualTo(200);
            assertThat(status(bob, register(bob, "andr%c3%a9"))).isEqualTo(200);
            assertThat(refusal(bob, register(bob, "%e2%82%ac")))
                    .isEqualTo("user of To has a character that the database cannot hold (encoding LATIN1)");
            proxy.proxy().flushLocationStore();

            assertThat(rows(database, "SELECT user_agent FROM location WHERE username = 'bob'"))
                    .containsExactly("? ? \u00e9");
            assertThat(rows(database, "SELECT username FROM location ORDER BY username"))
                    .containsExactly("andr\u00e9", "bob");
            assertNoFailure(proxy);
        }
    }

    @Test
    void subscriberOutsideTheEncodingOfTheDatabaseIsUnknown() {
        JdbcCredentials credentials = JdbcCredentials.builder(latin1Database()).build();

        assertThat(credentials.find("\u20ac", "sip.test")).isEmpty();
        assertThat(credentials.hasOtherSpelling("\u20acA", "sip.test")).isFalse();
        assertThat(credentials.isCurrent()).isTrue();
    }
}
