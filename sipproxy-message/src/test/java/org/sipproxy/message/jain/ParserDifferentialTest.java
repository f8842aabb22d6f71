package org.sipproxy.message.jain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import javax.sip.header.FromHeader;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;

/**
 * Compares this parser with a second one, the RI: lenient parsing must not let two parsers disagree. What is accepted
 * beyond the grammar, the RI either rejects or reads with the same user, host, port and tag. Kamailio 5.6 relays all of
 * {@link #lenientFormsOfClientsHaveOneReading}.
 */
class ParserDifferentialTest {

    private static final String[] PIECES = {
        "sip:",
        "a",
        "bob",
        "@",
        "h",
        "1.2.3.4",
        "[::1]",
        ":",
        ":5060",
        ";",
        ";lr=",
        ";transport=tcp",
        ";maddr=1.2.3.4",
        ";x=",
        "=",
        "\"",
        "VG8=",
        "#",
        "%",
        "%41",
        "%zz",
        "[",
        "{",
        "|",
        "^",
        "`",
        "\\",
        "?",
        "?a=b",
        "&",
        "é",
        "(",
        ",",
        "<",
        ">",
        " ",
        "/",
        "Doe, John ",
        "Bob (x) ",
        ";tag=1",
        ";tag=",
        "*"
    };

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:9901#1@h:5070>;tag=1",
                "<sip:*21#@h>;tag=1",
                "<sip:a@h;x-tiu=\"VGhdczoaJVQaHyQ3\">;tag=1",
                "<sip:a@h;thinfo=VG8=>;tag=1",
                "<sip:a@h;lr=>;tag=1",
                "<sip:a@h;>;tag=1",
                "<sip:a@h;;x>;tag=1",
                "<sip:a@h;x=1;x=2>;tag=1",
                "<sip:a@h?>;tag=1",
                "<sip:a@h:>;tag=1",
                "<sip:a:@h>;tag=1",
                "<sip:a{b|c^`}@h>;tag=1",
                "<sip:é@h>;tag=1",
                "<sip:100%@h>;tag=1",
                "Doe, John <sip:a@h>;tag=1",
                "Bob (Home) <sip:a@h>;tag=1",
                "José Müller <sip:a@h>;tag=1",
                "bob@home.com <sip:a@h>;tag=1",
                "Room: 5 <sip:a@h>;tag=1",
                "<sip:a@h>;x=;tag=1",
                "<sip:a@h>;tag=1;x=1;x=2",
                "<sip:a@h>;x=<urn:uuid:1>;tag=1",
            })
    void lenientFormsOfClientsHaveOneReading(String address) throws Exception {
        NameAddress ours = NameAddress.parse(address);
        assertThat(ours.uri().hasUser()).isTrue();
        assertThat(ours.uri().host()).isEqualTo("h");
        assertThat(ours.parameter("tag")).contains("1");
        agree(address);
    }

    /** An address is rejected if a second parser could read another user, host, port, tag or element. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:a@h@g>;tag=1",
                "<sip:a@h;x=b@g>;tag=1",
                "<sip:a:b:c@h>;tag=1",
                "<sip:a@h;maddr=1.2.3.4;maddr=1.2.3.5>",
                "<sip:a@h;transport=tcp;%74ransport=udp>",
                "<sip:a@h;maddr=\"1.2.3.4\">",
                "<sip:a@h;x=\";maddr=1.2.3.4\">",
                "<sip:a@h;x=\">;tag=1;y=\">;tag=2",
                "<sip:a\"@h>;tag=1;y=\"@g>;tag=2",
                "<sip:a@h>;tag=1;tag=2",
                "<sip:a@h>;tag=1;TAG=2",
                "sip:a;x=b@h;tag=1",
                "sip:a@h <sip:b@g>;tag=1",
                "A;tag=1 <sip:a@h>;tag=2",
                "\"A\\\" <sip:a@h>",
                "\"\"A\"\" <sip:a@h>",
                "A <sip:a@h> <sip:b@g>",
                "*, <sip:a@h>",
                "<sip:a@h\r\n ;x>",
                "<sip:a@h\u0000>",
                "A\u0000 <sip:a@h>",
                "<sip:a @h>",
                "<sip:a@127.1>",
                "<sip:a@[::1%lo]>",
            })
    void ambiguousAddressIsRejected(String address) {
        assertThat(readable(address)).isFalse();
    }

    @Property(tries = 2_000)
    void anyAddressHasOneReading(@ForAll("addresses") String address) {
        assertTimeoutPreemptively(Duration.ofSeconds(2), () -> agree(address));
    }

    private static boolean readable(String address) {
        try {
            NameAddress.parse(address).uri();
            return true;
        } catch (SipParseException e) {
            return false;
        }
    }

    private static void agree(String address) {
        try {
            NameAddress ours = NameAddress.parse(address);
            if (!ours.uri().isSip()) {
                return;
            }
            FromHeader other = (FromHeader) GuardedGrammar.header(HeaderName.FROM, address, 0, ParseLimits.DEFAULT);
            javax.sip.address.SipURI uri =
                    (javax.sip.address.SipURI) other.getAddress().getURI();
            String tag = ours.parameter("tag").filter(value -> !value.isEmpty()).orElse(null);
            assertThat(uri.getHost())
                    .as(address)
                    .isEqualToIgnoringCase(ours.uri().host());
            assertThat(uri.getPort()).as(address).isEqualTo(ours.uri().port());
            assertThat(uri.getUser()).as(address).isEqualTo(userOf(ours));
            assertThat(other.getTag() == null || other.getTag().isEmpty() ? null : other.getTag())
                    .as(address)
                    .isEqualTo(tag);
        } catch (SipParseException e) {
            // rejected by one of them
        }
    }

    /** Returns the user as written, with escapes, because the RI does not resolve them. */
    private static String userOf(NameAddress address) throws SipParseException {
        String text = address.uriText();
        int at = text.indexOf('@');
        if (!address.uri().hasUser()) {
            return null;
        }
        String userInfo = text.substring(text.indexOf(':') + 1, at);
        int colon = userInfo.indexOf(':');
        return colon < 0 ? userInfo : userInfo.substring(0, colon);
    }

    @Provide
    Arbitrary<String> addresses() {
        Arbitrary<String> text = Arbitraries.of(PIECES).list().ofMaxSize(5).map(pieces -> String.join("", pieces));
        return text.flatMap(name -> text.flatMap(uri -> text.map(
                rest -> rest.length() % 4 == 0 ? "sip:bob" + uri + rest : name + "<sip:bob" + uri + ">" + rest)));
    }
}
