package org.sipproxy.core;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.engine.ProxyEngine;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.tls.TlsMaterial;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.core.options.TlsSettingsException;
import org.sipproxy.core.status.BindFailedException;
import org.sipproxy.core.status.ProxyHealth;
import org.sipproxy.core.status.ProxyStatistics;
import org.sipproxy.core.status.StoreStatus;

/**
 * A SIP registrar and proxy inside this JVM. It handles signalling only: media never passes through it.
 *
 * <p>Made by {@link #builder()}, it is started once and closed once. Proxies share no state, so a JVM may run many. All
 * methods are safe to call from any thread; but do not close a proxy from a step of its own.
 */
public final class SipProxy implements AutoCloseable {

    /** What a proxy is doing. It goes through the states in their order, and may leave some out. */
    public enum State {
        /** Built, and nothing is open. */
        NEW,
        /** {@link SipProxy#start()} is under way. */
        STARTING,
        /** Serves. */
        RUNNING,
        /** Serves the calls that there are, and refuses new ones: {@link SipProxy#drain()} was called. */
        DRAINING,
        /** {@link SipProxy#close()} is under way, or a start that failed closes what it had opened. */
        CLOSING,
        /** Ports and threads are released. */
        CLOSED
    }

    private final ProxyEngine engine;
    /** Guards changes of the state. */
    private final Object lock = new Object();

    private volatile State state = State.NEW;
    /** The thread that starts or closes; null when none does. */
    private @Nullable Thread busy;

    SipProxy(ProxyEngine engine) {
        this.engine = engine;
    }

    /** Assembles a proxy. */
    public static SipProxyBuilder builder() {
        return new SipProxyBuilder();
    }

    /**
     * Reads the files that TLS settings name, as {@link #start} does, and returns what is wrong with them, a line each: a file cannot be
     * read or is of another format, the key belongs to another certificate, a certificate is not valid now. Empty if nothing is. Opens
     * no socket.
     */
    public static List<String> tlsProblems(TlsSettings settings) {
        return TlsMaterial.problems(Objects.requireNonNull(settings, "settings"));
    }

    /**
     * Reads the bindings that a database holds, if the storage mode has one, then binds the listening points and begins to
     * serve. The files of {@link TlsSettings} are read before anything is bound. If it throws, whatever it throws, nothing is open
     * any more and the proxy is closed; build another one to try again.
     *
     * @throws TlsSettingsException if those files cannot be used
     * @throws BindFailedException if an endpoint cannot be bound
     * @throws LocationStoreException if the bindings cannot be read
     * @throws RuntimeException if a component cannot start
     * @throws IllegalStateException if it was started or closed before, or is closed by another thread meanwhile
     */
    public void start() {
        synchronized (lock) {
            if (state != State.NEW) {
                throw new IllegalStateException(
                        "start: the proxy is " + (isOpen() ? "running" : "closed") + "; build another one");
            }
            state = State.STARTING;
            busy = Thread.currentThread();
        }
        Throwable failure = null;
        try {
            engine.start();
        } catch (Throwable e) { // an Error too must not leave ports and threads behind
            failure = e;
        }
        State reached = started(failure == null);
        if (reached == State.RUNNING) {
            return;
        }
        closeEngine();
        if (reached == State.CLOSING) {
            throw new IllegalStateException("start: the proxy was closed while it started", failure);
        }
        throwUnchecked(failure);
    }

    private boolean isOpen() {
        return state == State.STARTING || state == State.RUNNING || state == State.DRAINING;
    }

    /**
     * The state in which the start ends: running; closing, if the proxy was closed meanwhile; still starting, if it failed. In
     * the last two it is this thread that has to close the proxy.
     */
    private State started(boolean succeeded) {
        synchronized (lock) {
            State reached = state;
            if (reached == State.CLOSING) {
                Thread.interrupted(); // close() set it, and it has done its work
            } else if (succeeded) {
                reached = State.RUNNING;
                state = State.RUNNING;
                busy = null;
            } else {
                state = State.CLOSING;
            }
            return reached;
        }
    }

