package org.sipproxy.core.internal.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

class MessageSanityTest {

    private static final String REQUEST = """
      INVITE sip:bob@example.org SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
      Max-Forwards: 70
      From: <sip:alice@example.org>;tag=1
      To: <sip:bob@example.org>
      Call-ID: c1
      CSeq: 1 INVITE
      Contact: <sip:alice@192.0.2.1>
      Expires: 60
      Content-Length: 0

      """;

    private static final String RESPONSE = """
      SIP/2.0 200 OK
      Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2
      Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
      From: <sip:alice@example.org>;tag=1
      To: <sip:bob@example.org>;tag=2
      Call-ID: c1
      CSeq: 1 INVITE
      Content-Length: 0

      """;

    private static SipMessage parse(String text) throws SipParseException {
        return SipMessage.parse(text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }

    private static void check(String text) throws SipParseException {
        SipMessage message = parse(text);
        if (message instanceof SipRequest request) {
            MessageSanity.check(request);
        } else {
            MessageSanity.checkResponse((SipResponse) message);
        }
    }

    private static String replaceLine(String text, String name, String line) {
        StringBuilder out = new StringBuilder();
        boolean replaced = false;
        for (String old : text.split("(?<=\n)", -1)) {
            boolean hit = old.startsWith(name) && !replaced;
            replaced |= hit;
            out.append(hit ? (line.isEmpty() ? "" : line + "\n") : old);
        }
        assertThat(replaced).as("the fixture has a line " + name).isTrue();
        return out.toString();
    }

    @Test
    void ordinaryMessagesPass() {
        assertThatCode(() -> check(REQUEST)).doesNotThrowAnyException();
        assertThatCode(() -> check(RESPONSE)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Via", "From", "To", "Call-ID", "CSeq"})
    void missingMandatoryHeaderIs400AndNamed(String name) {
        SipParseException e =
                catchThrowableOfType(SipParseException.class, () -> check(replaceLine(REQUEST, name, "")));

        assertThat(e.statusCode()).isEqualTo(400);
        assertThat(e).hasMessageContaining(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"From", "To", "Call-ID", "CSeq", "Max-Forwards"})
    void headerThatMayStandOnceIs400WhenItStandsTwice(String name) {
        String line =
                REQUEST.lines().filter(l -> l.startsWith(name)).findFirst().orElseThrow();

        SipParseException e = catchThrowableOfType(
                SipParseException.class, () -> check(replaceLine(REQUEST, name, line + "\n" + line)));

        assertThat(e.statusCode()).isEqualTo(400);
        assertThat(e).hasMessageContaining(name).hasMessageContaining("more than once");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INVITE        | INVITE fax:+49301234 SIP/2.0               | 416",
                "INVITE        | INVITE sip:bob@ SIP/2.0                    | 400",
                "INVITE        | INVITE sip:bob@example.org SIP/3.0         | 505",
                "Via           | Via: SIP/2.0/UDP                           | 400",
                "Via           | Via: SIP/1.0/UDP 192.0.2.1;branch=z9hG4bK1 | 400",
                "Via           | Via: SIP/2.0/UDP a (\\                     | 400",
                "Via           | Via: SIP/2.0/UDP a;rport=5062;rport=5063   | 400",
                "Max-Forwards  | Max-Forwards: x                            | 400",
                "Max-Forwards  | Max-Forwards: -1                           | 400",
                "Max-Forwards  | Max-Forwards:                              | 400",
                "From          | From: \"Alice <sip:alice@example.org>      | 400",
                "From          | From: <sip:alice@exa mple.org>             | 400",
                "To            | To: <sip:a@b>, <sip:c@d>                   | 400",
                "Call-ID       | Call-ID:                                   | 400",
                "Call-ID       | Call-ID: a b                               | 400",
                "CSeq          | CSeq: 1 ACK                                | 400",
                "CSeq          | CSeq: 1 invite                             | 400",
                "CSeq          | CSeq: 2147483648 INVITE                    | 400",
                "CSeq          | CSeq: INVITE                               | 400",
                "Content-Length| Content-Length: 1                          | 400",
                "Content-Length| Content-Length: -1                         | 400",
                "Content-Length| Content-Length: 99999999999                | 400",
                "Content-Length| Content-Length: 0, 0                       | 400",
            })
    void malformedRequestIsRefused(String name, String line, int status) {
        SipParseException e =
                catchThrowableOfType(SipParseException.class, () -> check(replaceLine(REQUEST, name, line)));

        assertThat(e).as(line).isNotNull();
        assertThat(e.statusCode()).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INVITE        | INVITE sips:bob@example.org SIP/2.0",
                "INVITE        | INVITE sip:example.org SIP/2.0",
                "Via           | v: SIP / 2.0 / UDP [2001:db8::1] : 5060 ; branch = z9hG4bK1 ; rport",
                "Via           | Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/TCP b",
                "Max-Forwards  | Max-Forwards: 255",
                "Max-Forwards  | X-Nothing: no Max-Forwards at all",
                "From          | From: sip:alice@example.org",
                "To            | t: \"Bob \\\"B\\\"\"<tel:+49301234>",
                "CSeq          | CSeq: 0001 \t INVITE",
                "Contact       | m: *",
                "Contact       | Contact: <sip:a@b>;q=0.5, \"x, y\" <sip:c@d?a=b>",
                "Expires       | Expires: 99999999999999999999",
                "Content-Length| l: 0",
                "Content-Length| X-Nothing: no Content-Length at all",
                "Content-Length| Date: yesterday",
                "INVITE        | INVITE sip:*21#@example.org SIP/2.0",
                "INVITE        | INVITE sip:PBX#1@example.org;x-tiu=\"VG8=\";thinfo=VG8=;lr= SIP/2.0",
                "Via           | Via: SIP/2.0/UDP a;rport=;branch=z9hG4bK1",
                "Max-Forwards  | Max-Forwards: 00070",
                "Max-Forwards  | Max-Forwards: 256",
                "From          | From: José (Home), Bob <sip:alice@example.org>;tag=1;x=",
                "From          | From: <sip:alice@[::1>;tag=1",
                "To            | To: <sip:bob@[::1>",
                "To            | To: garbage;tag=1",
                "Call-ID       | Call-ID: é@é",
                "Contact       | Contact: <sip:a@b>,",
                "Contact       | Contact: <sip:a b@c>;;",
                "Contact       | Contact: \"Bob <sip:a@b",
                "Contact       | Contact:",
                "Contact       | Route:",
                "Contact       | Record-Route: <sip:a@b",
                "Contact       | Record-Route: <sip:1.2.3.4;lr>;x=",
                "Contact       | Supported:",
                "Contact       | Warning: garbage",
                "Expires       | Expires: soon",
            })
    void unusualRequestPasses(String name, String line) {
        assertThatCode(() -> check(replaceLine(REQUEST, name, line))).doesNotThrowAnyException();
    }

    @Test
    void aLowerViaIsNotRead() {
        for (String via : new String[] {"SIP/2.0/UDP [fe80::1%eth0]:5060", "garbage", "SIP/2.0/UDP h;rport=x"}) {
            assertThatCode(() -> check(REQUEST.replace("Max-Forwards:", "Via: " + via + "\nMax-Forwards:")))
                    .as(via)
                    .doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Content-Length: 0|l: 000,            ''",
        "Content-Length: 0|Content-Length: 1, two different values of Content-Length",
        "Content-Length: 0|l:,                two different values of Content-Length",
    })
    void equalContentLengthsLeaveNoDoubt(String lines, String refusal) {
        for (String text : new String[] {REQUEST, RESPONSE}) {
            String changed = replaceLine(text, "Content-Length", lines.replace('|', '\n'));

            SipParseException e = catchThrowableOfType(SipParseException.class, () -> check(changed));

            assertThat(e == null ? "" : e.getMessage()).isEqualTo(refusal);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Expires: 60|Expires: 060,               ''",
        "Expires: 60|Expires: 61,                two different values of Expires",
        "Expires: soon,                          Expires is not a number",
        "Expires: 60|Contact: <sip:a@b,          address",
        "Expires: 60|Contact: <sip:a b@c>,       address",
    })
    void aRegistrationHasFurtherChecks(String lines, String refusal) {
        String register = REQUEST.replace("INVITE", "REGISTER");

        SipParseException e = catchThrowableOfType(
                SipParseException.class, () -> check(replaceLine(register, "Expires", lines.replace('|', '\n'))));

        assertThat(e == null ? "" : e.getMessage()).startsWith(refusal);
        assertThat(e == null).isEqualTo(refusal.isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "To: Bob (x) <sip:bob@example.org>;tag=t",
                "To: Jörg <sip:bob@example.org>;tag=t",
                "To: \"Bob <sip:bob@example.org>;tag=t",
                "From: garbage\"",
                "Call-ID: a b",
                "Contact: <sip:a",
                "Record-Route: <sip:a",
                "Expires: x",
                "Max-Forwards: x",
            })
    void aResponsePassesWhateverIsForItsReceiver(String line) {
        String name = line.substring(0, line.indexOf(':'));
        String text = RESPONSE.contains("\n" + name + ":")
                ? replaceLine(RESPONSE, name, line)
                : RESPONSE.replace("Content-Length", line + "\nContent-Length");

        assertThatCode(() -> check(text)).doesNotThrowAnyException();
        assertThatCode(() -> check(text.replace("192.0.2.1;", "[fe80::1%eth0];")))
                .doesNotThrowAnyException();
        assertThatCode(() -> check(text.replace("200 OK", "299 Ünknown"))).doesNotThrowAnyException();
        assertThatCode(() -> check(text.replace("200 OK", "299"))).doesNotThrowAnyException();
    }

    @Test
    void headersInARequestUriAreLeftToTheElementThatTheRouteNames() {
        String plain = replaceLine(REQUEST, "INVITE", "INVITE sip:bob@example.org?a=b SIP/2.0");
        String routed = plain.replaceFirst("SIP/2.0\n", "SIP/2.0\nRoute: <sip:gw.example.org;lr>\n");

        assertThat(catchThrowableOfType(SipParseException.class, () -> check(plain))
                        .statusCode())
                .isEqualTo(400);
        assertThatCode(() -> check(routed)).doesNotThrowAnyException();
    }

    @Test
    void foreignSchemeIsLeftToTheElementThatTheRouteNames() {
        String routed = replaceLine(REQUEST, "INVITE", "INVITE tel:+49301234 SIP/2.0\nRoute: <sip:gw.example.org;lr>");

        assertThatCode(() -> check(routed)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Via: SIP/2.0/UDP 255.255.255.255",
                "Via: SIP/2.0/UDP 224.0.1.75",
                "Via: SIP/2.0/UDP 239.255.255.250:5060",
                "Via: SIP/2.0/UDP [ff02::1]",
                "Via: SIP/2.0/UDP host.example.org;received=255.255.255.255",
            })
    void responseThatWouldGoToManyHostsIsDropped(String second) {
        String below = RESPONSE.replace("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", second);
        String sameLine = below.replace("z9hG4bK2\nVia:", "z9hG4bK2,");

        assertThat(catchThrowableOfType(SipParseException.class, () -> check(below)))
                .hasMessageContaining("second Via");
        assertThat(catchThrowableOfType(SipParseException.class, () -> check(sameLine)))
                .hasMessageContaining("second Via");
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "240.0.0.1", "223.1.1.1", "239.example.org", "[ff::1]", "225", "[fe80::1]"})
    void responseToOneHostPasses(String host) {
        String text = RESPONSE.replace("UDP 192.0.2.1;", "UDP " + host + ";");

        assertThatCode(() -> check(text)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Via", "From", "To", "Call-ID", "CSeq"})
    void responseWithoutMandatoryHeaderIsDropped(String name) {
        String text = name.equals("Via") ? RESPONSE.replaceAll("Via:.*\n", "") : replaceLine(RESPONSE, name, "");

        assertThat(catchThrowableOfType(SipParseException.class, () -> check(text)))
                .hasMessageContaining(name);
    }
}
