package org.sipproxy.server.control;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Methods of the control channel by name. Parts of the server add theirs at any time, before or after the channel is
 * open. Thread-safe.
 */
public final class ControlMethods {

    /** Code of one method. */
    public interface Handler {

        /**
         * Runs the method. Called on a thread of the channel, which it may block; calls of several clients overlap.
         *
         * @return the result, which is sent as {@link org.sipproxy.server.json.Json} describes; a
         *     {@link ControlStream}, which is opened after the client has been notified; or null for a method without a
         *     result
         * @throws ControlException with what the client is to read
         */
        @Nullable
        Object handle(ControlParams params);
    }

    private final Map<String, Handler> handlers = new ConcurrentHashMap<>();

    /** Returns a registry with the method {@code methods}, which lists the names. */
    public ControlMethods() {
        register("methods", params -> names());
    }

    /**
     * Adds a method.
     *
     * @param name such as {@code ul.show}; must not begin with {@code rpc.}, which JSON-RPC reserves
     * @throws IllegalStateException if the name is taken
     */
    public void register(String name, Handler handler) {
        if (name.startsWith("rpc.")) {
            throw new IllegalArgumentException("method " + name + ": names that begin with rpc. are reserved");
        }
        if (handlers.putIfAbsent(name, Objects.requireNonNull(handler, "handler")) != null) {
            throw new IllegalStateException("method " + name + " is already registered");
        }
    }

    /** Returns the handler of a method. */
    public Optional<Handler> find(String name) {
        return Optional.ofNullable(handlers.get(name));
    }

    /** Returns the names in alphabetical order. */
    public List<String> names() {
        return handlers.keySet().stream().sorted().toList();
    }
}
