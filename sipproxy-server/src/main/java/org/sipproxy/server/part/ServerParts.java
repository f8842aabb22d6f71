package org.sipproxy.server.part;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.sipproxy.core.SipProxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The started parts of one server. */
public final class ServerParts {

    private static final Logger LOG = LoggerFactory.getLogger(ServerParts.class);

    private final Deque<ServerPart> started = new ArrayDeque<>();

    private ServerParts() {}

    /**
     * Starts the parts in order.
     *
     * @throws ServerPartException if one cannot start; those before it are stopped
     */
    public static ServerParts start(List<ServerPart> parts, SipProxy proxy) {
        ServerParts all = new ServerParts();
        try {
            for (ServerPart part : parts) {
                part.start(proxy);
                all.started.push(part);
            }
        } catch (RuntimeException e) {
            all.stop();
            throw e;
        }
        return all;
    }

    /** Stops the parts in reverse order. A part that fails is logged: the others, and the proxy, are closed too. */
    public void stop() {
        while (!started.isEmpty()) {
            ServerPart part = started.pop();
            try {
                part.stop();
            } catch (RuntimeException e) {
                LOG.error("{} did not stop", part.getClass().getSimpleName(), e);
            }
        }
    }
}
