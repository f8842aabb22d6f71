package org.sipproxy.server.part;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.sipproxy.core.SipProxy;

/** The started parts of one server. */
public final class ServerParts {

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

    /** Stops the parts in reverse order. */
    public void stop() {
        while (!started.isEmpty()) {
            started.pop().stop();
        }
    }
}
