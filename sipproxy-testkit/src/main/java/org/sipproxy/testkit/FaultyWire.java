package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.function.Consumer;
import org.sipproxy.api.transport.TransportKind;

/** Wire through a network with faults. */
final class FaultyWire implements Wire {

    private final Wire wire;
    private final FaultyLink link;

    FaultyWire(Wire wire, FaultyLink link) {
        this.wire = wire;
        this.link = link;
    }

    @Override
    public TransportKind kind() {
        return wire.kind();
    }

    @Override
    public InetSocketAddress localAddress() {
        return wire.localAddress();
    }

    @Override
    public void start(String threadName, Receiver receiver) {
        wire.start(threadName, new Receiver() {
            @Override
            public void received(byte[] bytes, InetSocketAddress source) {
                Consumer<byte[]> onward = passed -> deliver(passed, source);
                if (kind() == TransportKind.UDP) {
                    link.receiveDatagram(bytes, onward);
                } else {
                    link.receiveOnStream(bytes, onward);
                }
            }

            /** Late messages come on another thread than the others. */
            private synchronized void deliver(byte[] bytes, InetSocketAddress source) {
                receiver.received(bytes, source);
            }

            @Override
            public void ended() {
                receiver.ended();
            }
        });
    }

    @Override
    public void send(byte[] bytes) {
        send(bytes, wire::send);
    }

    @Override
    public void respond(byte[] bytes, InetSocketAddress source) {
        send(bytes, passed -> wire.respond(passed, source));
    }

    private void send(byte[] bytes, Consumer<byte[]> onward) {
        if (kind() == TransportKind.UDP) {
            link.sendDatagram(bytes, onward);
        } else if (!link.sendOnStream(bytes, onward)) {
            if (kind() == TransportKind.TCP || kind() == TransportKind.TLS) { // a WebSocket has whole frames only
                wire.send(Arrays.copyOf(bytes, bytes.length / 2));
            }
            wire.close();
        }
    }

    @Override
    public void close() {
        link.close();
        wire.close();
    }
}
