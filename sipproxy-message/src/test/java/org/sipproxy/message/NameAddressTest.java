package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NameAddressTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '!',
            nullValues = "-",
            value = {
                "sip:a@b                                  | sip:a@b        | -",
                "sip:a@b;tag=1                            | sip:a@b        | 1",
                "sip:a@b ; tag = 1                        | sip:a@b        | 1",
                "<sip:a@b;tag=2>;tag=1                    | sip:a@b;tag=2  | 1",
                "<sip:a@b,c@d>;x                          | sip:a@b,c@d    | -",
                "Alice <sip:a@b>;TAG=1                    | sip:a@b        | 1",
                "Alice B. Toklas <sip:a@b>                | sip:a@b        | -",
                "caller<sip:a@b>;tag=1                    | sip:a@b        | 1",
                "\"A, \\\"B\\\" <x>;tag=9\"<sip:a@b>;tag=1| sip:a@b        | 1",
                "\"\" <sip:a@b>;q=\"x;tag=3\";tag=1       | sip:a@b        | 1",
                "<sip:a@b>;tag=\"a\\\"b\"                 | sip:a@b        | a\"b",
                "<tel:+1;phone-context=x>                 | tel:+1;phone-context=x | -",
                "*                                        | *              | -",
                "Doe, John <sip:a@b>;tag=1                | sip:a@b        | 1",
                "Bob (Home) [x] {y} <sip:a@b>;tag=1       | sip:a@b        | 1",
                "José Müller <sip:a@b>;tag=1              | sip:a@b        | 1",
                "bob@home.com <sip:a@b>                   | sip:a@b        | -",
                "Room: 5 <sip:a@b>                        | sip:a@b        | -",
                "<sip:PBX#1000@b;x=\"VG8=\">;tag=1         | sip:PBX#1000@b;x=\"VG8=\" | 1",
                "<sip:a@b>;x=;tag=1;y=                    | sip:a@b        | 1",
                "<sip:a@b>;x=<urn:uuid:1>;tag=1           | sip:a@b        | 1",
                "<sip:a@b>;x=(y)é;tag=1                   | sip:a@b        | 1",
                "<sip:a@b>;tag=1;x=1;X=2;tag=1            | sip:a@b        | 1",
            })
    void addressIsParsed(String text, String uri, String tag) throws Exception {
        NameAddress address = NameAddress.parse(text);

        assertThat(address.uriText()).isEqualTo(uri);
        assertThat(address.parameter("tag").orElse(null)).isEqualTo(tag);
        assertThat(address).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '!',
            nullValues = "-",
            value = {
                "<sip:a@b>                                  | -",
                "sip:a@b;tag=1                              | -",
                "\"\" <sip:a@b>                             | -",
                "Alice <sip:a@b>                            | Alice",
                "Alice<sip:a@b>                             | Alice",
                "Alice B. Toklas <sip:a@b>                  | Alice B. Toklas",
                "\"Alice\" <sip:a@b>                        | Alice",
                "\" Alice \"<sip:a@b>                       | ! Alice !",
                "\"A, \\\"B\\\" <x>;tag=9\" <sip:a@b>;tag=1 | A, \"B\" <x>;tag=9",
                "\"back\\\\slash\" <sip:a@b>                | back\\slash",
                "\"\\J\\o\" <sip:a@b>                       | Jo",
                "\"Zoë 音\" <sip:a@b>                       | Zoë 音",
                "José Müller <sip:a@b>                      | José Müller",
            })
    void displayNameIsUnquoted(String text, String name) throws Exception {
        assertThat(NameAddress.parse(text).displayName().orElse(null)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Alice\r\n B <sip:a@b>", "\"Alice \r\n\t B\" <sip:a@b>"})
    void lineFoldInADisplayNameIsOneSpace(String text) throws Exception {
        assertThat(NameAddress.parse(text).displayName()).hasValue("Alice B");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "<>",
                "<sip:a@b",
                "sip:a@b>",
                "\"A <sip:a@b>",
                "\"A\" sip:a@b",
                "\"A\\\" <sip:a@b>",
                "< sip:a@b>",
                "<sip:a@b >",
                "<sip:a@b>x",
                "<sip:a@b>;",
                "<sip:a@b>;;tag=1",
                "<sip:a@b>;=1",
                "<sip:a@b>;tag=\"1",
                "sip:a@b?x=y",
                "sip:a@b c",
                "<<sip:a@b>>",
                "A <sip:a@b> B",
                "<sip:a@b>;tag=1 2",
                "<sip:a@b>, <sip:c@d>",
                "sip:a@b,sip:c@d",
                "\\",
                "\"\\",
                "\"\"unknown\"\" <sip:a@b>",
                "A \"B\" C <sip:a@b>",
                "sip:x <sip:a@b>",
                "sip:x;tag=1@b",
                "sip:a@b;x=y@c;tag=1",
                "A;b <sip:a@b>",
                "A;tag=1 <sip:a@b>;tag=2",
                "A\\ <sip:a@b>",
                "A <b> <sip:a@b>",
                "A \u0001 <sip:a@b>",
                "*, <sip:a@b>",
                "<sip:a\"b@c>;x=\">\"",
                "<sip:a@b;x=\"c>;tag=\"1\"",
                "<sip:a@b>;x=<y",
                "<sip:a@b>;x=<y;z>",
                "<sip:a@b>;x=y\"z\"",
            })
    void malformedAddressIsRejected(String text) {
        assertThatThrownBy(() -> NameAddress.parse(text)).isInstanceOf(SipParseException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:a@b>;x=\",\" , <sip:c@d>",
                "\"a, b\" <sip:a@b>,sip:c@d",
                "sip:a@b;x,<sip:c@d>",
                "*,<sip:c@d>"
            })
    void checkEndsWhereTheElementEnds(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

        int end = NameAddress.check(bytes, 0, bytes.length);

        assertThat(end)
                .isEqualTo(text.lastIndexOf(','))
                .isEqualTo(NameAddress.parse(bytes, 0, bytes.length).end());
    }

    @Test
    void elementsOfAllLinesAreReturnedInOrder() throws Exception {
        SipRequest request =
                SipText.requestWith("Contact: <sip:1@a>, \"x, y\" <sip:2@a>", "m: sip:3@a ;q=0.1,<sip:4@a>");

        assertThat(request.addresses(HeaderName.CONTACT))
                .extracting(NameAddress::uriText)
                .containsExactly("sip:1@a", "sip:2@a", "sip:3@a", "sip:4@a");
    }

    @Test
    void emptyLinesAndElementsAreSkipped() throws Exception {
        SipRequest request = SipText.requestWith("Route:", "Route: , <sip:1@a>,,<sip:2@a>,", "Route:  ");

        assertThat(request.addresses(HeaderName.ROUTE))
                .extracting(NameAddress::uriText)
                .containsExactly("sip:1@a", "sip:2@a");
        assertThat(request.firstAddress(HeaderName.ROUTE))
                .map(NameAddress::uriText)
                .contains("sip:1@a");
        assertThat(SipText.requestWith("Route:").addresses(HeaderName.ROUTE)).isEmpty();
        assertThat(SipText.requestWith("Route: ,").firstAddress(HeaderName.ROUTE))
                .isEmpty();
    }

    @Test
    void tagWithoutAValueCountsAsAbsent() throws Exception {
        for (String to : new String[] {"<sip:a@b>;tag", "<sip:a@b>;tag=", "<sip:a@b>;tag=\"\"", "<sip:a@b>"}) {
            SipRequest request = SipText.request("INVITE sip:a SIP/2.0\nTo: " + to + "\n\n");

            assertThat(request.hasToTag()).as(to).isFalse();
            assertThat(request.toTag()).as(to).isEmpty();
        }
    }

    @Test
    void moreElementsThanTheLimitAreRejected() {
        SipRequest request = SipText.requestWith("Contact: " + "<sip:a@b>,".repeat(64) + "<sip:a@b>");

        assertThatThrownBy(() -> request.addresses(HeaderName.CONTACT)).hasMessageContaining("64");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:a@b>;tag=1;tag=2",
                "<sip:a@b>;expires=60;q=1;Expires=0",
                "<sip:a@b> ; tag ;\r\n TAG=1",
                "<sip:a@b>;tag=\"x;tag=1\";c;tag=1",
                "<sip:a@b>;p1;p2;p3;p4;p5;p6;p7;tag=1;p9;TAG=2",
                "<sip:a@b>;tag=1;tag=1;tag=1",
            })
    void decisiveHeaderParameterWithTwoValuesIsMalformed(String text) {
        assertThatThrownBy(() -> NameAddress.parse(text))
                .isInstanceOf(SipParseException.class)
                .hasMessageContaining("twice");
    }

    @Test
    void parameterNameInAQuotedValueIsIgnored() throws Exception {
        NameAddress address = NameAddress.parse("<sip:a@b>;x=\";tag=1\";tag=2;p3;p4;p5;p6;p7;p8;p9;p10");

        assertThat(address.parameter("tag")).contains("2");
    }
}
