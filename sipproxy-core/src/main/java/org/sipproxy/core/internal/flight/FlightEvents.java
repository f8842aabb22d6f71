package org.sipproxy.core.internal.flight;

import java.net.InetSocketAddress;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipRequest;

/**
 * Events for the flight recorder. A caller asks with {@code records…()} whether an event is recorded before it collects
 * what belongs to it: two reads of a field while nothing records, without allocation. Thread-safe; never blocks.
 */
public final class FlightEvents {

    private static final boolean AVAILABLE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FlightEvents() {}

    /**
     * Asked before an event class is touched: loading one for the first time takes some 150 ms of CPU, on the thread of
     * a request, unless the recorder has been started.
     */
    private static boolean isRecorderStarted() {
        return AVAILABLE && FlightRecorder.isInitialized();
    }

    /** Returns true if {@code sipproxy.Registration} is recorded. */
    public static boolean recordsRegistrations() {
        return isRecorderStarted() && RegistrationEvent.isOn();
    }

    /**
     * Records a change of a binding.
     *
     * @param change {@code ADDED}, {@code REFRESHED} or {@code REMOVED}
     * @param reason why it was removed; otherwise empty
     * @param expiresSeconds remaining lifetime; 0 if it was removed
     */
    public static void registration(Aor aor, Binding binding, String change, String reason, long expiresSeconds) {
        RegistrationEvent.write(aor, binding, change, reason, expiresSeconds);
    }

    /** Returns true if {@code sipproxy.Call} is recorded. */
    public static boolean recordsCalls() {
        return isRecorderStarted() && CallEvent.isOn();
    }

    /** Records a call that has ended. */
    public static void call(Call ended) {
        CallEvent.write(ended);
    }

    /** Returns true if {@code sipproxy.Refusal} is recorded. */
    public static boolean recordsRefusals() {
        return isRecorderStarted() && RefusalEvent.isOn();
    }

    /**
     * Records a refusal.
     *
     * @param status 0 without a response
     * @param request null for a connection, and for bytes that are not a message
     */
    public static void refusal(
            int status, String why, InetSocketAddress source, TransportKind transport, @Nullable SipRequest request) {
        RefusalEvent.write(status, why, source, transport, request);
    }

    /** Begins the measurement of a stage. Returns null if {@code sipproxy.SlowStage} is not recorded. */
    public static @Nullable StageSpan beginStage() {
        return isRecorderStarted() ? SlowStageEvent.start() : null;
    }
}
