package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.core.internal.codec.RequestHead;
import org.sipproxy.message.SipText;

/** RFC 3261 §17.2.3. */
class TransactionKeyTest {

    private static final String RFC_3261 = """
      INVITE sip:bob@example.org SIP/2.0
      Via: SIP/2.0/UDP Host.Example.org:5070;branch=z9hG4bKabc
      From: <sip:alice@example.org>;tag=1
      To: <sip:bob@example.org>
      Call-ID: c1
      CSeq: 1 INVITE

      """;

    private static final String RFC_2543 = RFC_3261.replace(";branch=z9hG4bKabc", ";branch=abc");

    private static TransactionKey key(String text) {
        return TransactionScene.keyOf(SipText.request(text));
    }

    private static String method(String text, String method) {
        return text.replace("INVITE", method);
    }

    private static void assertSame(String a, String b) {
        assertThat(key(b)).isEqualTo(key(a)).hasSameHashCodeAs(key(a));
    }

    private static void assertDifferent(String a, String b) {
        assertThat(a).isNotEqualTo(b);
        assertThat(key(b)).isNotEqualTo(key(a));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host.Example.org:5070", "192.0.2.1", "192.0.2.1;x=y", "[2001:db8::1]:5060", "h;rport"})
    void keyOfAnInviteThatIsNotParsedIsTheSame(String sentBy) {
        String text = RFC_3261.replace("Host.Example.org:5070", sentBy);
        for (String method : List.of("INVITE", "ACK")) {
            byte[] wire = method(text, method).replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
            RequestHead head = RequestHead.read(wire, method);

            assertThat(head).isNotNull();
            assertThat(TransactionKey.ofInvite(head)).isEqualTo(key(text));
        }
    }

    // ---- with the magic cookie

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Host.Example.org      | host.example.ORG",
                "Call-ID: c1           | i:  c1",
                "tag=1                 | tag=2",
                "sip:bob@example.org S | sip:carol@example.org S",
                "CSeq: 1               | CSeq: 2",
                ":5070;branch          | :5070;rport;received=192.0.2.1;branch",
                "SIP/2.0/UDP           | SIP/2.0/TCP",
            })
    void requestWithTheSameBranchSentByCallIdAndMethodIsTheSame(String part, String other) {
        assertSame(RFC_3261, RFC_3261.replace(part, other));
    }

    @ParameterizedTest
    @CsvSource({
        "Host.Example.org, example.net",
        ":5070, :5071",
        ":5070, ''",
        "z9hG4bKabc, z9hG4bKabd",
        "Call-ID: c1, Call-ID: c2"
    })
    void otherBranchHostPortOrCallIdIsAnotherTransaction(String part, String other) {
        assertDifferent(RFC_3261, RFC_3261.replace(part, other));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ACK", "CANCEL"})
    void ackAndCancelBelongToTheirInvite(String method) {
        assertSame(RFC_3261, method(RFC_3261, method));
        assertSame(RFC_2543, method(RFC_2543, method));
    }

    @ParameterizedTest
    @ValueSource(strings = {"BYE", "OPTIONS", "PRACK", "INVITES", "invite", "X"})
    void otherMethodIsAnotherTransaction(String method) {
        assertDifferent(RFC_3261, method(RFC_3261, method));
        assertDifferent(RFC_2543, method(RFC_2543, method));
        assertSame(method(RFC_3261, method), method(RFC_3261, method));
    }

    @Test
    void viaBelowTheTopmostDoesNotCount() {
        String second = "z9hG4bKabc, SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKzzz";

        assertSame(RFC_3261, RFC_3261.replace("z9hG4bKabc", second));
    }

    @Test
    void lengthsOfBranchAndHostCannotBeTraded() {
        assertDifferent(
                RFC_3261.replace("Host.Example.org", "a").replace("z9hG4bKabc", "z9hG4bKab"),
                RFC_3261.replace("Host.Example.org", "ba").replace("z9hG4bKabc", "z9hG4bKa"));
    }

    // ---- without

    @ParameterizedTest
    @ValueSource(strings = {"branch=abc", "branch=z9hG4bK", "branch=1z9hG4bK", "maddr=192.0.2.1"})
    void withoutTheMagicCookieTheHeadersDecide(String parameter) {
        String request = RFC_3261.replace("branch=z9hG4bKabc", parameter);

        assertSame(request, request);
        for (String[] change : List.of(
                new String[] {"Call-ID: c1", "Call-ID: other"},
                new String[] {"tag=1", "tag=2"},
                new String[] {"sip:bob@example.org S", "sip:carol@example.org S"},
                new String[] {"CSeq: 1", "CSeq: 2"},
                new String[] {":5070", ":5071"})) {
            assertDifferent(request, request.replace(change[0], change[1]));
        }
    }

    @Test
    void ackOfAFailureMatchesAlthoughItsToHasATag() {
        assertSame(
                RFC_2543,
                method(RFC_2543, "ACK").replace("To: <sip:bob@example.org>", "To: <sip:bob@example.org>;tag=9"));
    }

    @Test
    void cookieInAnyCaseIsTheCookie() {
        String upper = RFC_3261.replace("z9hG4bKabc", "Z9HG4BKabc");

        assertSame(upper, upper.replace("tag=1", "tag=2"));
    }
}
