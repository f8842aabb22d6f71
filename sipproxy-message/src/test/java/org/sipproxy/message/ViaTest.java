package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ViaTest {

    private static Via parse(String text) throws SipParseException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Via.parse(bytes, 0, bytes.length);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SIP/2.0/UDP host                                     | UDP  | host           | -1   | ''        | ''",
                "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa           | UDP  | 192.0.2.1      | 5060 | z9hG4bKa  | ''",
                "sip / 2.0 / tcp  host : 5070 ; branch = x ; rport    | tcp  | host           | 5070 | x         | ''",
                "SIP/2.0/TLS [2001:db8::1]:5061;Branch=y              | TLS  | [2001:db8::1]  | 5061 | y         | ''",
                "SIP/2.0/WSS a.invalid;received=2001:db8::2;branch=z  | WSS  | a.invalid      | -1   | z         | 2001:db8::2",
                "SIP/2.0/X-Y host;received=[::1];ttl=16;branch=z      | X-Y  | host           | -1   | z         | [::1]",
                "SIP/2.0/UDP h;x=\"a;b=c, \\\"d\";branch=q            | UDP  | h              | -1   | q         | ''",
            })
    void elementIsParsed(String text, String transport, String host, int port, String branch, String received)
            throws Exception {
        Via via = parse(text);

        assertThat(via.transport()).isEqualTo(transport);
        assertThat(via.host()).isEqualTo(host);
        assertThat(via.port()).isEqualTo(port);
        assertThat(via.branch()).isEqualTo(branch);
        assertThat(via.received().orElse("")).isEqualTo(received);
        assertThat(via).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SIP",
                "SIP/2.0",
                "SIP/2.0/",
                "SIP/2.0/UDP",
                "SIP/2.0/UDP ",
                "SIP/2.0/UDPhost",
                "SIP/1.0/UDP h",
                "HTTP/2.0/UDP h",
                "SIP/2.0/UDP ;branch=a",
                "SIP/2.0/UDP h:",
                "SIP/2.0/UDP h:x",
                "SIP/2.0/UDP h:65536",
                "SIP/2.0/UDP h g",
                "SIP/2.0/UDP h;",
                "SIP/2.0/UDP h;;",
                "SIP/2.0/UDP h;=a",
                "SIP/2.0/UDP h;a=\"b",
                "SIP/2.0/UDP [::1",
                "SIP/2.0/UDP []",
                "SIP/2.0/UDP [1.2.3.4]",
                "SIP/2.0/UDP [::x]",
                "SIP/2.0/UDP a (\\",
                "SIP/2.0/UDP a (comment)",
                "SIP/2.0/UDP a;x=(;branch=z9hG4bK1)",
                "SIP/2.0/UDP a;x=<y>",
                "SIP/2.0/UDP a;branch=z9hG4bK1;branch=z9hG4bK2",
                "SIP/2.0/UDP a;rport=1;rport",
                "SIP/2.0/UDP [fe80::1%]",
                "SIP/2.0/UDP [fe80%eth0]",
                "SIP/2.0/UDP [fe80::1%e;x]",
                "SIP/2.0/UDP [fe80::1%e h]",
                "SIP/2.0/UDP [fe80::1%e[h]",
                "SIP/2.0/UDP 192.0.2.15;;,;,,"
            })
    void malformedElementIsRejected(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(SipParseException.class);
    }

    @Test
    void rportWithAndWithoutValueDiffer() throws Exception {
        assertThat(parse("SIP/2.0/UDP h;rport").hasRport()).isTrue();
        assertThat(parse("SIP/2.0/UDP h;rport").rport()).isEqualTo(-1);
        assertThat(parse("SIP/2.0/UDP h;rport=5062").rport()).isEqualTo(5062);
        assertThat(parse("SIP/2.0/UDP h").hasRport()).isFalse();
    }

    @Test
    void rportWithAnEmptyValueRequestsThePort() throws Exception {
        Via via = parse("SIP/2.0/UDP h;rport=;x=;branch=");

        assertThat(via.hasRport()).isTrue();
        assertThat(via.rport()).isEqualTo(-1);
        assertThat(via.index().rportEnd()).isEqualTo("SIP/2.0/UDP h;rport=".length());
        assertThat(via.parameter("x")).contains("");
        assertThat(via.branch()).isEmpty();
        assertThat(via.hasRfc3261Branch()).isFalse();
    }

    /** Responses are sent to the source of the request, whatever port the client claims. */
    @ParameterizedTest
    @ValueSource(strings = {"x", "5062~", "65536", "99999999999999999999", "-1"})
    void rportThatIsNotAPortIsIgnored(String value) throws Exception {
        Via via = parse("SIP/2.0/UDP h;rport=" + value + ";branch=z9hG4bK1");

        assertThat(via.hasRport()).isTrue();
        assertThat(via.rport()).isZero();
        assertThat(via.branch()).isEqualTo("z9hG4bK1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[fe80::1%eth0]", "[fe80::1%25eth0]", "[fe80::1%2]"})
    void scopedAddressIsTreatedAsAName(String host) throws Exception {
        Via via = parse("SIP/2.0/UDP " + host + ":5070;branch=z9hG4bK1");

        assertThat(via.host()).isEqualTo(host);
        assertThat(via.port()).isEqualTo(5070);
        assertThat(via.branch()).isEqualTo("z9hG4bK1");
    }

    @Test
    void cookieAloneIsNotAnRfc3261Branch() throws Exception {
        assertThat(parse("SIP/2.0/UDP h;branch=z9hG4bK").hasRfc3261Branch()).isFalse();
        assertThat(parse("SIP/2.0/UDP h;branch=z9hG4bK1").hasRfc3261Branch()).isTrue();
        assertThat(parse("SIP/2.0/UDP h;branch=1z9hG4bK").hasRfc3261Branch()).isFalse();
        assertThat(parse("SIP/2.0/UDP h").hasRfc3261Branch()).isFalse();
    }

    @Test
    void elementsOfAllLinesAreReturnedInOrder() throws Exception {
        SipRequest request = SipText.requestWith("v: SIP/2.0/TCP b;x=\",\"", " , SIP/2.0/TLS c", "Via: SIP/2.0/UDP d");

        assertThat(request.vias()).extracting(Via::host).containsExactly("192.0.2.1", "b", "c", "d");
        assertThat(request.secondVia()).map(Via::host).contains("b");
    }

    @Test
    void secondViaMayBeInTheFirstLineOrAbsent() throws Exception {
        SipRequest one = SipText.request("BYE sip:a SIP/2.0\nVia: SIP/2.0/UDP a\n\n");
        SipRequest two = SipText.request("BYE sip:a SIP/2.0\nVia: SIP/2.0/UDP a ,\n SIP/2.0/UDP b\n\n");

        assertThat(one.secondVia()).isEmpty();
        assertThat(two.secondVia()).map(Via::host).contains("b");
    }
}
