package org.sipproxy.core.internal.engine;

import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows messages to the wire listener of the host application. Its exceptions do not reach the message path. */
final class WireTap {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private final WireListener listener;
    private final ParseLimits limits;
    private final HostCall host;

    WireTap(WireListener listener, ParseLimits limits) {
        this.listener = listener;
        this.host = new HostCall("wire listener " + listener.getClass().getName());
        this.limits = limits.toBuilder().messageBytes(16_777_216).build();
    }

    void received(SipMessage message, Flow from) {
        try {
            listener.received(message, from);
        } catch (Throwable e) {
            host.failed(e);
        }
    }

    void sent(byte[] wire, Flow to) {
        try {
            listener.sent(SipMessage.parse(wire, limits), to);
        } catch (SipParseException e) {
            LOG.debug("a sent message is not shown to the wire listener: {}", e.getMessage());
        } catch (Throwable e) {
            host.failed(e);
        }
    }
}