    private static void throwUnchecked(@Nullable Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        throw new IllegalStateException("start: failed", failure); // ProxyEngine.start declares nothing checked
    }

    /** What it is doing. */
    public State state() {
        return state;
    }

    /** Whether it serves as it should. Never waits; may be asked at any time. */
    public ProxyHealth health() {
        State now = state;
        return now == State.RUNNING || now == State.DRAINING
                ? engine.health()
                : new ProxyHealth(ProxyHealth.Status.NOT_READY, List.of("the proxy does not run: " + now));
    }

    /** What it listens on, with the ports that the system chose for port 0; empty before {@link #start()} and after the end. */
    public List<Endpoint> boundEndpoints() {
        return engine.boundEndpoints();
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
    public void reloadTls() {
        State now = state;
        if (now != State.RUNNING && now != State.DRAINING) {
            throw new IllegalStateException("reloadTls: the proxy is not running");
        }
        engine.reloadTls();
    }

    /** Counts of what it has done. After the end what counts transactions and connections is 0, and the other counts stay. */
    public ProxyStatistics statistics() {
        return engine.statistics();
    }

    /**
     * Accepts no new calls from now on, and returns at once. A request that starts something gets 503 with Retry-After (5
     * seconds), so that the client tries another server: INVITE, MESSAGE, SUBSCRIBE, OPTIONS and all others that have no To tag.
     * What belongs to calls that there are is served as before: responses, ACK, CANCEL, and requests with a To tag, such as BYE
     * and re-INVITE. So is REGISTER, because phones stay reachable for those calls. When {@link ProxyStatistics#unanswered} is 0,
     * {@link #close()} does not have to wait.
     *
     * <p>Idempotent. Does nothing before {@link #start()} has returned, and after {@link #close()}.
     */
    public void drain() {
        synchronized (lock) {
            if (state == State.RUNNING) {
                state = State.DRAINING;
                engine.drain();
            }
        }
    }

    /**
     * Stops: new requests get 503 with Retry-After, REGISTER too; requests with a To tag are served, so that calls can be ended.
     * What is in flight has {@link SipProxyBuilder#drainTime} to get its final response, then gets 503, also if it still waits
     * for a worker thread; then ports and threads are released. Stages that are busy have one second to end, all of them
     * together, and are interrupted then. A location store that the host passed in stays open; one of our own is closed, and
     * what the write-back mode still holds is written first. That takes as long as rows are being written, up to the mode's stop
     * limit; the progress is logged every second. {@link StoreStatus#waiting()} is then the number of users whose changes were
     * lost.
     *
     * <p>A start that is under way is aborted: its thread is interrupted, and closes what it has opened. Idempotent; returns when
     * all that is done, or, if a start does not end, after the drain time and a few seconds. An interrupt of the calling thread
     * ends its waits early.
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (state == State.CLOSED) {
                return;
            }
            if (busy != null) {
                awaitClosed(abortsStart());
                return;
            }
            state = State.CLOSING;
            busy = Thread.currentThread();
        }
        closeEngine();
    }

    /** Aborts a start that is under way; false if there is none. The caller holds the lock. */
    private boolean abortsStart() {
        Thread starter = busy;
        if (state != State.STARTING || starter == null) {
            return false;
        }
        state = State.CLOSING;
        engine.abortStart();
        if (starter != Thread.currentThread()) {
            starter.interrupt();
        }
        return true;
    }

    /**
     * Waits until the thread that starts or closes has closed. The caller holds the lock.
     *
     * @param limited true if that thread may be somewhere where it does not notice
     */
    private void awaitClosed(boolean limited) {
        Deadline limit = Deadline.in(engine.abortLimit());
        try {
            while (state != State.CLOSED && busy != Thread.currentThread()) {
                if (limited && limit.isOver()) {
                    return;
                }
                lock.wait(limited ? Math.max(1, limit.leftMillis()) : 0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeEngine() {
        try {
            engine.close();
        } finally {
            synchronized (lock) {
                state = State.CLOSED;
                busy = null;
                lock.notifyAll();
            }
        }
    }
}
