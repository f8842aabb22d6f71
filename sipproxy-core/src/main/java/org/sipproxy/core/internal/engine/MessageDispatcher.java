package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.codec.RequestHead;
import org.sipproxy.core.internal.overload.MessageSink;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.core.internal.transport.InboundHandler;
import org.sipproxy.core.internal.transport.InboundQueue;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/** Entrance of all incoming bytes: filters and parses them, then passes requests and responses on. */
final class MessageDispatcher implements InboundHandler, MessageSink {

    private final ProxyEngine engine;
    private final Refusals refusals;
    private final RequestDispatcher requests;
    private final ResponseDispatcher responses;

    MessageDispatcher(ProxyEngine engine, RequestDispatcher requests) {
        this.engine = engine;
        this.refusals = engine.refusals;
        this.requests = requests;
        this.responses = new ResponseDispatcher(engine);
    }

    @Override
    public void onMessage(byte[] wire, TransportFlow flow) {
        if (!accepts(flow, wire.length)) {
            return;
        }
        if (flow.kind().isReliable() && engine.overload.refusesFromStream(wire)) {
            engine.overload.refusedFromStream(refuse(wire, flow));
        } else {
            handle(wire, flow);
        }
    }

    // ---- the queues of UDP receivers

    @Override
    public @Nullable InboundQueue newQueue() {
        return engine.overload.isOn() ? engine.overload.queueFor(this) : null;
    }

    @Override
    public boolean accepts(byte[] wire, TransportFlow from) {
        return accepts(from, wire.length);
    }

    @Override
    public void handle(byte[] wire, TransportFlow flow) {
        StuckStageDetector.Mark mark = engine.stuckStages.mark();
        mark.begin();
        try {
            receive(wire, flow);
        } finally {
            mark.end();
        }
    }

    @Override
    public boolean isAckOfRefusal(byte[] wire) {
        RequestHead ack = engine.tap.isOn() ? null : RequestHead.read(wire, "ACK");
        if (ack == null || !requests.isAckOfRefusal(ack)) {
            return false;
        }
        engine.counters.requests.increment();
        return true;
    }

    @Override
    public boolean refuse(byte[] wire, TransportFlow from) {
        // wire listeners are given a parsed request
        RequestHead invite = engine.tap.isOn() || from.kind().isReliable() ? null : RequestHead.read(wire, "INVITE");
        if (invite != null && requests.refuseForOverload(invite, from)) {
            engine.counters.requests.increment();
            return true;
        }
        try {
            if (SipMessage.parse(wire, engine.limits) instanceof SipRequest request
                    && requests.refuseForOverload(request, from)) {
                engine.counters.requests.increment();
                engine.tap.received(request, wire, from);
                return true;
            }
        } catch (SipParseException e) {
            // handled below, which reports it
        }
        handle(wire, from);
        return false;
    }

    private void receive(byte[] wire, TransportFlow from) {
        SipMessage message;
        try {
            message = withoutTrailingBytes(SipMessage.parse(wire, engine.limits), from);
        } catch (SipParseException e) {
            engine.tap.received(wire, from);
            unreadable(from, e);
            return;
        }
        engine.tap.received(message, wire, from);
        try {
            if (message instanceof SipRequest request) {
                engine.counters.requests.increment();
                requests.accept(request, from);
            } else if (message instanceof SipResponse response) {
                engine.counters.responses.increment();
                responses.accept(response, from);
            }
        } catch (SipParseException e) {
            unreadable(from, e);
        }
    }

    private void unreadable(TransportFlow from, SipParseException e) {
        engine.counters.malformed.increment();
        refusals.unreadable(from, e.getMessage());
    }

    private boolean accepts(TransportFlow flow, int length) {
        String refusal = engine.components.refusalOf(flow, length);
        if (refusal == null) {
            return true;
        }
        engine.counters.filtered.increment();
        refusals.filtered(flow, refusal);
        return false;
    }

    /**
     * Cuts off the bytes beyond Content-Length. In a datagram or a WebSocket message they are not part of the SIP
     * message (§18.3).
     */
    private SipMessage withoutTrailingBytes(SipMessage message, TransportFlow from) throws SipParseException {
        boolean cutByLength = from.kind() == TransportKind.TCP || from.kind() == TransportKind.TLS;
        if (cutByLength || message.bodyLength() == 0) {
            return message;
        }
        int line = message.firstHeader(HeaderName.CONTENT_LENGTH);
        if (line < 0) {
            return message;
        }
        int length = MessageSanity.contentLength(message, line);
        return length < 0 || length >= message.bodyLength()
                ? message
                : SipMessage.parse(message.index().copy(0, message.index().bodyStart() + length), engine.limits);
    }

    // ---- streams

    @Override
    public void onUnframeable(byte[] head, TransportFlow flow, String reason) {
        if (!accepts(flow, head.length)) {
            return;
        }
        engine.counters.malformed.increment();
        engine.tap.received(head, flow);
        try {
            if (SipMessage.parse(
                            head,
                            engine.limits.toBuilder().messageBytes(16_777_216).build())
                    instanceof SipRequest request) {
                requests.refuse(request, flow, new SipParseException(StatusCode.BAD_REQUEST, reason));
            }
        } catch (SipParseException e) {
            refusals.unreadable(flow, reason);
        }
    }

    @Override
    public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
        String refusal = engine.components.refusalOf(remote, endpoint);
        if (refusal == null) {
            return true;
        }
        engine.counters.filtered.increment();
        refusals.connectionFiltered(remote, endpoint.kind(), refusal);
        return false;
    }

    @Override
    public void onRefusedConnection(InetSocketAddress remote, Endpoint endpoint, String why) {
        refusals.refusedConnection(remote, endpoint.kind(), why);
    }

    @Override
    public void onConnectionLimit(InetSocketAddress remote, Endpoint endpoint, String limit) {
        refusals.connectionAboveLimit(remote, endpoint.kind(), limit);
        engine.components.publish(
                new SecurityEvent.LimitHit(new SecurityEvent.Origin(remote, endpoint.kind(), ""), limit));
    }

    @Override
    public boolean onNonSip(byte[] bytes, TransportFlow from) {
        boolean accepted = accepts(from, bytes.length);
        if (accepted) {
            engine.tap.received(bytes, from);
            engine.components.onNonSip(from, bytes);
        }
        return accepted;
    }

    @Override
    public boolean acceptsPing(TransportFlow from, int length) {
        return accepts(from, length);
    }

    @Override
    public void onSend(byte[] wire, TransportFlow to) {
        engine.tap.sent(wire, to);
    }

    @Override
    public void onClosed(TransportFlow flow) {
        engine.connectionClosed(flow);
    }
}
