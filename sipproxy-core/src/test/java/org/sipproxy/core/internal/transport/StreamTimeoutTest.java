package org.sipproxy.core.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Connections that are closed because they are idle, slow or never deliver a message. */
class StreamTimeoutTest extends StreamTransportScene {

    @Test
    void anIdleConnectionIsClosedAndOneWithTrafficIsNot() throws Exception {
        StreamTransport transport = started(limits().idle(Duration.ofSeconds(1)).build());
        TcpPeer idle = peerOf(transport);
        TcpPeer busy = peerOf(transport);
        long start = System.nanoTime();
        while (inbound.closed.isEmpty()) {
            busy.write("\r\n\r\n").read(2);
        }
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(900));
        assertThat(idle.readToEnd()).isEmpty();
        assertThat(inbound.closed.get(0).remoteAddress()).isEqualTo(idle.address());
        assertThat(busy.write("\r\n\r\n").read(2)).isEqualTo("\r\n");
    }

    @Test
    void aSlowMessageIsCutOffAfterTheMessageTimeout() throws Exception {
        StreamTransport transport =
                started(limits().message(Duration.ofMillis(300)).build());
        TcpPeer slow = peerOf(transport);
        slow.write(REQUEST); // a complete message before it does not extend the time
        long start = System.nanoTime();
        slow.write("O");
        assertThat(endsWhileWriting(slow, "P")).isTrue();
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(250));
        await().until(() -> inbound.closed.size() == 1);
        assertThat(counters.closedSlow.sum()).isEqualTo(1);
        assertThat(inbound.messages).containsExactly(REQUEST);
    }

    @Test
    void messagesThatAreEachInTimeAreNotCutOff() throws Exception {
        StreamTransport transport =
                started(limits().message(Duration.ofMillis(1500)).build());
        TcpPeer peer = peerOf(transport);
        String tail = REQUEST.substring(10);
        peer.write(REQUEST.substring(0, 10));
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2500);
        int sent = 0;
        while (System.nanoTime() < end) {
            int expected = ++sent;
            peer.write(tail + REQUEST.substring(0, 10)); // always inside a message, but not in the same one for long
            await().pollInterval(Duration.ofMillis(5)).until(() -> inbound.messages.size() == expected);
        }
        peer.write(tail).write("\r\n\r\n");
        assertThat(peer.read(2)).isEqualTo("\r\n");
        assertThat(counters.closedSlow.sum()).isZero();
    }

    @Test
    void connectionWithoutAValidMessageIsClosedInTimeThoughItSendsKeepalives() throws Exception {
        StreamTransport transport =
                started(limits().firstMessage(Duration.ofMillis(300)).build());
        long begun = System.nanoTime();
        TcpPeer silent = peerOf(transport);
        TcpPeer pinging = peerOf(transport);
        TcpPeer talking = peerOf(transport);
        inbound.onMessage = (wire, from) -> {}; // not a valid message, because no layer above accepted it

        talking.write(REQUEST);
        assertThat(endsWhileWriting(pinging, "\r\n\r\n")).isTrue();
        silent.awaitEnd();
        talking.awaitEnd();

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        await().until(() -> inbound.limitsHit.size() == 3);
        assertThat(counters.closedSilent.sum()).isEqualTo(3);
        assertThat(inbound.limitsHit).containsOnly("time for the first message");
    }

    @Test
    void connectionThatDeliveredAValidMessageStays() throws Exception {
        StreamTransport transport =
                started(limits().firstMessage(Duration.ofSeconds(1)).build());
        inbound.onMessage = (wire, from) -> from.messageAccepted();
        TransportFlow talked = flowOf(peerOf(transport));
        TcpPeer silent = peerOf(transport);

        silent.awaitEnd(); // opened later, so the time of the other has expired too

        await().until(() -> counters.closedSilent.sum() == 1);
        assertThat(talked.isOpen()).isTrue();
    }

    @Test
    void connectionOpenedByTheProxyNeedNotDeliverAMessage() throws Exception {
        StreamTransport transport =
                started(limits().firstMessage(Duration.ofMillis(100)).build());
        ServerSocket far = listeningOn(LOOPBACK);
        TransportFlow made = transport.flowTo(new InetSocketAddress(LOOPBACK, far.getLocalPort()), "");
        made.send(bytes(REQUEST), failures::add);
        closing(far.accept());

        peerOf(transport).awaitEnd();

        assertThat(made.isOpen()).isTrue();
        assertThat(failures).isEmpty();
    }

    private static boolean endsWhileWriting(TcpPeer peer, String text) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TcpPeer.PATIENCE_MILLIS);
        try {
            while (System.nanoTime() < deadline) {
                peer.write(text);
                TimeUnit.MILLISECONDS.sleep(5); // a slow sender; does not wait for anything
            }
            return false;
        } catch (IOException e) {
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
