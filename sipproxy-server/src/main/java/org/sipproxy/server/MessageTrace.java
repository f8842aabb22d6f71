package org.sipproxy.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggerContextListener;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.flow.AddressText;
import org.sipproxy.server.flow.SecretMask;
import org.sipproxy.server.part.ServerPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Log of complete messages at TRACE in {@code org.sipproxy.trace}. Each message is a block: direction, transport,
 * addresses and size, then the message, indented, so that its lines cannot be mistaken for lines of the log. {@code
 * ***} replaces its secrets. Everything except printable ASCII is escaped. Keepalives are not logged. Listens to the
 * wire only while TRACE is enabled, also if the level changes while the proxy runs.
 */
final class MessageTrace implements WireListener, ServerPart {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.trace");

    private final LevelListener levels = new LevelListener();
    private volatile @Nullable SipProxy proxy;

    /** Returns true if messages are to be logged now. */
    static boolean isEnabled() {
        return LOG.isTraceEnabled();
    }

    @Override
    public void start(SipProxy started) {
        proxy = started;
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.addListener(levels);
        }
        followLevel();
    }

    @Override
    public void stop() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.removeListener(levels);
        }
    }

    private void followLevel() {
        SipProxy running = proxy;
        if (running == null) {
            return;
        }
        if (isEnabled()) {
            running.addWireListener(this);
        } else {
            running.removeWireListener(this);
        }
    }

    @Override
    public void onMessage(WireMessage message) {
        if (!LOG.isTraceEnabled() || message.isKeepalive()) {
            return;
        }
        Flow flow = message.flow();
        LOG.trace(
                "{} {} {} {} at {} bytes={}{}",
                message.isReceived() ? "RECEIVED" : "SENT",
                flow.kind().lowerCase(),
                message.isReceived() ? "from" : "to",
                AddressText.of(flow.remoteAddress()),
                flow.endpoint(),
                message.length(),
                block(message.toBytes()));
    }

    /** Returns the message on separate indented lines, masked. */
    static String block(byte[] wire) {
        return "\n    " + SecretMask.printable(wire).stripTrailing().replace("\n", "\n    ");
    }

    /** Notices that a level was changed. */
    private final class LevelListener implements LoggerContextListener {

        @Override
        public boolean isResetResistant() {
            return true;
        }

        @Override
        public void onStart(LoggerContext context) {}

        @Override
        public void onReset(LoggerContext context) {}

        @Override
        public void onStop(LoggerContext context) {}

        @Override
        public void onLevelChange(ch.qos.logback.classic.Logger logger, Level level) {
            followLevel();
        }
    }
}
