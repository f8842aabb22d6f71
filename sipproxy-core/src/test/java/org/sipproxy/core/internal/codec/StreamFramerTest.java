package org.sipproxy.core.internal.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.ParseLimits;

class StreamFramerTest {

    private static final String OPTIONS =
            message("OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\nContent-Length: 0\n\n");
    private static final String MESSAGE =
            message("MESSAGE sip:a@b SIP/2.0\nSubject: x\n Content-Length: 99\nl : \n 9\nCall-ID: 1\n\n")
                    + "a\r\n\r\nb\r\nc";
    private static final String OK = message("SIP/2.0 200 OK\nCONTENT-LENGTH\t:\t2\t\n\n") + "hi";
    private static final String PING = "\r\n\r\n";

    @Test
    void aMessageInOnePieceComesOutAsItIs() {
        assertThat(framed(MESSAGE)).containsExactly(MESSAGE);
    }

    @Test
    void pipelinedMessagesComeOutInOrder() {
        assertThat(framed(OPTIONS + MESSAGE + OK + OPTIONS)).containsExactly(OPTIONS, MESSAGE, OK, OPTIONS);
    }

    @Test
    void everySplitInTwoOfTwoMessagesGivesTheSame() {
        String stream = "\r\n" + MESSAGE + PING + OK;
        for (int split = 0; split <= stream.length(); split++) {
            assertThat(framed(stream.substring(0, split), stream.substring(split)))
                    .as("split at %d", split)
                    .containsExactly(MESSAGE, "ping", OK);
        }
    }

    @Test
    void byteByByteGivesTheSame() {
        assertThat(framed((OPTIONS + PING + MESSAGE + OK).split(""))).containsExactly(OPTIONS, "ping", MESSAGE, OK);
    }

    @Property(tries = 500)
    void anySplitGivesTheSame(@ForAll @Size(max = 20) List<@IntRange(max = 400) Integer> lengths) {
        String stream = OPTIONS + "\r\n" + MESSAGE + PING + OK + PING + PING + MESSAGE;
        List<String> pieces = new ArrayList<>();
        int at = 0;
        for (int length : lengths) {
            int end = Math.min(stream.length(), at + length);
            pieces.add(stream.substring(at, end));
            at = end;
        }
        pieces.add(stream.substring(at));
        assertThat(framed(pieces.toArray(String[]::new)))
                .containsExactly(OPTIONS, MESSAGE, "ping", OK, "ping", "ping", MESSAGE);
    }

    @Property(tries = 500)
    void garbageEndsTheSameWhereverItIsSplit(@ForAll long seed, @ForAll @IntRange(max = 200) int split) {
        Random random = new Random(seed);
        String alphabet = "\r\n: lC0A\t";
        StringBuilder stream = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            stream.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        String text = random.nextBoolean() ? stream.toString() : "A sip:b SIP/2.0\r\n" + stream;
        // the part of the message that had arrived at the failure depends on the split, the outcome does not
        assertThat(framed(text.substring(0, split), text.substring(split))).isEqualTo(framed(text));
    }

    @Test
    void aPingIsFourBytesAndNotTwo() {
        assertThat(framed("\r\n")).isEmpty();
        assertThat(framed("\r\n\r", "\n")).containsExactly("ping");
        assertThat(framed(PING + PING + "\r\n" + OPTIONS)).containsExactly("ping", "ping", OPTIONS);
        assertThat(framed("\r\n" + OPTIONS + "\r\n" + OPTIONS)).containsExactly(OPTIONS, OPTIONS);
    }

    @Test
    void bareLineEndsBetweenMessagesAreSkippedAndNotAPing() {
        assertThat(framed("\n\n\n\n\r\r\r\r" + OPTIONS)).containsExactly(OPTIONS);
    }

    @Test
    void theEmptyLineEndsTheHeadersWithOrWithoutCr() {
        String bare = "OPTIONS sip:a@b SIP/2.0\nl: 2\n\n";
        assertThat(framed(bare + "hi" + OK)).containsExactly(bare + "hi", OK);
    }

