package org.sipproxy.server;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signals SIGHUP, SIGUSR1 and SIGUSR2. The JDK has no exported interface for signals, so it is used by reflection:
 * where it is missing, they end the process as before.
 */
final class ProcessSignals {

    /** Environment variable of HotSpot: the number of the signal with which it suspends threads. */
    private static final String JVM_SIGNAL = "_JAVA_SR_SIGNUM";

    /** True from a SIGHUP until its action starts. */
    private static final AtomicBoolean HANGUP_WAITS = new AtomicBoolean();

    private static volatile @Nullable Runnable onHangup;

    private ProcessSignals() {}

    /** From now on a SIGHUP does not end the process, but waits for {@link #onHangup}. */
    static void deferHangup() {
        handle("HUP", ProcessSignals::hangup);
    }

    /**
     * Runs an action on a thread of its own at each SIGHUP, and once for those that waited.
     *
     * @return what a SIGHUP does
     */
    static Outcome onHangup(Runnable action) {
        onHangup = action;
        Outcome outcome = handle("HUP", ProcessSignals::hangup);
        startWaiting();
        return outcome;
    }

    private static void hangup() {
        HANGUP_WAITS.set(true);
        startWaiting();
    }

    /** Called after the flag is set and after the action is set, so the later of the two starts it. */
    private static void startWaiting() {
        Runnable action = onHangup;
        if (action != null && HANGUP_WAITS.getAndSet(false)) {
            Thread thread = new Thread(action, "reload");
            thread.setDaemon(true);
            thread.start();
        }
    }

    /**
     * Ignores SIGUSR1, which would end the process without closing: scripts for other servers' logs send it. Ignores
     * SIGUSR2 too, if the JVM uses another signal to suspend threads. Otherwise a handler here would take those signals
     * from the flight recorder.
     */
    static void ignoreUserSignals() {
        ignore("USR1");
        if (System.getenv(JVM_SIGNAL) != null) {
            ignore("USR2");
        }
    }

    private static void ignore(String name) {
        handle(
                name,
                () -> log().info("SIG{} ignored; SIGHUP reloads the configuration, SIGTERM stops the server", name));
    }

    /** What a signal does after {@link #handle}. */
    enum Outcome {
        /** It runs the action. */
        HANDLED,
        /** Nothing: whatever started the process, such as {@code nohup}, had it ignored, and the JVM keeps that. */
        IGNORED,
        /** It ends the process: the JVM does not hand it over, for example because of {@code -Xrs}. */
        DEFAULT,
        /** The system does not have it. */
        UNKNOWN
    }

    private static Outcome handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object named = named(signal, name);
            if (named == null) {
                return Outcome.UNKNOWN;
            }
            Object onSignal = Proxy.newProxyInstance(
                    ProcessSignals.class.getClassLoader(), new Class<?>[] {handler}, (self, method, args) -> {
                        return switch (method.getName()) {
                            case "handle" -> run(action);
                            case "equals" -> self == args[0];
                            case "hashCode" -> System.identityHashCode(self);
                            default -> "handler of SIG" + name;
                        };
                    });
            Object before = signal.getMethod("handle", signal, handler).invoke(null, named, onSignal);
            boolean isIgnored = before == handler.getField("SIG_IGN").get(null);
            return isIgnored ? Outcome.IGNORED : Outcome.HANDLED;
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            log().debug("SIG{} cannot be handled here; it ends the process", name, e);
            return Outcome.DEFAULT;
        }
    }

    private static @Nullable Object named(Class<?> signal, String name) throws ReflectiveOperationException {
        try {
            return signal.getConstructor(String.class).newInstance(name);
        } catch (InvocationTargetException e) {
            log().debug("this system has no SIG{}", name, e);
            return null;
        }
    }

    /** Not a constant: the first signal may come before logging, which takes a while to begin. */
    private static Logger log() {
        return LoggerFactory.getLogger(ProcessSignals.class);
    }

    private static @Nullable Object run(Runnable action) {
        action.run();
        return null;
    }
}
