package org.sipproxy.api.message;

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
            })
    void addressIsRead(String text, String uri, String tag) throws Exception {
        NameAddress address = NameAddress.parse(text);

        assertThat(address.uriText()).isEqualTo(uri);
        assertThat(address.parameter("tag").orElse(null)).isEqualTo(tag);
        assertThat(address).hasToString(text);
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
                "A, B <sip:a@b>",
                "< sip:a@b>",
                "<sip:a@b >",
                "<sip:a@b>x",
                "<sip:a@b>;",
                "<sip:a@b>;;tag=1",
                "<sip:a@b>;=1",
                "<sip:a@b>;tag=",
                "<sip:a@b>;tag=\"1",
                "sip:a@b?x=y",
                "sip:a@b c",
                "<<sip:a@b>>",
                "A <sip:a@b> B",
                "<sip:a@b>;tag=1 2",
                "<sip:a@b>, <sip:c@d>",
                "sip:a@b,sip:c@d",
                "\\",
                "\"\\"
            })
    void malformedAddressIsRefused(String text) {
        assertThatThrownBy(() -> NameAddress.parse(text)).isInstanceOf(SipParseException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<sip:a@b>;x=\",\" , <sip:c@d>", "\"a, b\" <sip:a@b>,sip:c@d", "sip:a@b;x,<sip:c@d>"})
    void checkEndsWhereTheElementEnds(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

        int end = NameAddress.check(bytes, 0, bytes.length);

        assertThat(end)
                .isEqualTo(text.lastIndexOf(','))
                .isEqualTo(NameAddress.parse(bytes, 0, bytes.length).end());
    }

    @Test
    void elementsOfAllLinesComeInOrder() throws Exception {
        SipRequest request =
                SipText.requestWith("Contact: <sip:1@a>, \"x, y\" <sip:2@a>", "m: sip:3@a ;q=0.1,<sip:4@a>");

        assertThat(request.addresses(HeaderName.CONTACT))
                .extracting(NameAddress::uriText)
                .containsExactly("sip:1@a", "sip:2@a", "sip:3@a", "sip:4@a");
    }

    @Test
    void moreElementsThanTheLimitAreRefused() {
        SipRequest request = SipText.requestWith("Contact: " + "<sip:a@b>,".repeat(64) + "<sip:a@b>");

        assertThatThrownBy(() -> request.addresses(HeaderName.CONTACT)).hasMessageContaining("64");
        assertThatThrownBy(() -> request.checkAddresses(HeaderName.CONTACT)).hasMessageContaining("64");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:a@b>;tag=1;tag=2",
                "<sip:a@b>;expires=60;q=1;Expires=0",
                "<sip:a@b> ; x ;\r\n X",
                "<sip:a@b>;a=\"x;b\";c;a",
                "<sip:a@b>;p1;p2;p3;p4;p5;p6;p7;p8;p9;P2",
            })
    void aHeaderParameterGivenTwiceIsMalformed(String text) {
        assertThatThrownBy(() -> NameAddress.parse(text))
                .isInstanceOf(SipParseException.class)
                .hasMessageContaining("twice");
    }

    @Test
    void aNameInAQuotedValueIsNotAParameter() throws Exception {
        NameAddress address = NameAddress.parse("<sip:a@b>;x=\";tag=1\";tag=2;p3;p4;p5;p6;p7;p8;p9;p10");

        assertThat(address.parameter("tag")).contains("2");
    }
}
