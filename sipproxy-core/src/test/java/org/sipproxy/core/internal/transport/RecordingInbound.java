package org.sipproxy.core.internal.transport;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.sipproxy.api.transport.Endpoint;

/** Records what a transport reads; a test may replace the handling of messages. */
class RecordingInbound implements InboundHandler {

    interface OnMessage {
        void accept(byte[] wire, TransportFlow from);
    }

    final List<String> messages = new CopyOnWriteArrayList<>();
    final List<TransportFlow> flows = new CopyOnWriteArrayList<>();
    final List<byte[]> nonSip = new CopyOnWriteArrayList<>();
    final List<String> limitsHit = new CopyOnWriteArrayList<>();
    volatile boolean accepting = true;
    final List<String> unframeable = new CopyOnWriteArrayList<>();
    final List<String> sent = new CopyOnWriteArrayList<>();
    final List<TransportFlow> closed = new CopyOnWriteArrayList<>();
    volatile OnMessage onMessage = (wire, from) -> {};
    volatile OnMessage onUnframeable = (head, from) -> {};

    @Override
    public void onMessage(byte[] wire, TransportFlow from) {
        messages.add(new String(wire, ISO_8859_1));
        flows.add(from);
        onMessage.accept(wire, from);
    }

    @Override
    public void onUnframeable(byte[] head, TransportFlow from, String reason) {
        unframeable.add(reason);
        flows.add(from);
        onUnframeable.accept(head, from);
    }

    @Override
    public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
        return accepting;
    }

    @Override
    public void onRefusedConnection(InetSocketAddress remote, Endpoint endpoint, String why) {}

    @Override
    public void onConnectionLimit(InetSocketAddress remote, Endpoint endpoint, String limit) {
        limitsHit.add(limit);
    }

    @Override
    public boolean onNonSip(byte[] bytes, TransportFlow from) {
        nonSip.add(bytes);
        return accepting;
    }

    @Override
    public boolean acceptsPing(TransportFlow from, int length) {
        return accepting;
    }

    @Override
    public void onSend(byte[] wire, TransportFlow to) {
        sent.add(new String(wire, ISO_8859_1));
    }

    @Override
    public void onClosed(TransportFlow flow) {
        closed.add(flow);
    }
}
