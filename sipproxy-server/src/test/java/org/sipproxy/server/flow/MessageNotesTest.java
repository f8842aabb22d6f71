package org.sipproxy.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MessageNotesTest {

    private static final String CALLER = "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKcaller";

    private final MessageNotes notes = new MessageNotes();

    private TracedMessage add(TracedMessage message) {
        notes.add(message);
        return message;
    }

    private static TracedMessage invite(long number, int port, String branch) {
        return Traced.sent(number, port, Traced.message("INVITE sip:a@b SIP/2.0", "c1", "INVITE", branch, CALLER));
    }

    @Test
    void branchesOfAForkedRequestAreNumberedOnceThereAreSeveral() {
        TracedMessage first = add(invite(1, 5060, "z9hG4bKb1"));
        assertThat(notes.branchOf(first)).isZero();

        TracedMessage second = add(invite(2, 5070, "z9hG4bKb2"));
        TracedMessage ringing =
                add(Traced.received(3, Traced.message("SIP/2.0 180 Ringing", "c1", "INVITE", "z9hG4bKb1", CALLER)));
        TracedMessage cancel =
                add(Traced.sent(4, 5070, Traced.message("CANCEL sip:a@b SIP/2.0", "c1", "CANCEL", "z9hG4bKb2")));
        TracedMessage upstream =
                add(Traced.sent(5, 40_001, Traced.message("SIP/2.0 180 Ringing", "c1", "INVITE", "z9hG4bKcaller")));

        assertThat(notes.branchOf(first)).isEqualTo(1);
        assertThat(notes.branchOf(second)).isEqualTo(2);
        assertThat(notes.branchOf(ringing)).isEqualTo(1);
        assertThat(notes.branchOf(cancel)).isEqualTo(2);
        assertThat(notes.branchOf(upstream)).isZero();
    }

    @Test
    void retransmissionNamesTheMessageThatItRepeats() {
        String text = Traced.options("c1");

        assertThat(notes.add(Traced.received(1, text))).isEmpty();
        assertThat(notes.add(Traced.received(2, text))).contains(1L);
        assertThat(notes.add(Traced.received(3, Traced.options("c2")))).isEmpty();
        assertThat(notes.add(Traced.sent(4, 5060, text))).isEmpty();
    }

    @Test
    void responsesOfTwoPhonesAndTwoReliableOnesAreNotRetransmissions() {
        String ringing = Traced.message("SIP/2.0 180 Ringing", "c1", "INVITE", "z9hG4bKcaller");
        String desk = ringing.replace("To: <sip:1001@sip.test>", "To: <sip:1001@sip.test>;tag=desk");
        String mobile = ringing.replace("To: <sip:1001@sip.test>", "To: <sip:1001@sip.test>;tag=mobile");

        assertThat(notes.add(Traced.sent(1, 40_001, desk))).isEmpty();
        assertThat(notes.add(Traced.sent(2, 40_001, mobile))).isEmpty();
        assertThat(notes.add(Traced.sent(3, 40_001, desk))).contains(1L);
        assertThat(notes.add(Traced.sent(4, 40_001, mobile))).contains(2L);
        assertThat(notes.add(Traced.sent(5, 40_001, desk.replace("CSeq:", "RSeq: 1\r\nCSeq:"))))
                .isEmpty();
        assertThat(notes.add(Traced.sent(6, 40_001, desk.replace("CSeq:", "RSeq: 2\r\nCSeq:"))))
                .isEmpty();
    }

    @Test
    void whatIsNotSipHasALabelToo() {
        assertThat(MessageNotes.label(Traced.received(1, "\r\n\r\n"))).isEqualTo("keepalive");
        assertThat(MessageNotes.label(Traced.received(1, "\0\1\0\0!\u0012\u00a4B123456789012")))
                .isEqualTo("keepalive");
        assertThat(MessageNotes.label(Traced.received(1, "GET / HTTP/1.1\r\n\r\n")))
                .isEqualTo("malformed");
        assertThat(notes.add(Traced.received(1, "garbage"))).isEmpty();
    }
}
