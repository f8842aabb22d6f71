package org.sipproxy.api.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

class OutgoingRequestTest {

    private static final SipUri BOB = SipUri.of("sip:bob@sip.test");

    private static OutgoingRequest.Builder message() {
        return OutgoingRequest.builder(Method.MESSAGE, BOB);
    }

    private static void refused(ThrowingCallable input, String... parts) {
        assertThatThrownBy(input).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(parts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "ACK", "CANCEL", "BYE"})
    void methodsOfADialogAreRefused(String method) {
        refused(() -> OutgoingRequest.builder(Method.of(method), BOB), "method: " + method, "cannot be sent");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Via",
                "v",
                "From",
                "To",
                "Call-ID",
                "CSeq",
                "Max-Forwards",
                "Max-Breadth",
                "Content-Length",
                "l",
                "Content-Type",
                "Route",
                "Record-Route",
                "Authorization",
                "Proxy-Authorization"
            })
    void headersThatTheClientWritesAreRefused(String name) {
        refused(
                () -> message().header(HeaderName.of(name), "x"),
                HeaderName.of(name).name(),
                "not accepted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX: y", "a\nb", "a\rb", "a\0b"})
    void lineEndsAndNulAreRefused(String text) {
        refused(() -> message().header(HeaderName.SUBJECT, text), "header Subject", "control character");
        refused(() -> message().body(text, "x"), "body type", "control character");
        refused(() -> message().callId(text), "callId", "control character");
        refused(() -> DigestLogin.ofPassword(text, "secret"), "username", "control character");
        refused(() -> DigestLogin.ofPassword("bob", "secret").forRealm(text), "realm", "control character");
    }

    @Test
    void foldedAddressIsRefused() throws SipParseException {
        NameAddress folded = NameAddress.parse("\"Bob\"\r\n <sip:bob@sip.test>");

        refused(() -> message().from(folded), "from", "control character");
    }

    @Test
    void addressWithATagIsRefused() throws SipParseException {
        NameAddress tagged = NameAddress.parse("<sip:bob@sip.test>;tag=1");

        refused(() -> message().to(tagged), "to: <sip:bob@sip.test>;tag=1", "outside a dialog");
        refused(() -> message().from(tagged), "from: ");
    }

    @Test
    void rangesAreChecked() {
        refused(() -> message().timeLimit(Duration.ofMillis(99)), "timeLimit: 99ms (expected 100ms to 10m)");
        refused(() -> message().timeLimit(Duration.ofMinutes(11)), "timeLimit");
        refused(() -> message().cseq(0), "cseq: 0 (expected 1 to 2,000,000,000)");
        refused(() -> message().callId("a b"), "callId", "white space");
    }

    @Test
    void copyHasAllValues() throws SipParseException {
        OutgoingRequest request = message()
                .from(NameAddress.parse("\"Door\" <sip:door@sip.test>"))
                .to(SipUri.of("sip:robert@sip.test"))
                .header(HeaderName.SUBJECT, "door")
                .body("text/plain", "öffnet")
                .timeLimit(Duration.ofSeconds(5))
                .login(DigestLogin.ofPassword("bob", "secret"))
                .callId("1")
                .cseq(7)
                .build();

        OutgoingRequest next = request.toBuilder().cseq(8).build();

        assertThat(next).usingRecursiveComparison().ignoringFields("cseq").isEqualTo(request);
        assertThat(next.cseq()).isEqualTo(8);
        assertThat(next.from()).hasToString("Optional[\"Door\" <sip:door@sip.test>]");
        assertThat(next.to()).hasToString("Optional[<sip:robert@sip.test>]");
        assertThat(new String(next.body(), StandardCharsets.UTF_8)).isEqualTo("öffnet");
    }

    @Test
    void bodyIsCopied() {
        byte[] body = {'a'};
        OutgoingRequest request = message().body("text/plain", body).build();
        body[0] = 'b';
        request.body()[0] = 'c';

        assertThat(request.body()).containsExactly('a');
    }

    @Test
    void partsThatARequestUriMayNotHaveAreRemoved() {
        OutgoingRequest request = OutgoingRequest.builder(
                        Method.OPTIONS, SipUri.of("sip:gw.test;method=INVITE?Subject=x"))
                .build();

        assertThat(request).hasToString("OPTIONS sip:gw.test");
    }

    @Test
    void loginAnswersItsRealmAndHidesItsSecret() {
        DigestLogin any = DigestLogin.ofPassword("bob", "sesame");
        DigestLogin one = DigestLogin.ofHa1("bob", "sip.test", "md5", "0123456789abcdef0123456789ABCDEF");

        assertThat(any.isFor("elsewhere.test")).isTrue();
        assertThat(one.isFor("sip.test")).isTrue();
        assertThat(one.isFor("elsewhere.test")).isFalse();
        assertThat(one.ha1("MD5")).hasValue("0123456789abcdef0123456789abcdef");
        assertThat(one.ha1("SHA-256")).isEmpty();
        assertThat(any.toString() + one).doesNotContain("sesame", "0123");
        refused(() -> DigestLogin.ofPassword("bob", ""), "password", "empty");
        refused(() -> DigestLogin.ofHa1("bob", "sip.test", "SHA-1", "00"), "algorithm: SHA-1 (expected MD5");
        refused(
                () -> DigestLogin.ofHa1("bob", "sip.test", "SHA-256", "00"),
                "ha1: 2 characters (expected 64 hex digits");
        refused(() -> one.forRealm("elsewhere.test"), "realm: the hash is for sip.test");
    }
}
