package org.sipproxy.server.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

@Timeout(60)
class LiveRecordingTest {

    private static final int LONG = 60_000;

    private final SipProxy proxy = SipProxy.builder()
            .listen(Endpoint.udp("127.0.0.1", 0))
            .domain("sip.test")
            .noAuthentication()
            .drainTime(Duration.ZERO)
            .build();
    private DatagramSocket socket;

    @BeforeEach
    void start() throws IOException {
        proxy.start();
        socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        socket.connect(
                InetAddress.getLoopbackAddress(), proxy.boundEndpoints().get(0).port());
        socket.setSoTimeout(20_000);
    }

    @AfterEach
    void stop() {
        socket.close();
        proxy.close();
    }

    private LiveRecording recording(int messages, int patience, int most, long mostBytes) {
        FlowRecorder.Limits record = new FlowRecorder.Limits(messages, 1L << 20, Duration.ofMinutes(10));
        return new LiveRecording(proxy, new LiveRecording.Limits(record, 2, patience, most, mostBytes));
    }

    private LiveRecording recording() {
        return recording(1_000, LONG, 300, 1L << 20);
    }

    /** Sends an OPTIONS, and waits for its response: then both have been recorded. */
    private void options(String user, String callId) throws IOException {
        String request = "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK" + callId
                + "\r\nFrom: <sip:" + user + "@sip.test>;tag=1\r\nTo: <sip:sip.test>\r\nCall-ID: " + callId
                + "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
        byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        socket.send(new DatagramPacket(bytes, bytes.length));
        socket.receive(new DatagramPacket(new byte[2_000], 2_000));
    }

    private static TraceFilter user(String user) {
        return new TraceFilter(Optional.of(user), Optional.empty(), Optional.empty(), false);
    }

    private static List<String> labels(LiveRecording.Messages polled) {
        return polled.messages().stream()
                .map(event -> event.status().map(String::valueOf).orElse("OPTIONS") + " "
                        + event.callId().orElse(""))
                .toList();
    }

    @Test
    void firstPollStartsItAndSilenceEndsIt() throws Exception {
        LiveRecording recording = recording(1_000, 200, 300, 1L << 20);
        options("1001", "before");
        assertThat(WireListeners.of(proxy)).isZero();

        LiveRecording.Messages first = recording.poll("a", "", 0, TraceFilter.ALL);
        assertThat(first.messages()).isEmpty();
        assertThat(WireListeners.of(proxy)).isOne();

        await().until(() -> !recording.isRecording());
        assertThat(WireListeners.of(proxy)).isZero();

        options("1001", "between");
        LiveRecording.Messages second = recording.poll("a", first.recording(), first.last(), TraceFilter.ALL);
        assertThat(second.recording()).isNotEqualTo(first.recording());
        assertThat(second.messages()).isEmpty();
        recording.close();
        assertThat(WireListeners.of(proxy)).isZero();
    }

    @Test
    void viewersShareOneRecordAndEachReadsAllOfIt() throws Exception {
        try (LiveRecording recording = recording()) {
            recording.poll("a", "", 0, TraceFilter.ALL);
            options("1001", "c1");
            LiveRecording.Messages a = recording.poll("a", "", 0, TraceFilter.ALL);
            LiveRecording.Messages b = recording.poll("b", "", 0, TraceFilter.ALL);

            assertThat(WireListeners.of(proxy)).isOne();
            assertThat(labels(a)).containsExactly("OPTIONS c1", "200 c1");
            assertThat(labels(b)).isEqualTo(labels(a));
            options("1001", "c2");
            assertThat(labels(recording.poll("a", a.recording(), a.last(), TraceFilter.ALL)))
                    .containsExactly("OPTIONS c2", "200 c2");
        }
    }

    @Test
    void filterAppliesWhenItIsReadAndSelectsTheCallId() throws Exception {
        try (LiveRecording recording = recording()) {
            LiveRecording.Messages none = recording.poll("a", "", 0, user("1002"));
            options("1001", "c1");
            options("1002", "c2");
            LiveRecording.Messages some = recording.poll("a", none.recording(), none.last(), user("1002"));

            assertThat(labels(some)).containsExactly("OPTIONS c2", "200 c2");
            assertThat(some.last()).isEqualTo(4);
            assertThat(some.messages().get(0).from()).hasValue("sip:1002@sip.test");
            assertThat(labels(recording.poll("a", "", 0, TraceFilter.ALL))).hasSize(4);
        }
    }

    @Test
    void retransmissionsAreMarked() throws Exception {
        try (LiveRecording recording = recording()) {
            recording.poll("a", "", 0, TraceFilter.ALL);
            options("1001", "c1");
            recording.poll("a", "", 0, TraceFilter.ALL);
            options("1001", "c1");

            assertThat(recording.poll("a", "", 0, TraceFilter.ALL).messages())
                    .extracting(event -> event.retransmissionOf().orElse(0L))
                    .containsExactly(0L, 0L, 1L, 2L);
        }
    }

    @Test
    void longRecordIsReadInParts() throws Exception {
        try (LiveRecording recording = recording(1_000, LONG, 3, 1L << 20)) {
            recording.poll("a", "", 0, TraceFilter.ALL);
            options("1001", "c1");
            options("1001", "c2");
            LiveRecording.Messages part = recording.poll("a", "", 0, TraceFilter.ALL);
            LiveRecording.Messages rest = recording.poll("a", part.recording(), part.last(), TraceFilter.ALL);

            assertThat(part.messages()).hasSize(3);
            assertThat(part.more()).isTrue();
            assertThat(labels(rest)).containsExactly("200 c2");
            assertThat(rest.more()).isFalse();
        }
        try (LiveRecording recording = recording(1_000, LONG, 300, 1)) {
            recording.poll("a", "", 0, TraceFilter.ALL);
            options("1001", "c3");
            assertThat(recording.poll("a", "", 0, TraceFilter.ALL).messages()).hasSize(1);
        }
    }

    @Test
    void oldestMessagesAreDroppedAndCounted() throws Exception {
        try (LiveRecording recording = recording(3, LONG, 300, 1L << 20)) {
            LiveRecording.Messages before = recording.poll("a", "", 0, TraceFilter.ALL);
            options("1001", "c1");
            options("1001", "c2");
            options("1001", "c3");
            LiveRecording.Messages after = recording.poll("a", before.recording(), before.last(), TraceFilter.ALL);

            assertThat(labels(after)).containsExactly("200 c2", "OPTIONS c3", "200 c3");
            assertThat(after.missed()).isEqualTo(3);
            assertThat(recording.poll("b", "", 0, TraceFilter.ALL).missed()).isZero(); // it has missed nothing
        }
    }

    @Test
    void viewersAreLimited() {
        LiveRecording recording = recording();
        recording.poll("a", "", 0, TraceFilter.ALL);
        recording.poll("b", "", 0, TraceFilter.ALL);
        assertThatThrownBy(() -> recording.poll("c", "", 0, TraceFilter.ALL))
                .isInstanceOf(LiveRecording.BusyException.class)
                .hasMessage("2 viewers watch the messages already; close one of their pages");
        recording.poll("a", "", 0, TraceFilter.ALL);
        recording.close();
        assertThatThrownBy(() -> recording.poll("a", "", 0, TraceFilter.ALL))
                .isInstanceOf(LiveRecording.BusyException.class);
        assertThat(WireListeners.of(proxy)).isZero();
    }
}
