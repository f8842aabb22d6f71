package org.sipproxy.server.logging;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.support.LineThrottle;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Log of calls, one line each in {@code org.sipproxy.calls}: at INFO when a call starts and ends, at DEBUG when it is
 * answered.
 *
 * <pre>
 * CALL-STARTED caller=&lt;sip:1001@sip.test&gt; callee=&lt;sip:1002@sip.test&gt; user=1001@sip.test call-id="a84b4c76e66710"
 * CALL-ENDED caller=&lt;sip:1001@sip.test&gt; callee=&lt;sip:1002@sip.test&gt; setup=2.13s duration=12.34s by=CALLER reason=BYE status=0 text="" call-id="a84b4c76e66710"
 * OMITTED lines=37 caller=&lt;sip:1001@sip.test&gt;
 * </pre>
 *
 * <p>Lines cannot be forged: text from messages is escaped and cut. A user who is authenticated may have
 * {@link #USER_BURST} lines at once and then {@link #USER_LINES_PER_SECOND} a second. Any other caller chooses its name
 * in From, and may have {@link #BURST} lines at once and then one a second. Each of the two groups has a limit of its own
 * for all callers together, so that strangers do not use up the lines of users. Omitted lines are counted in the next
 * line.
 */
public final class CallLog implements CallListener {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.calls");

    private static final int BURST = 200;
    private static final int LINES = 10_000;
    private static final int LINES_PER_SECOND = 100;

    private static final int USER_BURST = 1_000;
    /** Two lines for each of 10 calls a second, the default of {@code --rate-limit-user}. */
    private static final int USER_LINES_PER_SECOND = 20;

    private static final int USERS_LINES = 20_000;
    private static final int USERS_LINES_PER_SECOND = 1_000;

    private static final int LONGEST = 160;

    private final KeyedHash key = KeyedHash.random();
    private final LongSupplier nanoTime;
    private final LineThrottle users;
    private final LineThrottle others;

    /** Creates the log. */
    public CallLog() {
        this(System::nanoTime);
    }

    CallLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        long now = nanoTime.getAsLong();
        this.users = new LineThrottle(USER_BURST, USER_LINES_PER_SECOND, USERS_LINES, USERS_LINES_PER_SECOND, now);
        this.others = new LineThrottle(BURST, LINES, LINES_PER_SECOND, now);
    }

    /** Returns true if calls are logged now. */
    public static boolean isOn() {
        return LOG.isInfoEnabled();
    }

    @Override
    public void onCall(CallEvent event) {
        Call call = event.call();
        switch (event.kind()) {
            case STARTED -> {
                if (LOG.isInfoEnabled() && isDue(call)) {
                    inContext(
                            call,
                            () -> LOG.info(
                                    "CALL-STARTED {} user={} call-id=\"{}\"", parties(call), user(call), callId(call)));
                }
            }
            case ANSWERED -> {
                if (LOG.isDebugEnabled()) {
                    inContext(
                            call,
                            () -> LOG.debug(
                                    "CALL-ANSWERED {} setup={} call-id=\"{}\"",
                                    parties(call),
                                    setup(call),
                                    callId(call)));
                }
            }
            case ENDED -> {
                if (LOG.isInfoEnabled() && isDue(call)) {
                    inContext(call, () -> ended(call, call.end().orElseThrow()));
                }
            }
            default -> {}
        }
    }

    private static void ended(Call call, CallEnd end) {
        LOG.info(
                "CALL-ENDED {} setup={} duration={} by={} reason={} status={} text=\"{}\" call-id=\"{}\"",
                parties(call),
                setup(call),
                seconds(call.duration()),
                end.side(),
                end.reason(),
                end.statusCode(),
                SipParseException.excerpt(end.text()),
                callId(call));
    }

    /** Returns true if a line may be written now, and logs how many were omitted before it. */
    private boolean isDue(Call call) {
        Optional<String> user = call.authenticatedUser();
        LineThrottle throttle = user.isPresent() ? users : others;
        String who = user.map(name -> "user=" + text(name))
                .orElseGet(() -> "caller=<" + text(call.caller().uri().toString()) + ">");
        byte[] name = who.getBytes(StandardCharsets.UTF_8);
        if (!throttle.admits(key.hash(name, 0, name.length), nanoTime.getAsLong(), () -> who)) {
            return false;
        }
        for (LineThrottle.Burst burst : throttle.takeOmitted()) {
            LOG.info("OMITTED lines={} {}", burst.omitted(), burst.what());
        }
        return true;
    }

    private static void inContext(Call call, Runnable line) {
        MDC.put(LoggerNames.MDC_CALL_ID, callId(call));
        MDC.put(LoggerNames.MDC_METHOD, "INVITE");
        try {
            line.run();
        } finally {
            MDC.remove(LoggerNames.MDC_CALL_ID);
            MDC.remove(LoggerNames.MDC_METHOD);
        }
    }

    private static String parties(Call call) {
        return "caller=<" + text(call.caller().uri().toString()) + "> callee=<"
                + text(call.callee().uri().toString()) + ">";
    }

    private static String user(Call call) {
        return text(call.authenticatedUser().orElse("-"));
    }

    /** Returns the time until the answer, or until the end of a call that was not answered. */
    private static String setup(Call call) {
        return call.answeredAt()
                .or(call::endedAt)
                .map(until -> Duration.between(call.startedAt(), until))
                .map(CallLog::seconds)
                .orElse("-");
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.2fs", Math.max(0, time.toMillis()) / 1_000.0);
    }

    private static String callId(Call call) {
        return text(call.callId());
    }

    private static String text(String fromMessage) {
        return SipParseException.excerpt(fromMessage, LONGEST);
    }
}
