package org.sipproxy.api.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipUri;

class CallSetupTest {

    private static final SipUri ALICE = SipUri.of("sip:alice@sip.test");
    private static final SipUri BOB = SipUri.of("sip:bob@sip.test");

    private static void refused(ThrowingCallable input, String... parts) {
        assertThatThrownBy(input).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(parts);
    }

    @Test
    void builderOfAParticipantHasItsValues() throws Exception {
        Participant alice = Participant.builder(ALICE)
                .from(NameAddress.parse("\"Desk\" <sip:desk@sip.test>"))
                .ringFor(Duration.ofSeconds(5))
                .header(HeaderName.SUBJECT, "one")
                .target(Target.of(BOB))
                .login(DigestLogin.ofPassword("u", "p"))
                .build();

        assertThat(alice.toBuilder().build()).usingRecursiveComparison().isEqualTo(alice);
        assertThat(alice.toBuilder()
                        .header(HeaderName.of("Organization"), "x")
                        .withoutHeader(HeaderName.SUBJECT)
                        .build()
                        .headers())
                .extracting(OutgoingRequest.Header::name)
                .containsExactly(HeaderName.of("Organization"));
        assertThat(alice.headers()).hasSize(1);
    }

    @Test
    void defaultsAreThoseOfTheProxy() {
        Participant alice = Participant.of(ALICE);

        assertThat(alice.from()).isEmpty();
        assertThat(alice.ringFor()).isEmpty();
        assertThat(alice.headers()).isEmpty();
        assertThat(alice.target()).isEmpty();
        assertThat(alice.logins()).isEmpty();
        assertThat(CallSetup.of(alice, Participant.of(BOB)))
                .hasToString("sip:alice@sip.test to sip:bob@sip.test")
                .extracting(CallSetup::maxDuration)
                .isEqualTo(Duration.ofHours(12));
    }

    @Test
    void valuesAreKept() throws Exception {
        Target target = Target.of(BOB);
        DigestLogin login = DigestLogin.ofPassword("u", "p");
        Participant alice = Participant.builder(SipUri.of("sip:alice@sip.test;method=INVITE?Subject=x"))
                .from(NameAddress.parse("\"Desk\" <sip:desk@sip.test>"))
                .ringFor(Duration.ofSeconds(5))
                .header(HeaderName.SUBJECT, "one")
                .header(HeaderName.SUBJECT, "two")
                .target(target)
                .login(login)
                .build();

        assertThat(alice.uri()).isEqualTo(ALICE);
        assertThat(alice.from().orElseThrow()).hasToString("\"Desk\" <sip:desk@sip.test>");
        assertThat(alice.ringFor()).hasValue(Duration.ofSeconds(5));
        assertThat(alice.headers()).extracting(OutgoingRequest.Header::value).containsExactly("one", "two");
        assertThat(alice.target()).hasValue(target);
        assertThat(alice.logins()).containsExactly(login);
        CallSetup setup = CallSetup.builder(alice, Participant.of(BOB))
                .maxDuration(Duration.ofSeconds(10))
                .build();
        assertThat(setup.first()).isSameAs(alice);
        assertThat(setup.maxDuration()).isEqualTo(Duration.ofSeconds(10));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Via",
                "From",
                "Contact",
                "m",
                "Route",
                "Record-Route",
                "Supported",
                "k",
                "Require",
                "Content-Type",
                "Content-Encoding",
                "Content-Length",
                "Authorization"
            })
    void headersThatTheProxyWritesAreRefused(String name) {
        refused(() -> Participant.builder(ALICE).header(HeaderName.of(name), "x"), "header:", "not accepted");
    }

    @Test
    void lineEndsAndTagsAreRefused() {
        refused(() -> Participant.builder(ALICE).header(HeaderName.SUBJECT, "x\r\nVia: y"), "control character");
        refused(() -> Participant.builder(ALICE).from(NameAddress.parse("<sip:a@b>;tag=1")), "from:", "tag");
    }

    @Test
    void timesHaveRanges() {
        refused(() -> Participant.builder(ALICE).ringFor(Duration.ofMillis(999)), "ringFor", "1s to 3m");
        refused(() -> Participant.builder(ALICE).ringFor(Duration.ofMinutes(4)), "ringFor", "1s to 3m");
        Participant long1 =
                Participant.builder(ALICE).ringFor(Duration.ofSeconds(31)).build();
        refused(() -> CallSetup.of(Participant.of(BOB), long1), "ringFor: 31s", "second user", "30s");
        assertThat(CallSetup.of(long1, Participant.of(BOB)).first()).isSameAs(long1);
        CallSetup.Builder builder = CallSetup.builder(Participant.of(ALICE), Participant.of(BOB));
        refused(() -> builder.maxDuration(Duration.ofSeconds(9)), "maxDuration");
        refused(() -> builder.maxDuration(Duration.ofDays(31)), "maxDuration");
    }
}
