package org.sipproxy.core;

import java.util.List;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.engine.ProxyEngine;

/**
 * A SIP registrar and proxy inside this JVM. It handles signalling only: media never passes through it.
 *
 * <p>Made by {@link #builder()}, it is started once and closed once. Proxies share no state, so a JVM may run many. All
 * methods are safe to call from any thread; but do not close a proxy from a step of its own.
 */
public final class SipProxy implements AutoCloseable {

    private enum State {
        NEW,
        STARTED,
        CLOSED
    }

    private final ProxyEngine engine;
    private State state = State.NEW;

    SipProxy(ProxyEngine engine) {
        this.engine = engine;
    }

    /** Assembles a proxy. */
    public static SipProxyBuilder builder() {
        return new SipProxyBuilder();
    }

    /**
     * Reads the bindings that a database holds, if the storage mode has one, then binds the listening points and begins to
     * serve. The files of {@link TlsSettings} are read before anything is bound.
     *
     * @throws TlsSettingsException if those files cannot be used; nothing is open then, and the proxy is closed
     * @throws BindFailedException if an endpoint cannot be bound; nothing is open then, and the proxy is closed
     * @throws LocationStoreException if the bindings cannot be read; the proxy is closed then too
     * @throws RuntimeException if a component cannot start; the same goes then
     * @throws IllegalStateException if it was started or closed before
     */
    public synchronized void start() {
        if (state != State.NEW) {
            throw new IllegalStateException(
                    "start: the proxy is " + (state == State.STARTED ? "running" : "closed") + "; build another one");
        }
        try {
            engine.start();
            state = State.STARTED;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What it listens on, with the ports that the system chose for port 0; empty before {@link #start()}. */
    public List<Endpoint> boundEndpoints() {
        return List.copyOf(engine.boundEndpoints());
    }

    /** The store of its bindings: for a look at who is registered, or to remove a binding. */
    public LocationStore locationStore() {
        return engine.locationStore();
    }

    /** How the location store and its database are doing. */
    public StoreStatus storeStatus() {
        return engine.storeStatus();
    }

    /**
     * Writes the changes that the write-back mode still holds in memory, and returns when they are in the database; does nothing
     * in the other modes. Blocks.
     *
     * @throws LocationStoreException if the database does not take them; they are kept and tried again later
     */
    public void flushLocationStore() {
        engine.flushStore();
    }

    /**
     * Reads the files of {@link TlsSettings} again, such as after a certificate was renewed: connections that begin from now on
     * get what is in them, those that are open stay as they are.
     *
     * @throws TlsSettingsException if the files cannot be used; the old certificate stays
     * @throws IllegalStateException if the proxy is not running, or was built without {@link SipProxyBuilder#tls}
     */
    public synchronized void reloadTls() {
        if (state != State.STARTED) {
            throw new IllegalStateException("reloadTls: the proxy is not running");
        }
        engine.reloadTls();
    }

    /** Counts of what it has done. */
    public ProxyStatistics statistics() {
        return engine.statistics();
    }

    /**
     * Stops: new requests get 503 with Retry-After; what is in flight has two seconds to be answered, then gets 503; then ports
     * and threads are released. A location store that the host passed in stays open; one of our own is closed, and what the
     * write-back mode still holds is written first, for at most ten seconds and one transaction. Idempotent; returns when all
     * that is done.
     */
    @Override
    public synchronized void close() {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            engine.close();
        }
    }
}
