package org.sipproxy.core.internal.overload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages are classified by their first bytes. */
class ClassifierTest {

    private final Set<Long> registered = new HashSet<>();

    private Priority classify(String text) {
        return Classifier.classify(text.getBytes(StandardCharsets.US_ASCII), registered::contains);
    }

    private static String request(String method, String to) {
        return method + " sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
                + "Timestamp: 1\r\nFrom: <sip:alice@example.org>;tag=1\r\n" + to + "\r\nCall-ID: 1\r\nCSeq: 1 " + method
                + "\r\n\r\nbody\r\nTo: <sip:x@example.org>;tag=body";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ACK       | To: <sip:bob@example.org>                                  | ESTABLISHED",
                "CANCEL    | To: <sip:bob@example.org>                                  | ESTABLISHED",
                "BYE       | To: <sip:bob@example.org>;tag=2                            | ESTABLISHED",
                "INVITE    | To: <sip:bob@example.org>;tag=2                            | ESTABLISHED",
                "INVITE    | t : sip:bob@example.org ; TAG = 2                          | ESTABLISHED",
                "INVITE    | TO:<sip:bob@example.org;x=y>;a=b;tag=2                     | ESTABLISHED",
                "INVITE    | To: <sip:bob@example.org>                                  | INVITE",
                "INVITE    | To: \"a;tag=1 <\" <sip:bob@example.org;tag=2>;stag=3;tagx=4 | INVITE",
                "INVITE    | To: \"a\\\"<\" <sip:bob@example.org>                       | INVITE",
                "INVITE    | Tone: 1;tag=2                                              | INVITE",
                "INVITES   | To: <sip:bob@example.org>                                  | OTHER",
                "OPTIONS   | To: <sip:bob@example.org>                                  | OTHER",
                "REGISTER  | To: <sip:bob@example.org>                                  | OTHER"
            })
    void methodAndToTagDecide(String method, String to, Priority expected) {
        assertThat(classify(request(method, to))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "Call-ID: a@b, CALL-ID :  a@b , true",
        "Call-ID: a@b, i:a@b, true",
        "Call-ID: a@b, Call-ID: a@c, false",
        "Call-ID: a@b, Call-Id-2: a@b, false",
        "X: y, X: z, true"
    })
    void callsAreTheSameByTheirCallId(String invite, String cancel, boolean same) {
        assertThat(callHash("INVITE", invite) == callHash("CANCEL", cancel)).isEqualTo(same);
    }

    private static long callHash(String method, String line) {
        return Classifier.callHash(
                (method + " sip:bob@example.org SIP/2.0\r\nTo: x\r\n" + line + "\r\nCSeq: 1 INVITE\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void tagOnAFoldedLineCounts() {
        assertThat(classify(request("INVITE", "To: <sip:bob@example.org>\r\n ;tag=2")))
                .isEqualTo(Priority.ESTABLISHED);
    }

    @Test
    void responsesBelongToWhatWasAdmitted() {
        assertThat(classify("SIP/2.0 200 OK\r\nVia: x\r\n\r\n")).isEqualTo(Priority.ESTABLISHED);
    }

    @Test
    void registerOfARegisteredUserIsARefresh() {
        byte[] to = "\"Bob\" <sip:bob@Example.ORG:5060;x=y>;z".getBytes(StandardCharsets.US_ASCII);
        registered.add(Classifier.userHash(to, 0, to.length));

        assertThat(classify(request("REGISTER", "To: sip:bob@example.org"))).isEqualTo(Priority.REFRESH);
        assertThat(classify(request("REGISTER", "To: <sip:bob2@example.org>"))).isEqualTo(Priority.OTHER);
        assertThat(classify(request("MESSAGE", "To: <sip:bob@example.org>"))).isEqualTo(Priority.OTHER);
    }

    @ParameterizedTest
    @CsvSource({"''", "INVITE", "'INVITE sip:x SIP/2.0\nTo', OTHER", "'x\nt', OTHER"})
    void truncatedMessagesAreNewWork(String text) {
        assertThat(classify(text)).isIn(Priority.OTHER, Priority.INVITE);
        assertThat(classify(text + "\r\nTo")).isIn(Priority.OTHER, Priority.INVITE);
    }
}
