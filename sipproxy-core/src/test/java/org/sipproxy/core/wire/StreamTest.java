package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.core.options.StreamLimits;

/** Messages on a TCP connection: framing, keepalives, errors. */
class StreamTest extends TransportScene {

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 30_000, 50_000})
    void bodyOfAnySizeCrossesTcp(int size) {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        WireClient.Tcp carol = proxy.tcp("carol");

        Request message =
                carol.send(carol.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "y".repeat(size)));

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertThat(received.body()).hasSize(size);
        bob.respond(received, 200, "\r\n" + "z".repeat(size));
        assertThat(carol.awaitResponse(message, 200).body()).hasSize(size);
    }

    @Test
    void streamMayBeCutAnywhere() {
        WireClient.Tcp carol = proxy.tcp("carol");
        Request options = carol.request("OPTIONS", "sip:sip.test").body("text/plain", "body");

        for (byte b : options.text().getBytes(ISO_8859_1)) {
            carol.sendBytes(new byte[] {b});
        }

        assertThat(carol.awaitFinal(options).status()).isEqualTo(200);
    }

    @Test
    void severalRequestsInOneSegmentAllGetResponses() {
        WireClient.Tcp carol = proxy.tcp("carol");
        Request[] requests = new Request[20];
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < requests.length; i++) {
            requests[i] = carol.request("OPTIONS", "sip:sip.test").body("text/plain", "b".repeat(i));
            all.append(requests[i].text()).append(i % 3 == 0 ? "\r\n" : "");
        }

        carol.send(all.toString());

        for (Request request : requests) {
            assertThat(carol.awaitFinal(request).status()).isEqualTo(200);
        }
    }

    @Test
    void pingGetsAPong() {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.sendBytes("\r\n\r\n".getBytes(ISO_8859_1));
        carol.awaitCrlf(2);

        carol.pendingAfterRoundTrip();
        assertThat(carol.betweenMessages()).isEqualTo("\r\n");
    }

    @Test
    void singleLineEndIsNotAPing() {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.sendBytes("\r\n".getBytes(ISO_8859_1));

        carol.pendingAfterRoundTrip();
        assertThat(carol.betweenMessages()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Content-Length: 0 | X-No-Length: 0",
                "Content-Length: 0 | Content-Length: x",
                "Content-Length: 0 | Content-Length: -1",
                "Content-Length: 0 | Content-Length: 2147483647",
                "Content-Length: 0 | Content-Length: 99999999999999"
            })
    void streamThatCannotBeFramedGets400AndIsClosed(String original, String broken) {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.send(carol.request("OPTIONS", "sip:sip.test").text().replace(original, broken));

        assertThat(carol.await("400", WireMessage::isResponse).status()).isIn(400, 413, 513);
        carol.awaitEnd();
    }

    @Test
    void malformedRequestThatCanBeFramedLeavesTheConnectionOpen() {
        WireClient.Tcp carol = proxy.tcp("carol");
        carol.send(carol.request("OPTIONS", "sip:sip.test").text().replace("CSeq: 1", "CSeq: x"));
        assertThat(carol.await("400", WireMessage::isResponse).status()).isEqualTo(400);

        Request options = carol.send(carol.request("OPTIONS", "sip:sip.test"));

        assertThat(carol.awaitFinal(options).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
                "\u0000\u0000\u0000\u0000",
                "<xml/>\r\n\r\n"
            })
    void inputThatIsNotSipEndsTheConnection(String text) {
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.sendBytes(text.getBytes(ISO_8859_1));

        carol.awaitEnd();
        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void messageThatIsNeverFinishedEndsTheConnection() {
        StreamLimits limits = StreamLimits.builder()
                .connections(100)
                .connectionsPerSource(100)
                .firstMessageTimeout(Duration.ofMinutes(1))
                .idleTimeout(Duration.ofMinutes(1))
                .messageTimeout(Duration.ofMillis(200))
                .connectTimeout(Duration.ofSeconds(1))
                .bufferedBytes(1 << 20)
                .build();
        try (ProxyUnderTest impatient = ProxyUnderTest.start(b -> b.streamLimits(limits))) {
            WireClient.Tcp carol = impatient.tcp("carol");

            carol.sendBytes("OPTIONS sip:sip.test SIP/2.0\r\nVia: ".getBytes(ISO_8859_1));

            carol.awaitEnd();
        }
    }

    @Test
    void idleConnectionIsClosed() {
        StreamLimits limits = StreamLimits.builder()
                .connections(100)
                .connectionsPerSource(100)
                .firstMessageTimeout(Duration.ofMinutes(1))
                .idleTimeout(Duration.ofSeconds(1))
                .messageTimeout(Duration.ofSeconds(1))
                .connectTimeout(Duration.ofSeconds(1))
                .bufferedBytes(1 << 20)
                .build();
        try (ProxyUnderTest impatient = ProxyUnderTest.start(b -> b.streamLimits(limits))) {
            impatient.tcp("carol").awaitEnd();
        }
    }
}
