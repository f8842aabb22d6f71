package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StreamCutterTest {

    @Test
    void messagesAreCompleteRegardlessOfTheSplit() {
        List<String> messages = List.of(
                "A sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nbody\n",
                "\r\n\r\n",
                "B sip:b SIP/2.0\r\nl : 0\r\n\r\n",
                "C sip:c SIP/2.0\r\nX-Content-Length: 9\r\n\r\n",
                "\r\n",
                "D sip:d SIP/2.0\r\ncontent-length:  2\r\nX: y\r\n\r\n\r\n");
        byte[] stream = String.join("", messages).getBytes(StandardCharsets.UTF_8);
        for (int size = 1; size <= stream.length; size++) {
            StreamCutter cutter = new StreamCutter();
            List<String> cut = new ArrayList<>();
            for (int from = 0; from < stream.length; from += size) {
                byte[] piece = java.util.Arrays.copyOfRange(stream, from, Math.min(from + size, stream.length));
                cutter.feed(piece, piece.length).forEach(m -> cut.add(new String(m, StandardCharsets.UTF_8)));
            }
            assertThat(String.join("", cut)).as("pieces of " + size).isEqualTo(String.join("", messages));
            assertThat(cut.stream().filter(m -> !m.isBlank()))
                    .as("pieces of " + size)
                    .containsExactlyElementsOf(
                            messages.stream().filter(m -> !m.isBlank()).toList());
        }
    }
}
