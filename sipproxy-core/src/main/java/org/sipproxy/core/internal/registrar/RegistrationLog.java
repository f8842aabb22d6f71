package org.sipproxy.core.internal.registrar;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.support.LineThrottle;
import org.sipproxy.core.internal.flight.FlightEvents;
import org.sipproxy.core.internal.guard.LogContext;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;

/**
 * Log with one line for each binding that is added, removed or leads elsewhere. Scripts parse these lines, so their
 * format is kept:
 *
 * <pre>
 * REGISTERED aor=&lt;sip:1001@sip.test&gt; contact=&lt;sip:1001@192.0.2.7&gt; expires=3600 call-id="a84b4c76"
 * UNREGISTERED aor=&lt;sip:1001@sip.test&gt; contact=&lt;sip:1001@192.0.2.7&gt; reason=EXPIRED call-id="a84b4c76"
 * OMITTED lines=37 aor=&lt;sip:1001@sip.test&gt;
 * </pre>
 *
 * <p>The Call-ID is that of the latest REGISTER of the binding. Lines cannot be forged: neither URI contains white
 * space or a closing bracket, whatever the peer sent, and characters above ASCII are escaped. Removals are reported by
 * the store, which knows all of them. One AOR may have {@link #BURST} lines at once and then one a second; all together
 * {@link #LINES} and then {@link #LINES_PER_SECOND} a second. Omitted lines are counted in the next line. Refreshes are
 * logged at DEBUG, without a limit.
 */
final class RegistrationLog implements LocationListener {

    /** Some phones register each of their accounts again when one of them changes. */
    private static final int BURST = 20;
    /** Enough for the phones that register after a restart. */
    private static final int LINES = 10_000;

    private static final int LINES_PER_SECOND = 50;

    private static final int LONGEST_CALL_ID = 160;
    private static final String REGISTERED = "REGISTERED aor=<{}> contact=<{}> expires={} call-id=\"{}\"";

    private final Logger log;
    private final LongSupplier nanoTime;
    private final KeyedHash key = KeyedHash.random();
    private final LineThrottle throttle;

    RegistrationLog(Logger log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
        this.throttle = new LineThrottle(BURST, LINES, LINES_PER_SECOND, nanoTime.getAsLong());
    }

    /** Logs the bindings that a change has added or refreshed. */
    void registered(Aor aor, RegistrationChange change, long nowMillis) {
        List<Binding> written = change.written();
        for (int i = 0; i < written.size(); i++) {
            Binding binding = written.get(i);
            long seconds = binding.remainingSeconds(nowMillis);
            if (FlightEvents.recordsRegistrations()) {
                FlightEvents.registration(aor, binding, change.isNew(i) ? "ADDED" : "REFRESHED", "", seconds);
            }
            if (change.isNews(i) && log.isInfoEnabled() && isDue(aor)) {
                inContext(binding, callId -> log.info(REGISTERED, aor, ascii(binding.contact()), seconds, callId));
            } else if (!change.isNews(i) && log.isDebugEnabled()) {
                inContext(binding, callId -> log.debug(REGISTERED, aor, ascii(binding.contact()), seconds, callId));
            }
        }
    }

    private static void inContext(Binding binding, Consumer<String> line) {
        String callId = callId(binding);
        LogContext.set(callId, Method.REGISTER.name());
        try {
            line.accept(callId);
        } finally {
            LogContext.clear();
        }
    }

    @Override
    public boolean wants(LocationEvent.Kind kind) {
        return kind == LocationEvent.Kind.REMOVED;
    }

    @Override
    public void onChange(LocationEvent event) {
        RemovalReason reason = event.removal().orElse(RemovalReason.ADMIN);
        if (FlightEvents.recordsRegistrations()) {
            FlightEvents.registration(event.aor(), event.binding(), "REMOVED", reason.name(), 0);
        }
        if (log.isInfoEnabled() && isDue(event.aor())) {
            inContext(
                    event.binding(),
                    callId -> log.info(
                            "UNREGISTERED aor=<{}> contact=<{}> reason={} call-id=\"{}\"",
                            event.aor(),
                            ascii(event.binding().contact()),
                            reason,
                            callId));
        }
    }

    /** Returns true if a line may be written now, and logs how many were omitted before it. */
    private boolean isDue(Aor aor) {
        byte[] name = aor.toString().getBytes(StandardCharsets.UTF_8);
        if (!throttle.admits(key.hash(name, 0, name.length), nanoTime.getAsLong(), () -> "aor=<" + aor + ">")) {
            return false;
        }
        for (LineThrottle.Burst burst : throttle.takeOmitted()) {
            log.info("OMITTED lines={} {}", burst.omitted(), burst.what());
        }
        return true;
    }

    private static String callId(Binding binding) {
        return SipParseException.excerpt(binding.callId(), LONGEST_CALL_ID);
    }

    private static String ascii(SipUri uri) {
        byte[] bytes = uri.toBytes();
        StringBuilder out = new StringBuilder(bytes.length + 16);
        for (byte b : bytes) {
            if (b > 0) {
                out.append((char) b);
            } else {
                out.append('%').append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
            }
        }
        return out.toString();
    }
}
