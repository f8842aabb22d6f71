package org.sipproxy.core.internal.engine;

import java.util.concurrent.atomic.AtomicBoolean;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.message.ParseLimits;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.transport.Flow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows messages to a host's listener, and keeps what that throws away from the message path. */
final class WireTap {

    private static final Logger LOG = LoggerFactory.getLogger(WireTap.class);

    private final WireListener listener;
    private final ParseLimits limits;
    private final AtomicBoolean complained = new AtomicBoolean();

    WireTap(WireListener listener, ParseLimits limits) {
        this.listener = listener;
        this.limits = limits.withMessageBytes(16_777_216);
    }

    void received(SipMessage message, Flow from) {
        guard(() -> listener.received(message, from));
    }

    void sent(byte[] wire, Flow to) {
        guard(() -> {
            try {
                listener.sent(SipMessage.parse(wire, limits), to);
            } catch (SipParseException e) {
                LOG.debug("a message that was sent is not shown: {}", e.getMessage());
            }
        });
    }

    private void guard(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | StackOverflowError e) {
            if (complained.compareAndSet(false, true)) {
                LOG.error(
                        "wire listener {} failed; further failures are not logged",
                        listener.getClass().getName(),
                        e);
            }
        }
    }
}
