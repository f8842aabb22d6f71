package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;

/** RFC 3261 §9.1 and §17.1.1.3. */
class DerivedRequestsTest {

    private static final String INVITE = """
      INVITE sip:bob@192.0.2.2;x=y SIP/2.0
      Via: SIP/2.0/TCP 10.0.0.1:5060;rport;branch=z9hG4bKours
      Record-Route: <sip:10.0.0.1:5060;transport=tcp;lr>
      v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
      Max-Forwards: 12
      f: "Alice, A." <sip:alice@example.org>;tag=1
      t: <sip:bob@example.org>
      i: c1@host
      CSeq: 0042   INVITE
      Route: <sip:p1.example.org;lr>,
       <sip:p2.example.org;lr>
      Require: 100rel
      Proxy-Require: foo
      Proxy-Authorization: Digest username="alice"
      Route: <sip:p3.example.org;lr>
      Contact: <sip:alice@192.0.2.1>
      Content-Type: text/plain
      Content-Length: 2

      hi""";

    private static final SipResponse BUSY = SipText.response("""
          SIP/2.0 486 Busy Here
          Via: SIP/2.0/TCP 10.0.0.1:5060;rport;branch=z9hG4bKours;received=10.0.0.1
          f: <sip:alice@example.org>;tag=changed
          To:  "Bob" <sip:bob@example.org>;tag=9
          i: c1@host
          CSeq: 42 INVITE
          Content-Length: 0

          """);

    private static String text(byte[] wire) {
        return new String(wire, StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    @Test
    void ackHasTheInvitesHeadersAndTheResponsesTo() throws SipParseException {
        assertThat(text(DerivedRequests.ack(SipText.crlf(INVITE), BUSY))).isEqualTo("""
            ACK sip:bob@192.0.2.2;x=y SIP/2.0
            Via: SIP/2.0/TCP 10.0.0.1:5060;rport;branch=z9hG4bKours
            Max-Forwards: 70
            f: "Alice, A." <sip:alice@example.org>;tag=1
            To:  "Bob" <sip:bob@example.org>;tag=9
            i: c1@host
            CSeq: 42 ACK
            Route: <sip:p1.example.org;lr>,
             <sip:p2.example.org;lr>
            Route: <sip:p3.example.org;lr>
            Content-Length: 0

            """);
    }

    @Test
    void cancelHasTheInvitesHeadersAndNothingThatMustBeUnderstood() {
        assertThat(text(DerivedRequests.cancel(SipText.crlf(INVITE), null))).isEqualTo("""
            CANCEL sip:bob@192.0.2.2;x=y SIP/2.0
            Via: SIP/2.0/TCP 10.0.0.1:5060;rport;branch=z9hG4bKours
            Max-Forwards: 70
            f: "Alice, A." <sip:alice@example.org>;tag=1
            t: <sip:bob@example.org>
            i: c1@host
            CSeq: 42 CANCEL
            Route: <sip:p1.example.org;lr>,
             <sip:p2.example.org;lr>
            Route: <sip:p3.example.org;lr>
            Content-Length: 0

            """);
    }

    @Test
    void cancelTakesTheReasonLineAsItCame() {
        byte[] reason = SipText.crlf("reason:  Q.850 ;cause=16\n");

        assertThat(text(DerivedRequests.cancel(SipText.crlf(INVITE), reason)))
                .endsWith("Route: <sip:p3.example.org;lr>\nreason:  Q.850 ;cause=16\nContent-Length: 0\n\n");
    }

    @Test
    void ofSeveralViasInOneLineOnlyTheFirstIsTaken() {
        String oneLine =
                INVITE.replace("branch=z9hG4bKours", "branch=z9hG4bKours , SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK8");

        assertThat(text(DerivedRequests.cancel(SipText.crlf(oneLine), null)))
                .contains("branch=z9hG4bKours")
                .doesNotContain("192.0.2.8");
    }

    @Test
    void inviteLargerThanAnyParseLimitCanStillBeCancelled() {
        String large = INVITE.replace("Contact:", "X-Filler: " + "x".repeat(200_000) + "\nContact:");

        assertThat(text(DerivedRequests.cancel(SipText.crlf(large), null)))
                .startsWith("CANCEL ")
                .hasSizeLessThan(1_000);
    }

    @Test
    void responseWithoutToCannotBeAcknowledged() {
        SipResponse noTo = SipText.response("SIP/2.0 486 Busy Here\nCSeq: 42 INVITE\n\n");

        assertThatExceptionOfType(SipParseException.class)
                .isThrownBy(() -> DerivedRequests.ack(SipText.crlf(INVITE), noTo))
                .withMessageContaining("To");
    }
}
