package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostMapTest {

    @ParameterizedTest
    @CsvSource({
        "example.org, sip:example.org",
        "example.org, sip:a@EXAMPLE.org:5070;transport=tcp",
        "example.org, sips:example.org.",
        "Example.Org., sip:example.org",
        "192.0.2.1, sip:192.0.2.1",
        "192.0.2.1, sip:a@192.0.02.001",
        "192.0.02.1, sip:192.0.2.1",
        "[2001:db8::1], sip:[2001:DB8:0:0:0:0:0:1]",
        "[2001:db8:0::1], sip:[2001:db8::1]",
        "192.0.2.1, sip:[::ffff:192.0.2.1]",
        "1st.example.1up, sip:1ST.example.1up.",
        "3com3, sip:3COM3"
    })
    void anySpellingOfAHostIsFound(String host, String uri) {
        HostMap<String> map = new HostMap<>();
        map.put(host, "value");

        assertThat(map.get(SipUri.of(uri))).isEqualTo("value");
        assertThat(map.get(SipUri.of(uri).host())).isEqualTo("value");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"sip:example.com", "sip:example.or", "sip:xample.org", "sip:192.0.2.10", "tel:+1", "sip:[::1]"})
    void otherHostsAreNotFound(String uri) {
        HostMap<String> map = new HostMap<>();
        map.put("example.org", "name");
        map.put("192.0.2.1", "address");

        assertThat(map.get(SipUri.of(uri))).isNull();
        assertThat(new HostMap<String>().get(SipUri.of(uri))).isNull();
    }

    @Test
    void anotherValueReplacesTheFirst() {
        HostMap<Integer> map = new HostMap<>();

        assertThat(map.put("example.org", 1)).isNull();
        assertThat(map.put("EXAMPLE.ORG.", 2)).isEqualTo(1);

        assertThat(map.get("example.org")).isEqualTo(2);
    }

    @Test
    void manyHostsAreFound() {
        HostMap<Integer> map = new HostMap<>();
        for (int i = 0; i < 1_000; i++) {
            map.put("host" + i + ".example.org", i);
        }

        for (int i = 0; i < 1_000; i++) {
            assertThat(map.get(SipUri.of("sip:Host" + i + ".example.org"))).isEqualTo(i);
        }
        assertThat(map.get(SipUri.of("sip:host1000.example.org"))).isNull();
    }
}
