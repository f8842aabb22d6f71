package org.sipproxy.server.systemd;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.part.ServerPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies systemd as a unit with {@code Type=notify} expects: {@code READY=1} when the proxy serves, {@code
 * STOPPING=1} before it closes, {@code RELOADING=1} around a reload, and a {@code STATUS=} line.
 *
 * <p>If the unit has {@code WatchdogSec=}, it sends {@code WATCHDOG=1} twice per interval, but only while the proxy is
 * running or draining and its timer thread runs its tasks. A database that is down does not stop the messages, because
 * a restart would not help. Without {@code NOTIFY_SOCKET} in the environment this part does nothing.
 *
 * <p>Thread-safe. Start it last: then {@code READY=1} means that all parts have started.
 */
public final class SystemdNotifier implements ServerPart {

    private static final Logger LOG = LoggerFactory.getLogger(SystemdNotifier.class);

    /** How often the status line is updated if there is no watchdog. */
    private static final Duration STATUS_INTERVAL = Duration.ofSeconds(10);

    private final @Nullable NotifySocket socket;
    private final Duration interval;
    private final @Nullable Heartbeat heartbeat;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "systemd-notify");
        thread.setDaemon(true);
        return thread;
    });

    /** Null before the start and after the stop. */
    private volatile @Nullable SipProxy proxy;

    /** What the latest reload reported; empty if it succeeded. */
    private volatile String reloadProblem = "";

    private volatile String sentStatus = "";
    private boolean wasAlive = true;

    private SystemdNotifier(@Nullable NotifySocket socket, Optional<Watchdog> watchdog) {
        this.socket = socket;
        this.interval = watchdog.map(Watchdog::interval).orElse(STATUS_INTERVAL);
        // several beats per look, so that a busy timer thread is not mistaken for a stuck one
        this.heartbeat = watchdog.map(known -> new Heartbeat(known.interval().dividedBy(10)))
                .orElse(null);
    }

    /** Returns the notifier for the environment variables that systemd sets. */
    public static SystemdNotifier of(Map<String, String> environment) {
        NotifySocket socket = Optional.ofNullable(environment.get("NOTIFY_SOCKET"))
                .filter(address -> !address.isEmpty())
                .flatMap(NotifySocket::open)
                .orElse(null);
        return new SystemdNotifier(
                socket,
                socket == null
                        ? Optional.empty()
                        : Watchdog.of(environment, ProcessHandle.current().pid()));
    }

    /** Returns the component that the watchdog needs in the proxy; empty without a watchdog. */
    public Optional<ProxyComponent> component() {
        return Optional.ofNullable(heartbeat);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the task ends with the executor
    @Override
    public void start(SipProxy started) {
        if (socket == null) {
            return;
        }
        proxy = started;
        sentStatus = StatusLine.of(started);
        send("READY=1\nSTATUS=" + sentStatus);
        timer.scheduleWithFixedDelay(this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Runs a reload between {@code RELOADING=1} and {@code READY=1}, so that systemd shows the unit as reloading
     * meanwhile. If it throws, {@code READY=1} is sent too, because the proxy serves as before; the status line has the
     * reason until the next reload. Only one reload may run at a time.
     */
    public void reload(Runnable reload) {
        if (proxy == null) {
            reload.run();
            return;
        }
        // systemd compares the time with that of its request; nanoTime() is the same clock on Linux
        send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1_000 + "\nSTATUS=reloading");
        try {
            reload.run();
            reloadProblem = "";
        } catch (RuntimeException e) {
            reloadProblem = "the latest reload failed: "
                    + String.valueOf(e.getMessage()).replaceAll("\\s+", " ") + "; ";
            throw e;
        } finally {
            SipProxy running = proxy;
            if (running != null) { // otherwise STOPPING=1 was sent meanwhile
                sentStatus = reloadProblem + StatusLine.of(running);
                send("READY=1\nSTATUS=" + sentStatus);
            }
        }
    }

    /** Sends what is due: the watchdog's message if the proxy is alive, and the status if it has changed. */
    private void look() {
        SipProxy running = proxy;
        if (running == null) {
            return;
        }
        try {
            StringBuilder message = new StringBuilder();
            if (heartbeat != null && isAlive(running, heartbeat)) {
                message.append("WATCHDOG=1\n");
            }
            String status = reloadProblem + StatusLine.of(running);
            if (!status.equals(sentStatus)) {
                sentStatus = status;
                message.append("STATUS=").append(status);
            }
            if (!message.isEmpty()) {
                send(message.toString());
            }
        } catch (RuntimeException e) {
            LOG.warn("the state of the proxy cannot be read for systemd: {}", e.toString());
        }
    }

    private boolean isAlive(SipProxy running, Heartbeat timerThread) {
        SipProxy.State state = running.state();
        boolean serves = state == SipProxy.State.RUNNING || state == SipProxy.State.DRAINING;
        boolean alive = timerThread.hasBeaten() && serves;
        if (wasAlive && !alive) {
            LOG.error(
                    "no WATCHDOG=1 for systemd: {}",
                    serves ? "the proxy's timer thread does not run its tasks" : "the proxy is " + state);
        }
        wasAlive = alive;
        return alive;
    }

    @Override
    public void stop() {
        if (socket == null) {
            return;
        }
        proxy = null;
        timer.shutdownNow();
        send("STOPPING=1\nSTATUS=stopping");
        socket.close();
    }

    private void send(String message) {
        if (socket != null) {
            socket.send(message);
        }
    }
}
