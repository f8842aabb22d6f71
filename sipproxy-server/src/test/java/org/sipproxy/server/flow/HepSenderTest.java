package org.sipproxy.server.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;

@Timeout(60)
class HepSenderTest {

    private final SipProxy proxy = SipProxy.builder()
            .listen(Endpoint.udp("127.0.0.1", 0))
            .domain("sip.test")
            .noAuthentication()
            .build();

    @AfterEach
    void close() {
        proxy.close();
    }

    @Test
    void packetHasAddressesTimePayloadAndCorrelation() {
        String text = Traced.options("c1");

        Map<Integer, ByteBuffer> chunks = chunks(HepSender.packet(Traced.received(1, text), 2014, "key"));

        assertThat(chunks.keySet()).containsExactly(1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 14, 15, 17);
        assertThat(chunks.get(1).get(0)).isEqualTo((byte) 2);
        assertThat(chunks.get(2).get(0)).isEqualTo((byte) 17);
        assertThat(chunks.get(3).array()).containsExactly(192, 0, 2, 7);
        assertThat(chunks.get(4).array()).containsExactly(192, 0, 2, 1);
        assertThat(chunks.get(7).getShort(0) & 0xffff).isEqualTo(40_001);
        assertThat(chunks.get(8).getShort(0)).isEqualTo((short) 5060);
        assertThat(chunks.get(9).getInt(0)).isEqualTo((int) Traced.START.getEpochSecond());
        assertThat(chunks.get(10).getInt(0)).isEqualTo(124_456);
        assertThat(chunks.get(11).get(0)).isEqualTo((byte) 1);
        assertThat(chunks.get(12).getInt(0)).isEqualTo(2014);
        assertThat(text(chunks.get(14))).isEqualTo("key");
        assertThat(text(chunks.get(15))).isEqualTo(text);
        assertThat(text(chunks.get(17))).isEqualTo("c1");
    }

    @Test
    void ipv6AndStreamsHaveTheirOwnChunks() {
        Map<Integer, ByteBuffer> chunks = chunks(
                HepSender.packet(Traced.received(1, TransportKind.WSS, "2001:db8::7", Traced.options("c1")), 1, ""));

        assertThat(chunks.keySet()).containsExactly(1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 15, 17);
        assertThat(chunks.get(1).get(0)).isEqualTo((byte) 10);
        assertThat(chunks.get(2).get(0)).isEqualTo((byte) 6);
        assertThat(chunks.get(5).capacity()).isEqualTo(16);
    }

    private static Map<Integer, ByteBuffer> chunks(byte[] packet) {
        ByteBuffer in = ByteBuffer.wrap(packet);
        assertThat(new String(packet, 0, 4, StandardCharsets.US_ASCII)).isEqualTo("HEP3");
        assertThat(in.getShort(4) & 0xffff).isEqualTo(packet.length);
        in.position(6);
        Map<Integer, ByteBuffer> chunks = new LinkedHashMap<>();
        while (in.hasRemaining()) {
            assertThat(in.getShort()).isZero(); // vendor
            int type = in.getShort();
            byte[] value = new byte[in.getShort() - 6];
            in.get(value);
            chunks.put(type, ByteBuffer.wrap(value));
        }
        return chunks;
    }

    private static String text(ByteBuffer chunk) {
        return StandardCharsets.UTF_8.decode(chunk.duplicate()).toString();
    }

    @Test
    void messagesReachTheCollectorAndAreDroppedWhileItIsGone() throws IOException {
        DatagramSocket collector = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        collector.setSoTimeout(20_000);
        WireQueue queue = HepSender.part("127.0.0.1", collector.getLocalPort(), 1, "");
        queue.start(proxy);

        queue.onMessage(Traced.wire("192.0.2.7", Traced.options("c1")));
        DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
        collector.receive(packet);

        assertThat(new String(packet.getData(), 0, 4, StandardCharsets.US_ASCII))
                .isEqualTo("HEP3");
        collector.close();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            queue.onMessage(Traced.wire("192.0.2.7", Traced.options("c2")));
            return queue.dropped() > 0;
        });
        queue.stop();
    }

    @Test
    void errorCostsOneMessage() {
        List<Long> taken = new CopyOnWriteArrayList<>();
        WireQueue queue = new WireQueue("--test", new WireQueue.Receiver() {
            @Override
            public void take(TracedMessage message) {
                if (message.number() == 1) {
                    throw new StackOverflowError();
                }
                taken.add(message.number());
            }

            @Override
            public void close() {}
        });
        queue.start(proxy);

        queue.onMessage(Traced.wire("192.0.2.7", Traced.options("c1")));
        queue.onMessage(Traced.wire("192.0.2.7", Traced.options("c2")));

        await().untilAsserted(() -> assertThat(taken).containsExactly(2L));
        assertThat(queue.dropped()).isEqualTo(1);
        queue.stop();
    }

    @Test
    void slowReceiverCostsMessagesAndNoTime() throws InterruptedException {
        CountDownLatch released = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        WireQueue queue = new WireQueue(
                "--test",
                new WireQueue.Receiver() {
                    @Override
                    public void take(TracedMessage message) throws IOException {
                        busy.countDown();
                        try {
                            released.await();
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                    }

                    @Override
                    public void close() {}
                },
                2);
        queue.start(proxy);
        queue.onMessage(Traced.wire("192.0.2.7", Traced.options("c0")));
        busy.await();

        for (int i = 1; i <= 5; i++) {
            queue.onMessage(Traced.wire("192.0.2.7", Traced.options("c" + i))); // would hang if it waited
        }

        assertThat(queue.dropped()).isEqualTo(3);
        released.countDown();
        queue.stop();
        assertThat(queue.passed()).isEqualTo(3);
    }
}
