package org.sipproxy.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.transport.TransportKind;

class PacketsTest {

    private final Packets packets = new Packets();

    @ParameterizedTest
    @CsvSource({"UDP, 192.0.2.7", "UDP, 2001:db8::7", "TLS, 192.0.2.7", "WSS, 2001:db8::7"})
    void headersHaveRightLengthsAndChecksums(TransportKind kind, String ip) {
        for (String text : List.of(Traced.options("odd"), Traced.options("even"), "x")) {
            byte[] packet = packets.of(Traced.received(1, kind, ip, text)).get(0);
            boolean isIpv4 = packet[0] == 0x45;
            int header = isIpv4 ? 20 : 40;
            int transport = kind == TransportKind.UDP ? 8 : 20;

            assertThat(isIpv4).isEqualTo(!ip.contains(":"));
            assertThat(packet).hasSize(header + transport + text.length());
            assertThat(new String(packet, header + transport, text.length(), StandardCharsets.ISO_8859_1))
                    .isEqualTo(text);
            ByteBuffer ip4or6 = ByteBuffer.wrap(packet);
            assertThat(ip4or6.getShort(isIpv4 ? 2 : 4) & 0xffff).isEqualTo(isIpv4 ? packet.length : packet.length - 40);
            if (isIpv4) {
                assertThat(sum(packet, 0, 20, 0)).isEqualTo(0xffff);
            }
            int addresses = isIpv4 ? 12 : 8;
            int pseudo = (kind == TransportKind.UDP ? 17 : 6) + packet.length - header;
            assertThat(sum(packet, addresses, packet.length, pseudo)).isEqualTo(0xffff);
        }
    }

    /** One's complement sum; a whole that includes its own checksum has 0xffff. */
    private static int sum(byte[] bytes, int from, int to, int initial) {
        int sum = initial;
        for (int i = from; i < to; i++) {
            sum += (bytes[i] & 0xff) << ((i - from) % 2 == 0 ? 8 : 0);
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return sum;
    }

    @Test
    void bothDirectionsOfAConnectionHaveConsecutiveSequenceNumbers() {
        String text = Traced.options("c1");
        ByteBuffer first = tcp(true, text);
        ByteBuffer answer = tcp(false, "0123456789");
        ByteBuffer second = tcp(true, text);

        assertThat(answer.getInt(28)).isEqualTo(first.getInt(24) + text.length());
        assertThat(second.getInt(24)).isEqualTo(first.getInt(24) + text.length());
        assertThat(second.getInt(28)).isEqualTo(answer.getInt(24) + 10);
    }

    private ByteBuffer tcp(boolean isReceived, String text) {
        TracedMessage message = Traced.received(1, TransportKind.TCP, "192.0.2.7", text);
        TracedMessage turned = new TracedMessage(
                1, message.time(), isReceived, message.transport(), message.local(), message.remote(), text);
        return ByteBuffer.wrap(packets.of(turned).get(0));
    }

    @Test
    void messageLongerThanAPacketIsCutIntoSegments() {
        List<byte[]> segments = packets.of(Traced.received(1, TransportKind.TCP, "192.0.2.7", "x".repeat(100_000)));

        assertThat(segments).hasSize(2);
        assertThat(segments.stream().mapToInt(s -> s.length - 40).sum()).isEqualTo(100_000);
        assertThat(ByteBuffer.wrap(segments.get(1)).getInt(24)).isEqualTo(1 + segments.get(0).length - 40);
    }

    @Test
    void fileHasTimeAndLengthOfEachPacket() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PcapWriter writer = new PcapWriter(out);

        long written = writer.write(Traced.received(1, Traced.options("c1")));

        ByteBuffer file = ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(file.getInt(0)).isEqualTo(0xa1b2c3d4);
        assertThat(file.getInt(20)).isEqualTo(101);
        assertThat(file.getInt(24)).isEqualTo((int) Traced.START.getEpochSecond());
        assertThat(file.getInt(28)).isEqualTo(124_456);
        assertThat(file.getInt(32)).isEqualTo(file.getInt(36)).isEqualTo(file.capacity() - 40);
        assertThat(written).isEqualTo(file.capacity() - 24);
        assertThat(Arrays.copyOfRange(out.toByteArray(), 40, 41)).containsExactly(0x45);
    }
}
