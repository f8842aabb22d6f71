package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeFlow;

class ContactEditTest {

    private static SipResponse ok(String contact) {
        return SipText.response("""
                SIP/2.0 200 OK
                Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
                From: <sip:alice@example.org>;tag=1
                To: <sip:bob@example.org>;tag=2
                Call-ID: c
                CSeq: 1 INVITE
                Contact: %s
                X-After: kept
                Content-Length: 4

                body""".formatted(contact));
    }

    private static String contact(SipResponse response) {
        assertThat(response.header(HeaderName.of("X-After"))).hasValue("kept");
        return response.header(HeaderName.CONTACT).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<sip:b@10.0.0.1:5060>                     | <sip:b@10.0.0.1:5060;P>",
                "\"B <x>\" <sip:b@10.0.0.1;ob>;q=1         | \"B <x>\" <sip:b@10.0.0.1;ob;P>;q=1",
                "sip:b@10.0.0.1:5060;expires=60            | <sip:b@10.0.0.1:5060;P>;expires=60",
                "B <sips:b;x=y@[fd00::1]:5061?Subject=a>   | B <sips:b;x=y@[fd00::1]:5061;P?Subject=a>",
                "<sip:10.0.0.1>, <sip:second@10.0.0.2>     | <sip:10.0.0.1;P>, <sip:second@10.0.0.2>",
                "<sip:b@h;alias=1.2.3.4~5~1;ob;alias-key=k>| <sip:b@h;ob;P>",
                "<sip:b@h;ALIAS=1.2.3.4~5~1;aliases=1>     | <sip:b@h;aliases=1;P>"
            })
    void parametersAreAddedToTheUriOfTheFirstContact(String before, String after) {
        SipResponse response = ok(before);
        ContactSpan span = ContactSpan.of(response);
        assertThat(span).isNotNull();

        SipResponse edited = ContactEdit.alias(response, span, ";P");

        assertThat(contact(edited)).isEqualTo(after);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<sip:b@10.0.0.1:5060;ob> | <sip:b@203.0.113.9:40001;ob>",
                "sip:10.0.0.1;q=1         | sip:203.0.113.9:40001;q=1"
            })
    void addressReplacesHostAndPort(String before, String after) {
        SipResponse response = ok(before);
        ContactSpan span = ContactSpan.of(response);
        assertThat(span).isNotNull();

        SipResponse edited = ContactEdit.address(response, span, FakeFlow.udp("203.0.113.9", 40_001));

        assertThat(contact(edited)).isEqualTo(after);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<sip:b@h;ob;alias=1.2.3.4~5~1;alias-key=k> | <sip:b@h;ob>",
                "<sip:b@h;alias=1.2.3.4~5~1>                | <sip:b@h;alias=1.2.3.4~5~1>",
                "<sip:b@h>                                  | <sip:b@h>"
            })
    void ownAliasIsRemovedAndAForeignOneKept(String before, String after) {
        SipResponse response = ok(before);
        ContactSpan span = ContactSpan.of(response);
        assertThat(span).isNotNull();

        SipResponse edited = ContactEdit.unalias(response, span);

        assertThat(contact(edited)).isEqualTo(after);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*",
                "tel:+1234",
                "<mailto:a@b>",
                "<sip:",
                "<>",
                "\"open <sip:a@b>",
                "<sip:a@[::1>",
                "<sip:a@b:99999>"
            })
    void contactThatIsNotASipUriIsUnchanged(String text) {
        assertThat(ContactSpan.of(ok(text))).isNull();
    }

    @Property(tries = 2_000)
    void anyContactIsReadWithinItsBounds(@ForAll @CharRange(from = ' ', to = '~') @StringLength(max = 40) String junk) {
        SipResponse response = ok("<sip:" + junk);

        ContactSpan span = ContactSpan.of(response);

        if (span != null) {
            assertThat(span.uriStart()).isLessThan(span.hostStart());
            assertThat(span.hostStart()).isLessThan(span.hostEnd());
            assertThat(span.hostEnd()).isLessThanOrEqualTo(span.addressEnd());
            assertThat(span.addressEnd()).isLessThanOrEqualTo(span.headersStart());
            assertThat(span.headersStart()).isLessThanOrEqualTo(span.uriEnd());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sip:a@h;alias=1~2~1;x=y;alias-key=k, sip:a@h;x=y",
        "sip:a;alias=user@h;Alias=1, sip:a;alias=user@h",
        "sip:h;alias=1, sip:h",
        "sip:a@h;aliased=1;alias, sip:a@h;aliased=1"
    })
    void namedParametersAreRemovedFromTheUri(String before, String after) {
        assertThat(UriText.without(SipUri.of(before), "alias", "alias-key")).isEqualTo(SipUri.of(after));
    }
}
