package org.sipproxy.core.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;

/** Messages and flows of stream transports, however the bytes are cut. */
class StreamMessageTest extends StreamTransportScene {

    @Test
    void messagesArriveCompleteInAnySegmentation() throws Exception {
        TcpPeer peer = peerOf(started());
        peer.write("\r\n" + REQUEST + RESPONSE + REQUEST.substring(0, 30));
        await().until(() -> inbound.messages.size() == 2);
        peer.write(REQUEST.substring(30, 60));
        peer.write(REQUEST.substring(60));
        await().until(() -> inbound.messages.size() == 3);
        assertThat(inbound.messages).containsExactly(REQUEST, RESPONSE, REQUEST);
    }

    @Test
    void aMessageLargerThanOneReadArrivesComplete() throws Exception {
        String large = "MESSAGE sip:a@b SIP/2.0\r\nl: 65000\r\n\r\n" + "x".repeat(65_000);
        peerOf(started()).write(large + large + REQUEST);
        await().until(() -> inbound.messages.size() == 3);
        assertThat(inbound.messages).containsExactly(large, large, REQUEST);
    }

    @Test
    void aFlowNamesItsPeerAndItsEndpoint() throws Exception {
        StreamTransport transport = started();
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        assertThat(flow.kind()).isEqualTo(TransportKind.TCP);
        assertThat(flow.endpoint())
                .isEqualTo(Endpoint.tcp("127.0.0.1", peer.remoteAddress().getPort()));
        assertThat(flow.remoteAddress()).isEqualTo(peer.address());
        assertThat(flow.connectionId()).hasValueSatisfying(id -> assertThat(id).isPositive());
        assertThat(flow.isOpen()).isTrue();
        assertThat(flow.advertised().host()).isEqualTo("127.0.0.1");
        assertThat(flow.advertised().port()).isEqualTo(transport.boundEndpoint().port());
    }

    @Test
    void eachConnectionIsAFlowOfItsOwn() throws Exception {
        StreamTransport transport = started();
        TransportFlow one = flowOf(peerOf(transport));
        TransportFlow other = flowOf(peerOf(transport));
        assertThat(one).isNotEqualTo(other);
        assertThat(one.connectionId()).isNotEqualTo(other.connectionId());
    }

    @Test
    void aPingGetsOneCrLfAndIsNotAMessage() throws Exception {
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);
        TcpPeer peer = peerOf(started());
        assertThat(peer.write("\r\n\r\n").read(2)).isEqualTo("\r\n");
        assertThat(peer.write("\r\n\r").write("\n").read(2)).isEqualTo("\r\n");
        peer.write("\r\n\r\n\r\n\r\n").write(REQUEST);
        assertThat(peer.read(4 + RESPONSE.length())).isEqualTo("\r\n\r\n" + RESPONSE);
        assertThat(inbound.messages).containsExactly(REQUEST);
    }

    @Test
    void anUnframeableStreamGetsAResponseAndIsClosed() throws Exception {
        String refusal = "SIP/2.0 400 Content-Length is mandatory on streams\r\nl: 0\r\n\r\n";
        inbound.onUnframeable = (head, from) -> from.send(bytes(refusal), failures::add);
        TcpPeer peer = peerOf(started());
        // what is sent after it must not reset the connection before the response is read
        peer.write("INVITE sip:a@b SIP/2.0\r\n\r\n" + "garbage".repeat(20_000));
        assertThat(peer.readToEnd()).isEqualTo(refusal);
        peer.close();
        await().until(() -> inbound.closed.size() == 1);
        assertThat(inbound.unframeable).containsExactly("Content-Length is mandatory on streams");
        assertThat(inbound.messages).isEmpty();
        assertThat(counters.unframeable.sum()).isEqualTo(1);
        assertThat(failures).isEmpty();
    }

    @Test
    void anAbandonedStreamIsClosedEvenIfThePeerKeepsItOpen() throws Exception {
        TcpPeer peer = peerOf(started());
        peer.write("\u0016\u0003\u0001");
        await().until(() -> inbound.closed.size() == 1);
        assertThat(inbound.flows.get(0).isOpen()).isFalse();
        peer.awaitEnd();
    }

    @Test
    void anExceptionOfTheHandlerClosesNothing() throws Exception {
        inbound.onMessage = (wire, from) -> {
            throw new IllegalStateException("on purpose");
        };
        TcpPeer peer = peerOf(started());
        peer.write(REQUEST + REQUEST).write("\r\n\r\n");
        assertThat(peer.read(2)).isEqualTo("\r\n");
        assertThat(inbound.messages).hasSize(2);
    }

    @Test
    void aConnectionResetInTheMiddleOfAMessageIsReportedClosedOnce() throws Exception {
        StreamTransport transport = started();
        TcpPeer peer = peerOf(transport);
        TransportFlow flow = flowOf(peer);
        InetSocketAddress address = peer.address();
        peer.write(REQUEST.substring(0, 30));
        peer.reset();
        await().until(() -> !inbound.closed.isEmpty());
        assertThat(inbound.closed).containsExactly(flow);
        assertThat(flow.isOpen()).isFalse();
        assertThat(transport.existing(address)).isEmpty();
        flow.send(bytes(RESPONSE), failures::add);
        assertThat(failures).singleElement().asString().contains("closed");
    }

    @Test
    void pingThatAFilterRefusesGetsNoPong() throws Exception {
        TcpPeer peer = peerOf(started());
        flowOf(peer);
        inbound.accepting = false;
        peer.write("\r\n\r\n");
        await().until(() -> inbound.nonSip.size() == 1);
        inbound.accepting = true;
        inbound.onMessage = (wire, from) -> from.send(bytes(RESPONSE), failures::add);

        peer.write(REQUEST);

        assertThat(peer.read(RESPONSE.length())).isEqualTo(RESPONSE);
    }
}
