package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/** Rows of the table uacreg. */
class JdbcTrunksTest {

    private static final String HA1 = "0123456789abcdef0123456789ABCDEF";

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    @BeforeEach
    void empty() {
        postgres.execute("TRUNCATE uacreg");
    }

    private static List<TrunkAccount> read() {
        return JdbcTrunks.of(postgres.dataSource()).read();
    }

    /** Adds a row for carrier.test with the columns and values that differ from the defaults. */
    private static void insert(String uuid, String columns, String values) {
        postgres.execute("INSERT INTO uacreg (l_uuid, r_username, r_domain" + (columns.isEmpty() ? "" : ", " + columns)
                + ") VALUES ('" + uuid + "', '4930123', 'carrier.test'" + (values.isEmpty() ? "" : ", " + values)
                + ")");
    }

    @Test
    void allColumnsAreUsed() {
        insert(
                "carrier",
                "l_username, l_domain, realm, auth_username, auth_password, auth_proxy, expires, reg_delay,"
                        + " contact_addr, socket",
                "'reception', 'sip.test', 'realm.test', 'auth', 'secret', 'sip:192.0.2.9:5070;transport=tcp', 600, 20,"
                        + " 'proxy.test:5080', 'udp:192.0.2.1:5060'");

        TrunkAccount account = read().get(0);

        assertThat(account.name()).isEqualTo("carrier");
        assertThat(account.addressOfRecord()).hasToString("sip:4930123@carrier.test");
        assertThat(account.provider()).hasToString("sip:carrier.test");
        assertThat(account.user()).hasValue(SipUri.of("sip:reception@sip.test"));
        assertThat(account.login().orElseThrow().username()).isEqualTo("auth");
        assertThat(account.login().orElseThrow().realm()).hasValue("realm.test");
        assertThat(account.login().orElseThrow().password()).hasValue("secret");
        assertThat(account.outboundProxy()).hasValue(SipUri.of("sip:192.0.2.9:5070;transport=tcp"));
        assertThat(account.registers()).isTrue();
        assertThat(account.expires()).isEqualTo(Duration.ofMinutes(10));
        assertThat(account.startDelay()).isEqualTo(Duration.ofSeconds(20));
        assertThat(account.contactHost()).hasValue("proxy.test:5080");
        assertThat(account.socket()).hasValue(Endpoint.udp("192.0.2.1", 5060));
        assertThat(account.toString()).doesNotContain("secret");
    }

    @Test
    void emptyColumnsHaveDefaults() {
        insert("plain", "auth_password", "'secret'");

        TrunkAccount account = read().get(0);

        assertThat(account.user()).isEmpty();
        assertThat(account.login().orElseThrow().username()).isEqualTo("4930123");
        assertThat(account.login().orElseThrow().realm()).isEmpty();
        assertThat(account.registers()).as("expires 0").isFalse();
        assertThat(account.outboundProxy()).isEmpty();
        assertThat(account.contactHost()).isEmpty();
        assertThat(account.socket()).isEmpty();
    }

    @Test
    void rowWithoutASecretHasNoLogin() {
        insert("open", "", "");

        assertThat(read().get(0).login()).isEmpty();
    }

    @Test
    void hashTakesPrecedence() {
        insert("hash", "realm, auth_password, auth_ha1", "'realm.test', 'secret', '" + HA1 + "'");

        TrunkAccount account = read().get(0);

        assertThat(account.login().orElseThrow().password()).isEmpty();
        assertThat(account.login().orElseThrow().ha1("MD5")).hasValue(HA1.toLowerCase(Locale.ROOT));
    }

    @ParameterizedTest
    @CsvSource({"3600, 0, true", "3600, 1, false", "3600, 17, false", "3600, 16, true", "0, 0, false"})
    void disabledRowIsNotRegistered(int expires, int flags, boolean registers) {
        insert("a", "expires, flags", expires + ", " + flags);

        assertThat(read().get(0).registers()).isEqualTo(registers);
    }

    @Test
    void invalidRowsAreSkippedAndLoggedWithoutTheirSecret() {
        insert("", "auth_password", "'secret'");
        insert("hash", "auth_ha1", "'" + HA1 + "'");
        insert("proxy", "auth_proxy", "'no uri'");
        insert("contact", "contact_addr", "'user@host'");
        postgres.execute("INSERT INTO uacreg (l_uuid, r_username, auth_password) VALUES ('host', '1', 'secret')");
        insert("good", "expires, socket, reg_delay", "5, 'eth0', 9999");

        RecordingLogger log = new RecordingLogger();
        List<TrunkAccount> accounts =
                JdbcTrunks.of(postgres.dataSource(), log.logger()).read();

        assertThat(accounts).extracting(TrunkAccount::name).containsExactly("good");
        assertThat(accounts.get(0).expires()).isEqualTo(Duration.ofSeconds(30));
        assertThat(accounts.get(0).startDelay()).isEqualTo(Duration.ofHours(1));
        assertThat(accounts.get(0).socket()).isEqualTo(Optional.empty());
        assertThat(log.lines())
                .anyMatch(line -> line.contains("skipped: hash: realm: empty, but auth_ha1"))
                .anyMatch(line -> line.contains("skipped: host: r_domain: empty"))
                .anyMatch(line -> line.contains("skipped: proxy: "))
                .anyMatch(line -> line.contains("skipped: contact: contact_addr"))
                .anyMatch(line -> line.contains("expires 5 is used as 30"))
                .anyMatch(line -> line.contains("reg_delay 9999 is used as 3600"))
                .anyMatch(line -> line.contains("read without its socket \"eth0\""))
                .noneMatch(line -> line.contains("secret") || line.contains(HA1));
    }

    @Test
    void missingTableIsAnError() {
        try (PostgresFixture empty = PostgresFixture.empty().open()) {
            assertThatThrownBy(() -> JdbcTrunks.of(empty.dataSource()).read()).isInstanceOf(RuntimeException.class);
        }
    }
}
