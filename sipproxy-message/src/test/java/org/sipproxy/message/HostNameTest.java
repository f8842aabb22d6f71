package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostNameTest {

    private static final String LABEL_63 = "a".repeat(63);

    @ParameterizedTest
    @CsvSource({
        "Example.COM,               example.com",
        "example.com.,              example.com",
        "localhost,                 localhost",
        "_sip._udp.example.com,     _sip._udp.example.com",
        "1.2.3.4.in-addr.arpa,      1.2.3.4.in-addr.arpa",
        "3com.com,                  3com.com",
        "xn--bcher-kva.example,     xn--bcher-kva.example",
    })
    void nameHasOneCanonicalForm(String text, String canonical) {
        assertThat(HostName.canonical(text)).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "a..b",
                ".a",
                "a.b..",
                "10.0.0.256",
                "1.2.3",
                "300",
                "127.1",
                "2130706433",
                "0x7f.1",
                "0x7f000001",
                "127.0.0.0x1",
                "0177.0.0.1.",
                "a b",
                "a/b",
                "a:b",
                "[::1]",
                "a%41",
                "b\u00fccher",
                "a\u0000b",
                "a;b"
            })
    void invalidHostNameHasNoCanonicalForm(String text) {
        assertThat(HostName.canonical(text)).isNull();
    }

    @Test
    void labelsAndNamesHaveTheirLimits() {
        String name253 = String.join(".", LABEL_63, LABEL_63, LABEL_63, "a".repeat(61));

        assertThat(HostName.canonical(LABEL_63 + ".com")).isEqualTo(LABEL_63 + ".com");
        assertThat(HostName.canonical(LABEL_63 + "a.com")).isNull();
        assertThat(HostName.canonical("com." + LABEL_63 + "a")).isNull();
        assertThat(HostName.canonical(name253 + ".")).isEqualTo(name253);
        assertThat(HostName.canonical(name253 + "a")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "sip.test,                  sip.test",
        "SIP.Test.,                 sip.test",
        "localhost.,                localhost",
        "203.0.113.1,               203.0.113.1",
        "203.0.113.01,              203.0.113.1",
        "203.000.113.001,           203.0.113.1",
        "010.0.0.1,                 10.0.0.1",
        "203.0.113.1.,              203.0.113.1",
        "::1,                       [::1]",
        "[::1],                     [::1]",
        "[0:0:0:0:0:0:0:1],         [::1]",
        "[2001:DB8:0:0:1:0:0:1],    [2001:db8::1:0:0:1]",
        "2001:db8::0001,            [2001:db8::1]",
        "[2001:db8:0:1:1:1:1:1],    [2001:db8:0:1:1:1:1:1]",
        "[1:0:0:2:0:0:0:0],         [1:0:0:2::]",
        "[::],                      [::]",
        "[::ffff:192.0.2.1],        192.0.2.1",
        "[::ffff:c000:0201],        192.0.2.1",
        "4f2d3a9c,                  4f2d3a9c",
        "3com.com,                  3com.com",
        "host1,                     host1",
    })
    void spellingsOfOneHostHaveOneNormalForm(String text, String normal) {
        assertThat(HostName.normal(text)).isEqualTo(normal);
        assertThat(HostName.same(text, normal)).isTrue();
        assertThat(HostName.normal(normal)).isEqualTo(normal);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip.test", "203.0.113.1", "a", "x_y-z.example", "10.0.0.255", "host1"})
    void normalTextIsReturnedItself(String text) {
        assertThat(HostName.normal(text)).isSameAs(text);
    }

    @ParameterizedTest
    @CsvSource({
        "sip.test, sip.test.example",
        "203.0.113.1, 203.0.113.10",
        "[::1], [::2]",
        "203.0.113.1, 203.0.113.1.example",
        "sip.test, sip.test..",
    })
    void differentHostsHaveDifferentNormalForms(String one, String other) {
        assertThat(HostName.same(one, other)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, true",
        "phone.localhost, true",
        "localhost.example, false",
        "notlocalhost, false",
        "127.0.0.1, false",
    })
    void namesBelowLocalhostAreLocalhost(String normal, boolean expected) {
        assertThat(HostName.isLocalhost(normal)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.1",
                "2130706433",
                "0x7f.1",
                "0x7f000001",
                "0X7F000001",
                "0177.0.0.1",
                "127.0.0.1.1",
                "10.0.0.256",
                "127.0.0.0x1",
                "127.1.",
                "host.12",
                "0x",
            })
    void addressFormsOfOperatingSystemsAreNotHosts(String text) {
        assertThatThrownBy(() -> SipUri.parse("sip:1001@" + text + ":5060;transport=udp"))
                .isInstanceOf(SipParseException.class)
                .hasMessageContaining("not an address");
        assertThat(HostName.isMisspelledAddress(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "192.0.2.1", "::1", "::ffff:192.0.2.1", "[2001:db8::1]", "bücher12.example"})
    void addressesAreNotMisspelled(String text) {
        assertThat(HostName.isMisspelledAddress(text)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"4f2d3a9c", "host12", "0xen.example", "1and1.de", "12.example", "x", "0x7f.example"})
    void namesWithDigitsAreHosts(String text) throws Exception {
        assertThat(SipUri.parse("sip:1001@" + text).normalHost()).isEqualTo(text);
        assertThat(HostName.isMisspelledAddress(text)).isFalse();
    }
}
