package org.sipproxy.benchmarks;

import java.nio.charset.StandardCharsets;

/** Messages as phones send them. */
final class Messages {

    private Messages() {}

    static byte[] register(int user, int cseq) {
        return wire("""
                REGISTER sip:example.test SIP/2.0
                Via: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bK-r%1$d-%2$d
                Max-Forwards: 70
                From: <sip:user%1$d@example.test>;tag=f%1$d
                To: <sip:user%1$d@example.test>
                Call-ID: register-%1$d@127.0.0.1
                CSeq: %2$d REGISTER
                Contact: <sip:user%1$d@127.0.0.1:5099;ob>;+sip.instance="<urn:uuid:00000000-0000-4000-8000-%1$012d>"
                User-Agent: Desk phone 7.1
                Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE
                Expires: 3600
                Content-Length: 0

                """.formatted(user, cseq));
    }

    static byte[] invite(int number) {
        return wire("""
                INVITE sip:user0@example.test SIP/2.0
                Via: SIP/2.0/UDP 127.0.0.1:5098;rport;branch=z9hG4bK-i%1$d
                Max-Forwards: 70
                From: <sip:caller@example.test>;tag=c%1$d
                To: <sip:user0@example.test>
                Call-ID: call-%1$d@127.0.0.1
                CSeq: 1 INVITE
                Contact: <sip:caller@127.0.0.1:5098>
                Content-Type: application/sdp
                Content-Length: 129

                v=0
                o=- 1 1 IN IP4 127.0.0.1
                s=-
                c=IN IP4 127.0.0.1
                t=0 0
                m=audio 40000 RTP/AVP 0 8 101
                a=rtpmap:101 telephone-event/8000
                """.formatted(number));
    }

    static byte[] cancel(int number) {
        return wire("""
                CANCEL sip:user0@example.test SIP/2.0
                Via: SIP/2.0/UDP 127.0.0.1:5098;rport;branch=z9hG4bK-i%1$d
                Max-Forwards: 70
                From: <sip:caller@example.test>;tag=c%1$d
                To: <sip:user0@example.test>
                Call-ID: call-%1$d@127.0.0.1
                CSeq: 1 CANCEL
                Content-Length: 0

                """.formatted(number));
    }

    private static byte[] wire(String text) {
        return text.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
