package org.sipproxy.core;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.explain.Explanation;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.engine.ProxyEngine;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.tls.TlsMaterial;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.core.options.TlsSettings;

/**
 * A SIP registrar and proxy inside this JVM. It handles signalling only: media never passes through it.
 * A proxy is built by {@link #builder()}, started once and closed once. Proxies share no state, so a JVM may run many.
 * All methods are thread-safe. Do not close a proxy from one of its own stages.
 */
public final class SipProxy implements AutoCloseable {

    /** Lifecycle state of a proxy. States are passed in this order; some may be skipped. */
    public enum State {
        /** Built; nothing is open. */
        NEW,
        /** {@link SipProxy#start()} is in progress. */
        STARTING,
        /** Serving. */
        RUNNING,
        /** Serving existing calls and refusing new ones: {@link SipProxy#drain()} was called. */
        DRAINING,
        /** {@link SipProxy#close()} is in progress, or a failed start closes what it had opened. */
        CLOSING,
        /** Ports and threads are released. */
        CLOSED
    }

    private final ProxyEngine engine;
    /** Guards changes of the state. */
    private final Object lock = new Object();

    private volatile State state = State.NEW;
    /** The thread that is starting or closing the proxy; null if there is none. */
    private @Nullable Thread busy;

    SipProxy(ProxyEngine engine) {
        this.engine = engine;
    }

    /** Returns a new builder. */
    public static SipProxyBuilder builder() {
        return new SipProxyBuilder();
    }

    /**
     * Checks the files or key stores of TLS settings as {@link #start} does, and returns the problems. A problem is a file that
     * cannot be read or has another format, a key that belongs to another certificate, or a certificate that is not
     * valid now. Returns an empty list if there are no problems. Does not open a socket.
     */
    public static List<ConfigurationProblem> tlsProblems(TlsSettings settings) {
        return TlsMaterial.problems(Objects.requireNonNull(settings, "settings"));
    }

