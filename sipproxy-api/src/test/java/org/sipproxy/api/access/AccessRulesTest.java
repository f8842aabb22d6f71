package org.sipproxy.api.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;

class AccessRulesTest {

    @ParameterizedTest
    @CsvSource({"192.0.2.1,32", "0.0.0.0,0", "2001:db8::,32", "[2001:db8::1],128", "Example.ORG,0", "sip_1.test,0"})
    void addressOrNameIsAccepted(String address, int prefixLength) {
        assertThatNoException().isThrownBy(() -> new AddressEntry(1, address, prefixLength, 0, ""));
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1,33,prefixLength: 33 (expected 0 to 32)",
        "2001:db8::,129,prefixLength: 129 (expected 0 to 128)",
        "192.0.2.1,-1,prefixLength: -1 (expected 0 to 32)",
        "example.org,24,prefixLength: 24 (expected 0 for a domain name)",
        "192.0.2.256,0,expected an IP address or a domain name",
        "192.0.2,0,expected an IP address or a domain name",
        "sip:192.0.2.1,0,expected an IP address or a domain name",
        "'',0,expected an IP address or a domain name"
    })
    void invalidAddressEntryIsRejected(String address, int prefixLength, String problem) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AddressEntry(1, address, prefixLength, 0, ""))
                .withMessageContaining(problem);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    void portOutsideItsRangeIsRejected(int port) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AddressEntry(1, "192.0.2.1", 32, port, ""))
                .withMessageContaining("expected 0 to 65535");
    }

    @Test
    void nameIsComparedInLowerCaseAndAddressWithoutBrackets() {
        assertThat(new AddressEntry(1, "SIP.Example.org", 0, 0, ""))
                .isEqualTo(new AddressEntry(1, "sip.example.org", 0, 0, ""))
                .matches(AddressEntry::isDomainName);
        assertThat(new AddressEntry(1, "[2001:DB8::1]", 64, 0, "").address()).isEqualTo("2001:db8::1");
    }

    @Test
    void trustedEntryReportsWhereAPatternIsInvalid() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> trusted("192.0.2.1", "^sip:(.*@example"))
                .withMessageContaining("^sip:(.*@example");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> trusted("trunk.example.org", ""))
                .withMessageContaining("expected an IP address");
    }

    @Test
    void emptyPatternMatchesEverything() {
        TrustedEntry entry = trusted("192.0.2.1", "");
        assertThat(entry.from()).isEmpty();
        assertThat(entry.requestUri()).isEmpty();
    }

    private static TrustedEntry trusted(String source, String from) {
        return new TrustedEntry(source, Set.of(TransportKind.UDP), from, "", "", 0);
    }
}
