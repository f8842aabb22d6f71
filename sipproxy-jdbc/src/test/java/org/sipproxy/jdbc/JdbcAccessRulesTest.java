package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.access.AccessRules;
import org.sipproxy.api.access.AddressEntry;
import org.sipproxy.api.access.TrustedEntry;
import org.sipproxy.api.transport.TransportKind;

class JdbcAccessRulesTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private JdbcAccessRules source;

    @BeforeEach
    void emptyTables() {
        postgres.execute("TRUNCATE address, trusted RESTART IDENTITY");
        source = JdbcAccessRules.of(postgres.dataSource());
    }

    @Test
    void emptyTablesHaveNoRules() {
        assertThat(source.read()).isEqualTo(AccessRules.NONE);
    }

    @Test
    void addressesMeanWhatTheyMeanToKamailio() {
        postgres.execute(
                "INSERT INTO address (grp, ip_addr, mask, port, tag) VALUES"
                        + " (1, '192.0.2.0', 24, 0, 'office'), (1, '192.0.2.1', 0, 5060, NULL), (2, '2001:db8::', 48, 0, ''),"
                        + " (2, '2001:db8::1', 0, 0, NULL), (3, 'SIP.Example.org', 32, 0, NULL), (-1, ' 198.51.100.9 ', 32, 0, NULL)");

        assertThat(source.read().addresses())
                .containsExactly(
                        new AddressEntry(1, "192.0.2.0", 24, 0, "office"),
                        new AddressEntry(1, "192.0.2.1", 32, 5060, ""),
                        new AddressEntry(2, "2001:db8::", 48, 0, ""),
                        new AddressEntry(2, "2001:db8::1", 128, 0, ""),
                        new AddressEntry(3, "sip.example.org", 0, 0, ""),
                        new AddressEntry(-1, "198.51.100.9", 32, 0, ""));
    }

    @Test
    void defaultsOfTheTableAreASingleIpv4Address() {
        postgres.execute("INSERT INTO address (ip_addr) VALUES ('192.0.2.1')");

        assertThat(source.read().addresses()).containsExactly(new AddressEntry(1, "192.0.2.1", 32, 0, ""));
    }

    @Test
    void invalidRowDoesNotDisableTheOthers() {
        postgres.execute(
                "INSERT INTO address (ip_addr, mask, port) VALUES ('192.0.2.0', 64, 0), ('192.0.2.300', 32, 0),"
                        + " ('192.0.2.1', 32, -5), ('', 32, 0), ('192.0.2.9', -1, 0), ('192.0.2.2', 32, 0)");
        postgres.execute("INSERT INTO trusted (src_ip, proto, from_pattern) VALUES ('192.0.2.1', 'upd', NULL),"
                + " ('trunk.example.org', 'any', NULL), ('192.0.2.3', 'any', '^sip:(.*'), ('192.0.2.4', 'udp', NULL)");

        AccessRules rules = source.read();

        assertThat(rules.addresses()).extracting(AddressEntry::address).containsExactly("192.0.2.2");
        assertThat(rules.trusted()).extracting(TrustedEntry::sourceAddress).containsExactly("192.0.2.4");
    }

    @Test
    void trustedPeersComeWithTheHighestPriorityFirst() {
        postgres.execute("INSERT INTO trusted (src_ip, proto, from_pattern, ruri_pattern, tag, priority) VALUES"
                + " ('192.0.2.1', 'any', NULL, NULL, NULL, 0), ('192.0.2.2', 'UDP', '^sip:.*@example\\.net$', NULL, 't', 5),"
                + " ('2001:db8::1', 'tls', '', '^sip:49', NULL, 0), ('192.0.2.3', 'none', NULL, NULL, NULL, 9),"
                + " ('192.0.2.4', 'sctp', NULL, NULL, NULL, 9)");

        assertThat(source.read().trusted())
                .containsExactly(
                        new TrustedEntry("192.0.2.2", Set.of(TransportKind.UDP), "^sip:.*@example\\.net$", "", "t", 5),
                        new TrustedEntry("192.0.2.1", EnumSet.allOf(TransportKind.class), "", "", "", 0),
                        new TrustedEntry("2001:db8::1", Set.of(TransportKind.TLS), "", "^sip:49", "", 0));
    }

    @Test
    void posixClassesMeanWhatTheyMeanToKamailio() {
        postgres.execute(
                "INSERT INTO trusted (src_ip, proto, ruri_pattern) VALUES ('192.0.2.1', 'any', '^sip:[[:digit:]+]+@'),"
                        + " ('192.0.2.2', 'any', '^sip:[[:number:]]+@')");

        assertThat(source.read().trusted()).singleElement().satisfies(entry -> {
            assertThat(entry.requestUri().orElseThrow().isFoundIn("sip:+4930@sip.test"))
                    .isTrue();
            assertThat(entry.requestUri().orElseThrow().isFoundIn("sip:dig@sip.test"))
                    .isFalse();
        });
    }

    @Test
    void rowWithAnExpensivePatternIsSkippedAndTheOthersApply() {
        postgres.execute(
                "INSERT INTO trusted (src_ip, proto, from_pattern) VALUES ('192.0.2.1', 'any', '(a{1000}){1000}'),"
                        + " ('192.0.2.2', 'any', '(.)\\1'), ('192.0.2.3', 'any', '(a+)+$')");

        assertThat(source.read().trusted())
                .singleElement()
                .satisfies(entry -> assertThat(entry.sourceAddress()).isEqualTo("192.0.2.3"));
    }

    @Test
    void eachReadSeesTheTablesAsTheyAre() {
        assertThat(source.read().addresses()).isEmpty();

        postgres.execute("INSERT INTO address (ip_addr) VALUES ('192.0.2.1')");

        assertThat(source.read().addresses()).hasSize(1);
    }

    @Test
    void tableThatCannotBeReadIsAFailureAndNotAnEmptyList() {
        try (PostgresFixture empty = PostgresFixture.empty().open()) {
            JdbcAccessRules broken = JdbcAccessRules.of(empty.dataSource());
            assertThatThrownBy(broken::read).hasMessageContaining("address");
        }
    }
}
