package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.transport.TransportKind;

/** Messages that wire listeners get, over real sockets. */
class WireListenerTest {

    private final List<org.sipproxy.api.event.WireMessage> seen = new CopyOnWriteArrayList<>();
    private final WireListener listener = seen::add;
    private final ProxyUnderTest proxy = ProxyUnderTest.start(b -> b);

    @AfterEach
    void close() {
        proxy.close();
    }

    private void awaitSeen(int count) {
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> seen.size() >= count);
    }

    private static String text(org.sipproxy.api.event.WireMessage message) {
        return new String(message.toBytes(), StandardCharsets.ISO_8859_1);
    }

    private static void options(WireClient client) {
        client.awaitResponse(client.send(client.request("OPTIONS", "sip:sip.test")), 200);
    }

    @Test
    void listenerIsAddedAndRemovedWhileTheProxyRuns() {
        WireClient.Udp client = proxy.udp("client");
        options(client);
        proxy.proxy().addWireListener(listener);
        proxy.proxy().addWireListener(listener);

        Instant before = Instant.now();
        options(client);
        proxy.proxy().removeWireListener(listener);
        options(client);

        assertThat(seen).hasSize(2);
        org.sipproxy.api.event.WireMessage request = seen.get(0);
        org.sipproxy.api.event.WireMessage response = seen.get(1);
        assertThat(request.isReceived()).isTrue();
        assertThat(text(request)).startsWith("OPTIONS sip:sip.test SIP/2.0\r\n").endsWith("\r\n\r\n");
        assertThat(request.flow().remoteAddress().getPort()).isEqualTo(client.port());
        assertThat(request.message().orElseThrow().toString()).isEqualTo(text(request));
        assertThat(request.length()).isEqualTo(text(request).length());
        assertThat(response.isReceived()).isFalse();
        assertThat(text(response)).startsWith("SIP/2.0 200 ");
        assertThat(response.message()).isPresent().isEqualTo(response.message());
        assertThat(response.message().orElseThrow()).isSameAs(response.message().orElseThrow());
        assertThat(response.time()).isBetween(before.minusSeconds(60), before.plusSeconds(60));
        assertThat(response.flow().localAddress().getPort())
                .isEqualTo(proxy.proxy().boundEndpoints().get(0).port());
    }

    @Test
    void severalListenersGetEachMessageAlsoIfOneFails() {
        proxy.proxy().addWireListener(message -> {
            throw new IllegalStateException("of the test");
        });
        proxy.proxy().addWireListener(listener);

        options(proxy.udp("client"));

        assertThat(seen).hasSize(2);
    }

    @Test
    void keepalivesAndUnreadableMessagesAreShown() {
        proxy.proxy().addWireListener(listener);
        WireClient.Udp udp = proxy.udp("udp");
        udp.send("\r\n\r\n");
        udp.send("no SIP message\r\n\r\n");
        awaitSeen(2);

        assertThat(seen.get(0).isKeepalive()).isTrue();
        assertThat(seen.get(0).message()).isEmpty();
        assertThat(seen.get(0).problem()).isEmpty();
        assertThat(text(seen.get(1))).startsWith("no SIP message");
        assertThat(seen.get(1).isKeepalive()).isFalse();
        assertThat(seen.get(1).message()).isEmpty();
        assertThat(seen.get(1).problem()).isPresent();
        seen.clear();

        WireClient.Tcp tcp = proxy.tcp("tcp");
        tcp.send("\r\n\r\n");
        awaitSeen(2);
        assertThat(seen).allMatch(org.sipproxy.api.event.WireMessage::isKeepalive);
        assertThat(seen)
                .extracting(org.sipproxy.api.event.WireMessage::isReceived)
                .containsExactly(true, false);
    }

    @Test
    void messagesOfAStreamHaveTheAddressesOfTheirConnection() {
        proxy.proxy().addWireListener(listener);

        options(proxy.tcp("tcp"));

        assertThat(seen).hasSize(2).allSatisfy(message -> {
            assertThat(message.flow().kind()).isEqualTo(TransportKind.TCP);
            assertThat(message.flow().localAddress().getAddress().isLoopbackAddress())
                    .isTrue();
            assertThat(message.flow().localAddress().getPort())
                    .isEqualTo(message.flow().endpoint().port());
        });
    }

    @Test
    void stunIsAKeepalive() {
        proxy.proxy().addWireListener(listener);
        byte[] binding = new byte[20];
        binding[1] = 1;
        binding[4] = 0x21;
        binding[5] = 0x12;
        binding[6] = (byte) 0xa4;
        binding[7] = 0x42;

        proxy.udp("udp").sendBytes(binding);
        awaitSeen(1);

        assertThat(seen.get(0).isKeepalive()).isTrue();
    }
}
