package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;

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
    void oneNameHasOneSpelling(String text, String canonical) {
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
                "a b",
                "a/b",
                "a:b",
                "[::1]",
                "a%41",
                "b\u00fccher",
                "a\u0000b",
                "a;b"
            })
    void whatNoHostCanBeCalledIsNotAsked(String text) {
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
}
