package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpLiteralTest {

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1,               192.0.2.1",
        "0.0.0.0,                 0.0.0.0",
        "255.255.255.255,         255.255.255.255",
        "010.001.000.009,         10.1.0.9",
        "::,                      0:0:0:0:0:0:0:0",
        "::1,                     0:0:0:0:0:0:0:1",
        "[::1],                   0:0:0:0:0:0:0:1",
        "2001:db8::,              2001:db8:0:0:0:0:0:0",
        "2001:DB8::9:1,           2001:db8:0:0:0:0:9:1",
        "[2001:db8:1:2:3:4:5:6],  2001:db8:1:2:3:4:5:6",
        "1:2:3:4:5:6:7::,         1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8,         0:2:3:4:5:6:7:8",
        "64:ff9b::192.0.2.33,     64:ff9b:0:0:0:0:c000:221",
        "1:2:3:4:5:6:192.0.2.33,  1:2:3:4:5:6:c000:221",
        "::ffff:192.0.2.1,        192.0.2.1",
        "[::ffff:c000:201],       192.0.2.1",
    })
    void addressesAreParsedInEveryFormOfTheGrammar(String text, String address) {
        assertThat(IpLiteral.parse(text)).map(InetAddress::getHostAddress).contains(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                ":",
                "[]",
                "[",
                "]",
                "[::1",
                "::1]",
                "[192.0.2.1]",
                "example.com",
                "localhost",
                "1",
                "1.2.3",
                "1.2.3.",
                ".1.2.3",
                "1.2.3.4.",
                "1.2.3.4.5",
                "1..3.4",
                "256.1.1.1",
                "1.1.1.0001",
                "0x7f.0.0.1",
                "-1.2.3.4",
                "1.2.3.4 ",
                " 1.2.3.4",
                "1.2.3.a",
                "2130706433",
                ":::",
                "::1::",
                "1::2::3",
                ":1",
                "1:",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "12345::",
                "g::",
                "fe80::1%eth0",
                "::1.2.3",
                "::1.2.3.4.5",
                "1.2.3.4::",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::ffff:256.1.1.1",
                "\u0661.2.3.4",
                "1.2.3.4\u0000"
            })
    void anythingElseIsNotAnAddress(String text) {
        assertThat(IpLiteral.parse(text)).isEmpty();
    }

    @Property
    void everyIpv6AddressOfTheJdkIsParsed(@ForAll @Size(16) byte[] bytes) throws UnknownHostException {
        InetAddress address = InetAddress.getByAddress(bytes);

        assertThat(IpLiteral.parse(address.getHostAddress())).contains(address);
    }

    /** The JDK parses or rejects a text with a colon without a DNS query, so it serves as a second opinion. */
    @Property(tries = 20_000)
    void textOfHexDigitsAndColonsIsAnAddressIfTheJdkAccepts(
            @ForAll @Chars({':', '.', '0', '1'}) @CharRange(from = 'a', to = 'f') @StringLength(min = 1, max = 18)
                    String tail) {
        String text = ":" + tail;
        InetAddress expected = null;
        try {
            expected = InetAddress.getByName("[" + text + "]");
        } catch (UnknownHostException e) {
            // not an address
        }
        if (text.matches(".*[0-9a-f]{5}.*")) {
            expected = null; // the JDK lets a group have any number of leading zeros, RFC 4291 four digits
        }

        assertThat(IpLiteral.parse(text).orElse(null)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"x10.0.0.1y, 10.0.0.1", "x::1y, 0:0:0:0:0:0:0:1", "1[::2]3, 0:0:0:0:0:0:0:2"})
    void onlyTheRangeIsParsed(String text, String address) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);

        assertThat(IpLiteral.parse(bytes, 1, bytes.length - 1))
                .map(InetAddress::getHostAddress)
                .contains(address);
    }
}
