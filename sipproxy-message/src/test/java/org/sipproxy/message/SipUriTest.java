package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SipUriTest {

    @Test
    void textIsCopiedToAnArray() {
        byte[] target = "____________".getBytes(StandardCharsets.US_ASCII);

        SipUri.of("sip:a@b").copyTo(target, 2);

        assertThat(new String(target, StandardCharsets.US_ASCII)).isEqualTo("__sip:a@b___");
    }

    @Test
    void bytesAbove127AreNotAscii() {
        assertThat(SipUri.of("sip:a@b").isAscii()).isTrue();
        assertThat(SipUri.of("sip:\u00fc@b").isAscii()).isFalse();
        assertThat(SipUri.of("sip:a@b;x=\u00fc").isAscii()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        // the equivalent URIs of §19.1.4
        "sip:%61lice@atlanta.com;transport=TCP, sip:alice@AtLanTa.CoM;Transport=tcp, true",
        "sip:carol@chicago.com, sip:carol@chicago.com;newparam=5, true",
        "sip:carol@chicago.com, sip:carol@chicago.com;security=on, true",
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com,"
                + " sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com, true",
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent,"
                + " sip:alice@atlanta.com?priority=urgent&subject=project%20x, true",
        // those that are not
        "SIP:ALICE@AtLanTa.CoM;Transport=udp, sip:alice@AtLanTa.CoM;Transport=UDP, false",
        "sip:bob@biloxi.com, sip:bob@biloxi.com:5060, false",
        "sip:bob@biloxi.com, sip:bob@biloxi.com;transport=udp, false",
        "sip:bob@biloxi.com, sip:bob@biloxi.com:6000;transport=tcp, false",
        "sip:carol@chicago.com, sip:carol@chicago.com?Subject=next%20meeting, false",
        "sip:bob@phone21.boxesbybob.com, sip:bob@192.0.2.4, false",
        // equivalence is not transitive
        "sip:carol@chicago.com;security=on, sip:carol@chicago.com;security=off, false",
        // the rules above the examples
        "sip:a@b, sips:a@b, false",
        "sip:a:pw@b, sip:a:PW@b, false",
        "sip:a@b, sip:b, false",
        "sip:a@b;user=phone, sip:a@b, false",
        "sip:a@b;ttl=1, sip:a@b, false",
        "sip:a@b;method=INVITE, sip:a@b, false",
        "sip:a@b;maddr=239.0.0.1, sip:a@b, false",
        "sip:a@b;lr, sip:a@b, true",
        "sip:a@b;lr, sip:a@b;lr=on, false",
        "sip:a@b;%6Cr=%4Fn, sip:a@b;lr=on, true",
        "sip:a%3Bb@c, sip:a;b@c, false",
        "sip:a%3bb@c, sip:a%3Bb@c, true",
        "sip:a%3Ab@c, sip:a:b@c, false",
        "sip:a@b?x=1&x=2, sip:a@b?x=2&x=1, true",
        "sip:a@b?x=1&x=1, sip:a@b?x=1, false",
        "tel:+1234, TEL:+1234, true",
        "tel:+1234, tel:+1235, false",
    })
    void comparisonFollowsRfc3261(String x, String y, boolean equivalent) {
        assertThat(SipUri.of(x).isEquivalentTo(SipUri.of(y))).isEqualTo(equivalent);
        assertThat(SipUri.of(y).isEquivalentTo(SipUri.of(x)))
                .as("in the other direction")
                .isEqualTo(equivalent);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            delimiter = '|',
            value = {
                "sip:example.org                        | -            | example.org   | -1",
                "sip:alice@example.org                  | alice        | example.org   | -1",
                "sips:alice:secret@example.org:5061     | alice        | example.org   | 5061",
                "sip:a%20b@[2001:db8::9]:1              | a b          | [2001:db8::9] | 1",
                "sip:user;par=u%40example.net@host      | user;par=u@example.net | host | -1",
                "sip:+1-212-555-1212:1234@gw;user=phone | +1-212-555-1212 | gw         | -1",
                "sip:a@host_with_underscore:65535       | a            | host_with_underscore | 65535",
                "sip:a?/&=+$,;@b                        | a?/&=+$,;    | b             | -1",
            })
    void partsAreRead(String text, String user, String host, int port) throws Exception {
        SipUri uri = SipUri.parse(text);

        assertThat(uri.hasUser()).isEqualTo(user != null);
        assertThat(uri.user()).isEqualTo(user == null ? "" : user);
        assertThat(uri.host()).isEqualTo(host);
        assertThat(uri.port()).isEqualTo(port);
        assertThat(uri).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "sip",
                "sip:",
                ":a@b",
                "<sip:a@b>",
                "1sip:a@b",
                "s_p:a",
                "sip:@b",
                "sip:a@",
                "sip:a@b@c",
                "sip:a b@c",
                "sip:a@b c",
                "sip:a@b:x",
                "sip:a@b:65536",
                "sip:a@[::1",
                "sip:a@[]",
                "sip:a@[1.2.3.4]",
                "sip:a@[::g]",
                "sip:a@[::1]x",
                "sip:a@b\"",
                "sip:a@b>",
                "tel:",
                "tel:+1 2",
                "http://a\\b",
                "sip:a\u0000@b",
                "sip:a\u007f@b",
                "sip:a@b;x=\u0001",
                "sip:a:b:c@d",
                "sip:a@b;x=\"c",
                "sip:a@b;x=\"c;d\"",
                "sip:a@b;x=\"c?d\"",
                "sip:a@b;x=\"c d\"",
                "sip:a@b;x=\"c>d\"",
                "sip:a@b;x=\"c\\\"d\"",
                "sip:a@b;x=c@d",
                "sip:a@b?x=\"",
                "sip:a@b;transport=\"tcp\"",
                "sip:a@b;transport=tcp^",
                "sip:a@b;maddr=1.2.3.4#",
                "sip:a@b;maddr=1.2.3.4,5.6.7.8",
                "sip:a@\u00e4",
                "sip:a@[fe80::1%eth0]",
                "tel:\"1"
            })
    void malformedUriIsRejected(String text) {
        assertThatThrownBy(() -> SipUri.parse(text)).isInstanceOf(SipParseException.class);
    }

    /** What clients write and Kamailio 5.6 accepts. Nothing in it affects the user, the host or the port. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '!',
            value = {
                "sip:9901#1@h:5070;lr                  ~ 9901#1   ~ h ~ 5070 ~ lr        ~ !!",
                "sip:*21#@h                            ~ *21#     ~ h ~ -1   ~ -         ~ -",
                "sip:PBX#1000@h;x-tiu=\"VGhdczoaJVQ=\" ~ PBX#1000 ~ h ~ -1   ~ x-tiu     ~ \"VGhdczoaJVQ=\"",
                "sip:a@h;thinfo=VG8=                   ~ a        ~ h ~ -1   ~ thinfo    ~ VG8=",
                "sip:a@h;lr=                           ~ a        ~ h ~ -1   ~ lr        ~ !!",
                "sip:a@h;x=1,2|3^{4}`#                 ~ a        ~ h ~ -1   ~ x         ~ 1,2|3^{4}`#",
                "sip:a[b]{c}|^`@h                      ~ a[b]{c}|^` ~ h ~ -1 ~ -         ~ -",
                "sip:a\\b\"c@h                          ~ a\\b\"c    ~ h ~ -1   ~ -         ~ -",
                "sip:a:@h                              ~ a        ~ h ~ -1   ~ -         ~ -",
                "sip:a:#p@h                            ~ a        ~ h ~ -1   ~ -         ~ -",
                "sip:a@h:;x                            ~ a        ~ h ~ -1   ~ x         ~ !!",
                "sip:a@h:0005070                       ~ a        ~ h ~ 5070 ~ -         ~ -",
                "sip:a@h;;x=%zz;                       ~ a        ~ h ~ -1   ~ x         ~ %zz",
                "sip:a@h;=y;x=%                        ~ a        ~ h ~ -1   ~ x         ~ %",
                "sip:\u00e4@h;x=\u00e4                 ~ \u00e4   ~ h ~ -1   ~ x         ~ \u00e4",
                "sip:a@h;x=1?                          ~ a        ~ h ~ -1   ~ x         ~ 1",
                "sip:a@h?x&&=1                         ~ a        ~ h ~ -1   ~ -         ~ -",
            })
    void lenientFormsOfClientsAreParsed(String text, String user, String host, int port, String parameter, String value)
            throws Exception {
        SipUri uri = SipUri.parse(text);

        assertThat(uri.user()).isEqualTo(user);
        assertThat(uri.host()).isEqualTo(host);
        assertThat(uri.port()).isEqualTo(port);
        if (!parameter.equals("-")) {
            assertThat(uri.parameter(parameter)).contains(value);
        }
        assertThat(uri).hasToString(text);
        assertThat(SipUri.of(text + "").isEquivalentTo(uri.compact())).isTrue();
        assertThat(uri.asRequestUri().host()).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"transport", "maddr", "user", "ttl", "method"})
    void emptyDecisiveParameterIsAbsent(String name) throws Exception {
        for (String text :
                new String[] {"sip:a@h;" + name + "=", "sip:a@h;" + name + ";x=1", "sip:a@h;" + name + "=?b"}) {
            assertThat(SipUri.parse(text).hasParameter(name)).as(text).isFalse();
            assertThat(SipUri.parse(text).parameter(name)).as(text).isEmpty();
        }
        assertThat(SipUri.of("sip:a@h;" + name + "=x").parameter(name)).contains("x");
        assertThat(SipUri.of("sip:a@h;lr=").hasParameter("lr")).isTrue();
    }

    @Test
    void escapedAndRawHashAreTheSameUser() {
        assertThat(SipUri.of("sip:9901%231@h").user()).isEqualTo("9901#1");
        assertThat(SipUri.of("sip:9901%231@h").isEquivalentTo(SipUri.of("sip:9901#1@h")))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip:100%@h", "sip:a%zz@h", "sip:%4@h", "sip:%@h"})
    void percentThatIsNotAnEscapeIsNotAUser(String text) throws Exception {
        assertThat(SipUri.parse(text).user()).contains("\ufffd");
    }

    @Test
    void bytesThatAreNotUtf8AreKept() throws Exception {
        byte[] latin1 =
                "sip:Jos\u00e9@h;x=\u00e9;method=INVITE?a=b".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        SipUri uri = SipUri.parse(latin1, 0, latin1.length);

        assertThat(uri.user()).isEqualTo("Jos\ufffd");
        assertThat(uri.asRequestUri().toBytes())
                .isEqualTo("sip:Jos\u00e9@h;x=\u00e9".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    @Test
    void parametersAreFoundWithoutCaseAndWithoutValue() {
        SipUri uri = SipUri.of("sip:a@b;LR;Transport=tcp;x=%41?h=v");

        assertThat(uri.hasParameter("lr")).isTrue();
        assertThat(uri.parameter("lr")).contains("");
        assertThat(uri.parameter("transport")).contains("tcp");
        assertThat(uri.parameter("trans")).isEmpty();
        assertThat(uri.hasHeaders()).isTrue();
    }

    @Test
    void requestUriHasNeitherHeadersNorMethod() {
        SipUri uri = SipUri.of("sip:a@b;lr;Method=ACK?Route=x").asRequestUri();

        assertThat(uri).hasToString("sip:a@b;lr");
    }

    @Test
    void otherSchemesKeepTheirText() throws Exception {
        SipUri uri = SipUri.parse("soap.beep://192.0.2.103:3002");

        assertThat(uri.isSip()).isFalse();
        assertThat(uri.scheme()).isEqualTo("soap.beep");
        assertThat(uri.host()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip:1001@sip.test..", "sip:sip.test..:5060", "sips:a@localhost..;lr"})
    void hostThatEndsWithTwoDotsIsMalformed(String uri) {
        assertThatThrownBy(() -> SipUri.parse(uri)).isInstanceOf(SipParseException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sip:a@b;maddr=1.2.3.4;lr;maddr=1.2.3.5",
                "sip:a@b;transport=udp;Transport=tcp",
                "sip:a@b;maddr=1.2.3.4;%6daddr=1.2.3.5",
                "sip:a@b;transport=udp;transport=udp;transport=udp",
                "sip:a@b;p1;p2;p3;p4;p5;p6;p7;p8;user=phone;x=1;USER=ip",
                "sip:b;ttl=1;ttl",
                "sip:b;method=ACK;method=BYE",
            })
    void decisiveParameterWithTwoValuesIsMalformed(String text) {
        assertThatThrownBy(() -> SipUri.parse(text))
                .isInstanceOf(SipParseException.class)
                .hasMessageContaining("twice");
    }

    @ParameterizedTest
    @CsvSource({
        "sip:a@b;transport=udp;x=1;Transport=UDP, transport, udp",
        "sip:a@b;maddr=1.2.3.4;maddr=1.2.3.4,     maddr,     1.2.3.4",
        "sip:a@b;lr;lr,                           lr,        ''",
        "sip:a@b;x=1;x=2,                         x,         1",
    })
    void repeatedParameterThatIsNotDecisiveIsAccepted(String text, String name, String value) throws Exception {
        SipUri uri = SipUri.parse(text);

        assertThat(uri.parameter(name)).contains(value);
        assertThat(uri.isEquivalentTo(SipUri.of(text))).isTrue();
    }

    @Test
    void parametersWithSimilarNamesAreDistinct() throws Exception {
        SipUri uri = SipUri.parse("sip:a@b;lr;lr2;l;r;maddr=1.2.3.4;maddrs=x;p7;p8;p9;p10");

        assertThat(uri.isEquivalentTo(uri)).isTrue();
        assertThat(uri.parameter("maddr")).contains("1.2.3.4");
    }

    @ParameterizedTest
    @CsvSource({
        "sip:a@[::1],                   sip:a@[0:0:0:0:0:0:0:1],     true",
        "sip:a@[2001:db8::9:1],         sip:a@[2001:DB8:0::9:01],    true",
        "sip:a@[::ffff:192.0.2.1],      sip:a@192.0.2.1,             true",
        "sip:a@203.0.113.01,            sip:a@203.0.113.1,           true",
        "sip:a@Sip.Test.,               sip:a@sip.test,              true",
        "sip:a@[::1],                   sip:a@[::2],                 false",
        "sip:a@203.0.113.10,            sip:a@203.0.113.1,           false",
    })
    void hostsCompareByTheirNormalForm(String one, String other, boolean same) {
        assertThat(SipUri.of(one).isEquivalentTo(SipUri.of(other))).isEqualTo(same);
        assertThat(SipUri.of(one).hostIs(SipUri.of(other).normalHost())).isEqualTo(same);
    }
}
