package org.sipproxy.core.internal.thirdparty;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All calls that the proxy controls, by the tokens of their dialogs. Thread-safe. */
public final class ThirdPartyCalls {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    /** Two for each call. */
    private final ConcurrentHashMap<String, Entry> dialogs = new ConcurrentHashMap<>();

    /** The same entries. */
    private final ConcurrentHashMap<String, Entry> byCallId = new ConcurrentHashMap<>();

    private final AtomicInteger count = new AtomicInteger();
    private final LongAdder started = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final int limit;
    private final Signalling signalling;
    private final TransactionTable table;
    private final ParseLimits limits;
    private final BooleanSupplier draining;
    private final FailureLog failures = new FailureLog(Duration.ofMinutes(1));

    /** A dialog of a call. */
    private record Entry(ControlledCall call, UserDialog dialog) {}

    /**
     * @param limit limit of the calls at a time
     * @param draining true if no further call may be started
     */
    public ThirdPartyCalls(
            int limit, Signalling signalling, TransactionTable table, ParseLimits limits, BooleanSupplier draining) {
        this.limit = limit;
        this.signalling = signalling;
        this.table = table;
        this.limits = limits.toBuilder().messageBytes(16_777_216).build();
        this.draining = draining;
    }

    /** Starts a call. */
    public ThirdPartyCall connect(CallSetup setup) {
        ControlledCall call = new ControlledCall(this, Objects.requireNonNull(setup, "setup"));
        if (draining.getAsBoolean()) {
            refused.increment();
            call.refuse(new CallEnd(
                    CallEnd.Side.PROXY, CallEnd.Reason.PROXY_CLOSED, StatusCode.SERVICE_UNAVAILABLE, "draining"));
        } else if (count.incrementAndGet() > limit) {
            count.decrementAndGet();
            refused.increment();
            call.refuse(new CallEnd(
                    CallEnd.Side.PROXY,
                    CallEnd.Reason.REJECTED,
                    StatusCode.SERVICE_UNAVAILABLE,
                    limit + " calls are connected (SipProxyBuilder.thirdPartyCalls)"));
        } else {
            started.increment();
            call.dialogs().forEach(dialog -> {
                Entry entry = new Entry(call, dialog);
                dialogs.put(dialog.token(), entry);
                byCallId.put(dialog.callId(), entry);
            });
            call.start();
        }
        return call;
    }

    /** Returns the number of calls, including those whose BYEs have no response yet. */
    public int count() {
        return count.get();
    }

    /** Returns how many calls have started. */
    public long started() {
        return started.sum();
    }

    /** Returns how many calls ended at once, because of the limit or because the proxy was draining. */
    public long refused() {
        return refused.sum();
    }

    /** Returns true if a request belongs to a dialog of a call, so that {@link #accept} takes it. */
    public boolean knows(SipRequest request) throws SipParseException {
        return entry(request) != null;
    }

    private @Nullable Entry entry(SipRequest request) throws SipParseException {
        Entry entry = dialogs.get(DialogToken.of(request));
        return entry != null && entry.dialog().matches(request) ? entry : null;
    }

    /**
     * Returns an INVITE that replaces the dialog of a user in the other user's terms: sent to the other user, whose
     * dialog its Replaces then names (RFC 3891). That completes an attended transfer. Returns {@code request} if it
     * replaces no dialog of a connected call.
     */
    public SipRequest replacing(SipRequest request) throws SipParseException {
        if (count.get() == 0
                || request.method() != Method.INVITE
                || request.hasToTag()
                || request.firstHeader(ReplacedDialog.REPLACES) < 0) {
            return request;
        }
        ReplacedDialog replaced = ReplacedDialog.of(request);
        Entry entry = replaced == null ? null : byCallId.get(replaced.callId());
        if (replaced == null || entry == null || !entry.dialog().isNamedBy(replaced)) {
            return request;
        }
        UserDialog other = entry.call().connectedTo(entry.dialog());
        return other == null ? request : other.replacing(request, replaced);
    }

    /** Passes a request of a user to its call. Returns false if the call has just ended. */
    public boolean accept(IncomingRequest request) throws SipParseException {
        Entry entry = entry(request.request());
        if (entry == null) {
            return false;
        }
        entry.call().onRequest(entry.dialog(), request);
        return true;
    }

    /** Passes the ACK of a user to its call. Returns false if there is none. */
    public boolean acknowledge(SipRequest ack) throws SipParseException {
        Entry entry = entry(ack);
        if (entry != null) {
            entry.call().onAck(entry.dialog(), ack);
        }
        return entry != null;
    }

    /** Ends all calls, because the proxy closes. */
    public void close() {
        CallEnd end = new CallEnd(CallEnd.Side.PROXY, CallEnd.Reason.PROXY_CLOSED, 0, "the proxy was closed");
        List.copyOf(dialogs.values()).forEach(entry -> entry.call().end(end, Reasons.sip(503, "Service Unavailable")));
    }

    // ---- for calls

    Signalling signalling() {
        return signalling;
    }

    TransactionTable table() {
        return table;
    }

    ParseLimits limits() {
        return limits;
    }

    void remove(ControlledCall call) {
        call.dialogs().forEach(dialog -> {
            dialogs.remove(dialog.token());
            byCallId.remove(dialog.callId());
        });
        count.decrementAndGet();
    }

    void unreadable(SipParseException e) {
        failures.warn(LOG, "a message of a call between two users cannot be read or written", e);
    }

    void failed(Throwable e) {
        failures.error(LOG, "a call between two users failed", e);
    }
}