    /**
     * Binds the listening points, then loads the stored bindings if the storage mode has a database, and begins to
     * serve. What arrives meanwhile waits in the sockets. The files of {@link TlsSettings} are read before anything is
     * bound. If this method throws anything, nothing stays open and the proxy is closed; build another one to try
     * again.
     *
     * @throws ConfigurationException if those files cannot be used
     * @throws BindFailedException if an endpoint cannot be bound
     * @throws LocationStoreException if the bindings cannot be read
     * @throws RuntimeException if a component cannot start
     * @throws IllegalStateException if the proxy was started or closed before, or another thread closes it meanwhile
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
        } catch (Throwable e) { // an Error must not leave ports and threads behind either
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
     * Decides the state in which the start ends: running; closing, if the proxy was closed meanwhile; still starting,
     * if it failed. In the latter two cases this thread has to close the proxy.
     */
    private State started(boolean succeeded) {
        synchronized (lock) {
            State reached = state;
            if (reached == State.CLOSING) {
                Thread.interrupted(); // close() set the flag, and it has served its purpose
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
        throw new IllegalStateException("start: failed", failure); // ProxyEngine.start declares no checked exception
    }

    /** Returns the current state. */
    public State state() {
        return state;
    }

    /** Returns the health of the proxy. Does not block; may be called at any time. */
    public ProxyHealth health() {
        State now = state;
        return now == State.RUNNING || now == State.DRAINING
                ? engine.health()
                : new ProxyHealth(ProxyHealth.Status.NOT_READY, List.of("the proxy is not running: " + now));
    }

    /**
     * Returns the open listening points, with the ports that the system chose for port 0. Empty before {@link #start()}
     * and after {@link #close()}.
     */
    public List<Endpoint> boundEndpoints() {
        return engine.boundEndpoints();
    }

    /** Returns the location store of this proxy, to look up who is registered or to remove a binding. */
    public LocationStore locationStore() {
        return engine.locationStore();
    }

    /**
     * Returns the client for requests that the host application sends itself, such as OPTIONS to a gateway or MESSAGE
     * to a user, and for calls that it sets up between two users. After {@link #close()} its requests fail with {@code
     * PROXY_CLOSED}. While the proxy drains it sends requests and starts no calls.
     *
     * @throws IllegalStateException if the proxy is not running
     */
    public RequestClient requests() {
        State now = state;
        if (now != State.RUNNING && now != State.DRAINING) {
            throw new IllegalStateException(
                    "requests: the proxy is not running (" + now + "); get the client after start()");
        }
        return engine.requests();
    }

    /**
     * Returns the calls that pass through this proxy.
     *
     * @throws IllegalStateException if the proxy was built without {@link SipProxyBuilder#calls}
     */
    public Calls calls() {
        return engine.calls()
                .orElseThrow(() -> new IllegalStateException(
                        "calls: are not tracked; set SipProxyBuilder.calls(CallSettings.DEFAULT)"));
    }

    /**
     * Adds a listener for every message on the wire, at any time. A listener that is there already is not added again.
     * Remove it when it is no longer needed: it costs time and memory for each message.
     */
    public void addWireListener(WireListener listener) {
        engine.addWireListener(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Removes a listener. Other threads may be in it when this method returns. Does nothing if it was not added.
     */
    public void removeWireListener(WireListener listener) {
        engine.removeWireListener(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Explains what this proxy would do with a request: what each stage decides and why, the binding that is used, and
     * the next hop. The parts that serve requests decide about it, in the current state of the proxy, but without
     * effects: nothing is sent or stored, and no counter, limit, log of events, call or gateway changes. As for a
     * request, credentials and bindings are looked up, in a database too; names are resolved; and functions of the host
     * application that only return a value are called, such as the condition of a route. A stage of the host
     * application runs only if it {@linkplain org.sipproxy.api.routing.RequestStage#isRehearsable() may be rehearsed};
     * otherwise it is passed over, and the explanation says so. Edits and failure stages of a plan are not called.
     *
     * <p>Does not check whether a database can hold a new binding. Does not check the memory limits of the proxy. A
     * look-up or stage that fails is logged as for a request.
     *
     * <p>Blocks: for look-ups at most as long as {@link SipProxyBuilder#waitLimit}, and for names at most 6 s. At most
     * four calls may be in progress.
     *
     * @throws IllegalArgumentException if the request has no sender or From, its text is a response, or no listening
     *     point leads to its sender. A malformed request does not throw: the explanation is its refusal
     * @throws IllegalStateException if the proxy is not running, or if four explanations are in progress
     */
    public Explanation explain(ExplainRequest request) {
        Objects.requireNonNull(request, "request");
        State now = state;
        if (now != State.RUNNING && now != State.DRAINING) {
            throw new IllegalStateException("explain: the proxy is not running (" + now + ")");
        }
        return engine.explain(request);
    }

    /** Returns the state of the location store and its database. */
    public StoreStatus storeStatus() {
        return engine.storeStatus();
    }

    /**
     * Writes the changes that the write-back mode still holds in memory, and returns when they are in the database.
     * Does nothing in the other modes. Blocks.
     *
     * @throws LocationStoreException if the database does not accept them; they are kept and written later
     */
    public void flushLocationStore() {
        engine.flushStore();
    }

    /**
     * Reads the files or key stores of {@link TlsSettings} again, for example after a certificate was renewed. New connections use
     * the new contents; open connections are not affected.
     *
     * @throws ConfigurationException if they cannot be used; the old certificate stays in use
     * @throws IllegalStateException if the proxy is not running, or was built without {@link SipProxyBuilder#tls}
     */
    public void reloadTls() {
        State now = state;
        if (now != State.RUNNING && now != State.DRAINING) {
            throw new IllegalStateException("reloadTls: the proxy is not running (" + now + ")");
        }
        engine.reloadTls();
    }

    /** Returns the current options that {@link #reconfigure} may change. */
    public ProxySettings settings() {
        return engine.settings();
    }

    /**
     * Changes options while the proxy runs, all of them or none. A request that arrives later is handled by the new
     * options. Requests in progress, transactions, answered calls and open connections keep those that they began with;
     * bindings keep their expiry. The files of {@link TlsSettings} are read again, as {@link #reloadTls} does. Blocks
     * while it reads them. Do not change one component and the settings that depend on it from several threads at once.
     *
     * <p>All other options need a new proxy: listening points, storage and threads, for example, and also T1, the rule
     * for the case of users, whether calls are tracked, and whether there is a certificate.
     *
     * @param settings such as {@code proxy.settings().toBuilder().timers(…).build()}, or those of a proxy that was
     *     built with other options and is not started
     * @throws ConfigurationException if an option is not valid or cannot change at run time, or the certificate cannot
     *     be used; nothing has changed
     * @throws IllegalStateException if the proxy is not running
     */
    public void reconfigure(ProxySettings settings) {
        Objects.requireNonNull(settings, "settings");
        State now = state;
        if (now != State.RUNNING && now != State.DRAINING) {
            throw new IllegalStateException("reconfigure: the proxy is not running (" + now + ")");
        }
        OptionProblems problems = new OptionProblems("");
        new NameChecks(settings.domains(), settings.aliases()).addTo(problems);
        ProxySettings before = engine.settings();
        requireSame(
                problems,
                "timers",
                "T1",
                before.timers().t1(),
                settings.timers().t1());
        requireSame(
                problems,
                "registrar",
                "the case of users",
                before.registrar().userCase(),
                settings.registrar().userCase());
        requireSame(
                problems,
                "calls",
                "tracking",
                before.calls().isPresent(),
                settings.calls().isPresent());
        requireSame(
                problems,
                "tls",
                "a certificate",
                before.tls().isPresent(),
                settings.tls().isPresent());
        problems.range("drainTime", settings.drainTime(), Duration.ZERO, Duration.ofHours(1));
        problems.throwIfAny();
        engine.reconfigure(settings);
    }

    private static void requireSame(OptionProblems problems, String option, String what, Object before, Object after) {
        if (!before.equals(after)) {
            problems.add(option, what, "cannot change while the proxy runs", "build another proxy");
        }
    }

    /**
     * Returns the counters of this proxy. After {@link #close()}, counts of transactions and connections are 0; the
     * other counters stay.
     */
    public ProxyStatistics statistics() {
        return engine.statistics();
    }

    /**
     * Stops accepting new calls and returns at once. A request that starts something is refused with 503 and
     * Retry-After (5 seconds), so that the client tries another server: INVITE, MESSAGE, SUBSCRIBE, OPTIONS and all
     * others without a To tag. Messages of existing calls are served as before: responses, ACK, CANCEL, and requests
     * with a To tag, such as BYE and re-INVITE. REGISTER is served too, because phones must stay reachable for those
     * calls. When {@link ProxyStatistics#unanswered} is 0, {@link #close()} does not have to wait.
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
     * Stops the proxy. New requests, REGISTER included, are refused with 503 and Retry-After. Requests with a To tag
     * are served, so that calls can be ended. Requests in progress have {@link SipProxyBuilder#drainTime} to get their
     * final response and get 503 after that, even if they still wait for a worker. Then ports and threads are released.
     * Busy stages have one second in total to end and are then interrupted.
     *
     * <p>A location store that the host application provided stays open. The proxy's own store is closed after the
     * write-back mode has written what it still holds. That may take as long as rows are being written, up to the
     * mode's stop limit; the progress is logged every second. {@link StoreStatus#waiting()} is then the number of users
     * whose changes were lost.
     *
     * <p>A start in progress is aborted: its thread is interrupted and closes what it has opened. This method is
     * idempotent. It returns when everything is released or, if a start does not end, after the drain time and a few
     * seconds. Interrupting the calling thread ends its waits early.
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

    /** Aborts a start in progress. Returns false if there is none. The caller holds the lock. */
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
     * Waits until the thread that starts or closes the proxy has closed it. The caller holds the lock.
     *
     * @param limited true if that thread may not notice the request to close
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
