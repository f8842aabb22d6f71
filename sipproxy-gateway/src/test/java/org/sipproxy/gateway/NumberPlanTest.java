package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeStageContext;

class NumberPlanTest {

    private static final String INVITE = """
        INVITE sip:030-123.45@example.org;user=phone SIP/2.0
        Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
        Max-Forwards: 70
        From: "sip:0301@example.org" <sip:0301@example.org>;tag=a
        To: <sip:03012345@example.org>
        Call-ID: 1
        CSeq: 1 INVITE
        P-Asserted-Identity: "Bob" <sip:0302@example.org>
        P-Asserted-Identity: <tel:0302;phone-context=example.org>
        Content-Length: 0
        """;

    @ParameterizedTest
    @CsvSource({
        "+4930123, +4930123",
        "004930123, +4930123",
        "030123, +4930123",
        "(0)30 / 123, (0)30 / 123",
        "(030) 12-3.4, +49301234",
        "112, 112",
        "4711, 4711",
        "0, 0",
        "00, +490",
        "*21#, *21#",
        "0*21, 0*21",
        "00*21#, 00*21#",
        "bob, bob",
        "030123;isub=1, +4930123;isub=1",
        "anonymous, anonymous",
        "+, +"
    })
    void numbersBecomeE164(String dialled, String expected) {
        assertThat(NumberPlan.none().e164("49").apply(dialled)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"2125551234, +12125551234", "011493012, +493012", "911, 911", "5551234, +15551234", "555123, 555123"})
    void countriesWithoutANationalPrefixAreDistinguishedByLength(String dialled, String expected) {
        assertThat(NumberPlan.none().e164("1", "011", "").apply(dialled)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "12125551234, +12125551234",
        "011493012, +493012",
        "15551234, +15551234",
        "1555123, 1555123",
        "911, 911",
        "112, 112",
        "1001, 1001"
    })
    void extensionThatBeginsWithTheNationalPrefixIsKept(String dialled, String expected) {
        assertThat(NumberPlan.none().e164("1", "011", "1").apply(dialled)).isEqualTo(expected);
    }

    @Test
    void rulesApplyInTheirOrder() {
        NumberPlan plan =
                NumberPlan.none().strip("9").e164("49").replace("+49", "0").add("77");

        assertThat(plan.apply("9 030 123")).isEqualTo("77030123");
        assertThat(plan.apply("9")).isEqualTo("779"); // the prefix alone is not a number
        assertThat(plan.apply("900331")).isEqualTo("77+331");
    }

    @Test
    void plusIsAddedOnce() {
        assertThat(NumberPlan.none().add("+").apply("4930")).isEqualTo("+4930");
        assertThat(NumberPlan.none().add("+").apply("+4930")).isEqualTo("+4930");
    }

    @Test
    void namesLongTextsAndOtherSchemesAreNotChanged() {
        NumberPlan plan = NumberPlan.none().add("1");

        assertThat(plan.apply("a1")).isEqualTo("a1");
        assertThat(plan.apply("")).isEmpty();
        assertThat(plan.apply("1".repeat(65))).isEqualTo("1".repeat(65));
        assertThat(plan.apply(SipUri.of("mailto:1@x"))).hasToString("mailto:1@x");
    }

    @Test
    void uriKeepsEverythingButItsNumber() {
        NumberPlan plan = NumberPlan.none().e164("49");

        assertThat(plan.apply(SipUri.of("sips:030%2D1;a=b:secret@[::1]:5061;user=phone")))
                .hasToString("sips:+49301;a=b@[::1]:5061;user=phone");
        assertThat(plan.apply(SipUri.of("tel:030-1;phone-context=example.org")))
                .hasToString("tel:+49301;phone-context=example.org");
        assertThat(NumberPlan.none().replace("*", "#").apply(SipUri.of("sip:*21@h")))
                .hasToString("sip:%2321@h");
    }

    @Test
    void stageChangesTheCalledNumberOnly() throws Exception {
        FakeStageContext context = FakeStageContext.of(INVITE);

        NumberPlan.none().e164("49").stage().handle(context);

        SipRequest changed = context.request();
        assertThat(changed.requestUri()).hasToString("sip:+493012345@example.org;user=phone");
        assertThat(changed.from().uriText()).isEqualTo("sip:0301@example.org");
        assertThat(changed.to().uriText()).isEqualTo("sip:03012345@example.org");
        assertThat(changed.headers(HeaderName.P_ASSERTED_IDENTITY)).hasSize(2);
    }

    @Test
    void stageChangesTheCallersNumbersIfAsked() throws Exception {
        FakeStageContext context = FakeStageContext.of(INVITE);
        RequestStage stage = NumberPlan.none().e164("49").stage(NumberField.FROM, NumberField.P_ASSERTED_IDENTITY);

        stage.handle(context);

        SipRequest changed = context.request();
        assertThat(changed.requestUri()).hasToString("sip:030-123.45@example.org;user=phone");
        assertThat(changed.header(HeaderName.FROM)).hasValue("\"sip:0301@example.org\" <sip:+49301@example.org>;tag=a");
        assertThat(changed.header(HeaderName.P_ASSERTED_IDENTITY))
                .hasValue("\"Bob\" <sip:+49302@example.org>, <tel:+49302;phone-context=example.org>");
    }

    @Test
    void registerIsNotChanged() throws Exception {
        FakeStageContext context =
                FakeStageContext.of(INVITE.replace("INVITE", "REGISTER").replace("sip:030-123.45@", "sip:"));
        SipRequest before = context.request();

        NumberPlan.none()
                .add("1")
                .stage(NumberField.REQUEST_URI, NumberField.FROM)
                .handle(context);

        assertThat(context.request()).isSameAs(before);
    }

    @Test
    void editChangesOneBranch() throws Exception {
        SipRequest request = FakeStageContext.of(INVITE).request();

        SipRequest edited = NumberPlan.none()
                .add("7")
                .edit(NumberField.FROM, NumberField.REQUEST_URI)
                .edit(request, Target.of(SipUri.of("sip:192.0.2.1")));

        assertThat(edited.from().uriText()).isEqualTo("sip:70301@example.org");
        assertThat(edited.requestUri()).isEqualTo(request.requestUri());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "+a", "1 2", "1+"})
    void prefixesMustBeTheStartOfANumber(String prefix) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NumberPlan.none().strip(prefix))
                .withMessageContaining("prefix: \"" + prefix + "\"");
    }

    @Test
    void countryCodesMustBeDigits() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NumberPlan.none().e164("+49"))
                .withMessageContaining("such as 49");
        assertThatIllegalArgumentException().isThrownBy(() -> NumberPlan.none().e164("1", "", "0"));
        assertThatIllegalArgumentException().isThrownBy(() -> NumberPlan.none().e164("1", "00", "x"));
    }
}
