package org.sipproxy.jdbc;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseCall;

/**
 * Reports the operations of one object to the proxy that uses it. If several running proxies do, the first one gets the
 * reports. Thread-safe.
 */
final class DatabaseCalls {

    private final List<ProxyRuntime> proxies = new CopyOnWriteArrayList<>();

    /** An operation that may throw. */
    @FunctionalInterface
    interface Operation<T, E extends Exception> {
        T run() throws E;
    }

    /** Reports to a proxy until {@link #end}. */
    void begin(ProxyRuntime proxy) {
        proxies.add(proxy);
    }

    /** Ends the reports to the latest proxy that has begun. */
    void end() {
        int size = proxies.size();
        if (size > 0) {
            proxies.remove(size - 1);
        }
    }

    /**
     * Runs an operation and reports it.
     *
     * @param name the table or group of tables and what is done with it, such as {@code bindings.write}
     */
    <T, E extends Exception> T run(String name, Operation<T, E> operation) throws E {
        Iterator<ProxyRuntime> all = proxies.iterator();
        if (!all.hasNext()) {
            return operation.run();
        }
        ProxyRuntime proxy = all.next();
        long began = System.nanoTime();
        boolean succeeded = false;
        try {
            T result = operation.run();
            succeeded = true;
            return result;
        } finally {
            proxy.publish(new DatabaseCall(name, Duration.ofNanos(System.nanoTime() - began), succeeded));
        }
    }
}
