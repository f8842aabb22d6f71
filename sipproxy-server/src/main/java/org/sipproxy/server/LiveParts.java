package org.sipproxy.server;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.IdentityHeaders;
import org.sipproxy.security.InMemoryCredentials;

/** Components of a proxy that a reload changes. Set while the proxy is built. */
final class LiveParts {

    private static final String RESTART = "restart the server";

    @Nullable
    AccessList accessList;

    @Nullable
    FloodGuard floodGuard;

    @Nullable
    IdentityHeaders identityHeaders;

    /** Null without subscribers of the configuration. */
    @Nullable
    InMemoryCredentials credentials;

    /** Null without gateways and routes. */
    @Nullable
    Dispatcher dispatcher;

    /** Returns why the parts of a reloaded configuration cannot replace these; empty if they can. */
    List<String> obstacles(LiveParts changed) {
        List<String> obstacles = new ArrayList<>();
        Dispatcher before = dispatcher;
        Dispatcher next = changed.dispatcher;
        if ((before == null) != (next == null)) {
            obstacles.add(
                    "--gateway: the first gateway, and the removal of the last one, cannot be reloaded; " + RESTART);
        } else if (before != null && next != null && !before.canReplaceWith(next)) {
            obstacles.add("--fallback-route, --prefix-route: the first route cannot be reloaded; " + RESTART);
        }
        if ((credentials == null) != (changed.credentials == null)) {
            obstacles.add("--subscriber: the source of the subscribers cannot be reloaded; " + RESTART);
        }
        return obstacles;
    }

    /** Reads what the parts of a reloaded configuration take from the database. Blocks. */
    void read() {
        if (accessList != null) {
            accessList.reload();
        }
    }

    /** Takes over the parts of a reloaded configuration, for which there are no {@link #obstacles}. */
    void replaceWith(LiveParts changed) {
        if (accessList != null && changed.accessList != null) {
            accessList.replaceWith(changed.accessList);
        }
        if (identityHeaders != null && changed.identityHeaders != null) {
            identityHeaders.replaceWith(changed.identityHeaders);
        }
        if (floodGuard != null && changed.floodGuard != null) {
            floodGuard.replaceWith(changed.floodGuard);
        }
        if (credentials != null && changed.credentials != null) {
            credentials.replaceWith(changed.credentials);
        }
        if (dispatcher != null && changed.dispatcher != null) {
            dispatcher.replaceWith(changed.dispatcher);
        }
    }
}