    @Test
    void theSameLengthTwiceIsAccepted() {
        String twice = message("OPTIONS sip:a@b SIP/2.0\nl: 2\nContent-Length: 02\n\n") + "hi";
        assertThat(framed(twice + OK)).containsExactly(twice, OK);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "-1", "+1", "1 2", "1,1", "0x10", "1.0", "1\r\n ,2"})
    void aLengthThatIsNotANumberCannotBeFramed(String length) {
        String head = "INVITE sip:a@b SIP/2.0\r\nContent-Length: " + length + "\r\n\r\n";
        assertThat(framed(head + OPTIONS)).containsExactly("unframeable: Content-Length is not a number");
    }

    @Test
    void twoDifferentLengthsCannotBeFramed() {
        assertThat(framed(message("INVITE sip:a@b SIP/2.0\nContent-Length: 0\nl: 5\n\n") + "hello"))
                .containsExactly("unframeable: two different values of Content-Length");
    }

    @ParameterizedTest
    @CsvSource({
        "INVITE sip:a@b SIP/2.0, Content-Length is mandatory on streams",
        "SIP/2.0 200 OK, Content-Length is mandatory on streams",
        "GET / HTTP/1.1, not a SIP message",
        "hello, not a SIP message",
    })
    void aMessageWithoutLengthCannotBeFramed(String startLine, String reason) {
        assertThat(framed(startLine + "\r\nCall-ID: 1\r\nContent-Type: text/plain\r\nlx: 3\r\n\r\n"))
                .containsExactly("unframeable: " + reason);
    }

    @Test
    void bytesThatCannotBeginAMessageAreReportedAtOnce() {
        assertThat(framed("\u0016\u0003\u0001")).containsExactly("unframeable: not a SIP message");
        assertThat(framed("\0")).containsExactly("unframeable: not a SIP message");
        assertThat(framed(OK + "\u00ff" + OK)).containsExactly(OK, "unframeable: not a SIP message");
    }

    @Test
    void bytesOfAnUnframeableMessageAreDelivered() {
        String head = message("INVITE sip:a@b SIP/2.0\nCall-ID: 1\n\n");
        Recorder recorder = new Recorder();
        StreamFramer framer = new StreamFramer(ParseLimits.DEFAULT);
        feed(framer, recorder, OK + head.substring(0, 30));
        feed(framer, recorder, head.substring(30) + "body");
        assertThat(recorder.unframeableHead).isEqualTo(head);
    }

    @Test
    void nothingIsReadAfterAnUnframeableMessage() {
        assertThat(framed(message("INVITE sip:a@b SIP/2.0\n\n") + OPTIONS, OPTIONS, PING))
                .containsExactly("unframeable: Content-Length is mandatory on streams");
    }

    @Test
    void aMessageAsLongAsTheLimitPassesAndOneByteMoreDoesNot() {
        ParseLimits limits = ParseLimits.builder().messageBytes(1024).build();
        String head = message("MESSAGE sip:a@b SIP/2.0\nl: 900\n\n");
        String padded = message("MESSAGE sip:a@b SIP/2.0\nX: " + "x".repeat(124 - head.length() - 5) + "\nl: 900\n\n");
        assertThat(padded).hasSize(124);
        assertThat(framed(limits, padded + "b".repeat(900), OK)).containsExactly(padded + "b".repeat(900), OK);
        assertThat(framed(limits, padded.replace("900", "901")))
                .containsExactly("unframeable: Content-Length announces a message longer than 1024 bytes");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"65536", "2147483647", "4294967296", "18446744073709551616", "99999999999999999999999999999"})
    void aLengthBeyondTheLimitIsRefusedBeforeTheBodyComes(String length) {
        Recorder recorder = new Recorder();
        StreamFramer framer = new StreamFramer(ParseLimits.DEFAULT);
        feed(framer, recorder, "MESSAGE sip:a@b SIP/2.0\r\nContent-Length: " + length + "\r\n\r\n");
        assertThat(recorder.seen)
                .containsExactly("unframeable: Content-Length announces a message longer than 65536 bytes");
        assertThat(framer.heldBytes()).isZero();
    }

    @Test
    void headersThatDoNotEndAreRefusedAtTheLimitAndNotHeldBeyondIt() {
        ParseLimits limits = ParseLimits.builder()
                .messageBytes(65_536)
                .headerLineBytes(256)
                .headers(16)
                .listElements(1)
                .build(); // 17 lines of 256 bytes
        Recorder recorder = new Recorder();
        StreamFramer framer = new StreamFramer(limits);
        feed(framer, recorder, "INVITE sip:a@b SIP/2.0\r\n");
        int fed = 24;
        while (recorder.seen.isEmpty()) {
            feed(framer, recorder, "X: 1234567\r\n");
            fed += 12;
            assertThat(framer.heldBytes()).isLessThanOrEqualTo(4352);
            assertThat(fed).isLessThan(4400);
        }
        assertThat(recorder.seen).containsExactly("unframeable: header section is longer than 4352 bytes");
        assertThat(recorder.unframeableHead).hasSize(4352);
        assertThat(framed(limits, "INVITE sip:a@b SIP/2.0\r\n" + "X: 1234567\r\n".repeat(1000)))
                .containsExactly("unframeable: header section is longer than 4352 bytes");
    }

    @Test
    void theBodyIsHeldNoFurtherThanItsAnnouncedLength() {
        Recorder recorder = new Recorder();
        StreamFramer framer = new StreamFramer(ParseLimits.DEFAULT);
        String head = message("MESSAGE sip:a@b SIP/2.0\nl: 40000\n\n");
        feed(framer, recorder, head);
        feed(framer, recorder, "b".repeat(39_999));
        assertThat(framer.isInsideMessage()).isTrue();
        assertThat(framer.heldBytes()).isEqualTo(head.length() + 39_999);
        feed(framer, recorder, "b" + OK + OPTIONS.substring(0, 10));
        assertThat(recorder.seen).containsExactly(head + "b".repeat(40_000), OK);
        assertThat(framer.heldBytes()).isEqualTo(10);
        assertThat(framer.messages()).isEqualTo(2);
    }

    @Test
    void nothingIsHeldBetweenMessages() {
        Recorder recorder = new Recorder();
        StreamFramer framer = new StreamFramer(ParseLimits.DEFAULT);
        feed(framer, recorder, OPTIONS.substring(0, 20));
        assertThat(framer.isInsideMessage()).isTrue();
        feed(framer, recorder, OPTIONS.substring(20) + "\r\n\r");
        assertThat(framer.isInsideMessage()).isFalse();
        assertThat(framer.heldBytes()).isZero();
    }

    /** 16 MiB in single bytes are fast if each byte is read once; scanned again each time, they take hours. */
    @Test
    void byteByByteCostsTheSameForLongHeadersAndBodies() {
        ParseLimits limits = ParseLimits.builder()
                .messageBytes(16_777_216)
                .headerLineBytes(1_048_576)
                .headers(10_000)
                .listElements(64)
                .build();
        byte[] head = ("MESSAGE sip:a@b SIP/2.0\r\n" + "X: yyyyy\r\n".repeat(800_000) + "l: 8000000\r\n\r\n")
                .getBytes(ISO_8859_1);
        StreamFramer framer = new StreamFramer(limits);
        Recorder recorder = new Recorder();
        for (int i = 0; i < head.length; i++) {
            framer.feed(head, i, i + 1, recorder);
        }
        byte[] body = new byte[8_000_000];
        for (int i = 0; i < body.length; i++) {
            framer.feed(body, i, i + 1, recorder);
        }
        assertThat(recorder.seen).singleElement().asString().hasSize(head.length + body.length);
    }

    @Test
    void theArraysHandedOverAreNotTouchedAgain() {
        List<byte[]> wires = new ArrayList<>();
        Recorder recorder = new Recorder() {
            @Override
            public void message(byte[] wire) {
                wires.add(wire);
            }
        };
        StreamFramer framer = new StreamFramer(ParseLimits.DEFAULT);
        byte[] input = (MESSAGE + OK).getBytes(ISO_8859_1);
        framer.feed(input, 0, 50, recorder);
        framer.feed(input, 50, input.length, recorder);
        Arrays.fill(input, (byte) 'z');
        feed(framer, recorder, OPTIONS.substring(0, 40));
        feed(framer, recorder, OPTIONS.substring(40));
        assertThat(wires).extracting(wire -> new String(wire, ISO_8859_1)).containsExactly(MESSAGE, OK, OPTIONS);
    }

    private static String message(String text) {
        return text.replace("\n", "\r\n");
    }

    private static List<String> framed(String... pieces) {
        return framed(ParseLimits.DEFAULT, pieces);
    }

    private static List<String> framed(ParseLimits limits, String... pieces) {
        StreamFramer framer = new StreamFramer(limits);
        Recorder recorder = new Recorder();
        for (String piece : pieces) {
            feed(framer, recorder, piece);
        }
        return recorder.seen;
    }

    private static void feed(StreamFramer framer, Recorder recorder, String piece) {
        byte[] bytes = ("??" + piece + "??").getBytes(ISO_8859_1); // what lies around must not be read
        framer.feed(bytes, 2, bytes.length - 2, recorder);
    }

    private static class Recorder implements StreamFramer.Sink {

        final List<String> seen = new ArrayList<>();
        String unframeableHead = "";

        @Override
        public void message(byte[] wire) {
            seen.add(new String(wire, ISO_8859_1));
        }

        @Override
        public void ping() {
            seen.add("ping");
        }

        @Override
        public void unframeable(byte[] head, String reason) {
            unframeableHead = new String(head, ISO_8859_1);
            seen.add("unframeable: " + reason);
        }
    }
}
