package org.sipproxy.core.internal.call;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallState;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.flight.FlightEvents;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RelayProgress;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * One call, from its INVITE to its end.
 *
 * <pre>
 *  state           event                           action                             next
 *  --------------  ------------------------------  ---------------------------------  --------
 *  SETUP           1xx above 100                   report                             RINGING
 *  SETUP, RINGING  first 2xx                       keep the dialog, report            ANSWERED
 *  SETUP, RINGING  last of its INVITEs has failed  report                             ENDED
 *  SETUP, RINGING  hung up                         cancel its INVITEs                 -
 *  ANSWERED        2xx with another To tag         ignore: the caller ends it         ANSWERED
 *  ANSWERED        BYE of this dialog              report                             ENDED
 *  ANSWERED        hung up, expired or lost        BYE to both sides, report          ENDED
 *  ENDED           BYE while those are under way   respond 200                        ENDED
 * </pre>
 *
 * <p>A request that passes this proxy twice, or that a proxy upstream has forked, is one call with several INVITEs.
 *
 * <p>It is its own timer. The monitor guards all fields that are not final.
 */
final class TrackedCall extends Timer implements RelayProgress {

    /** How often an unanswered call is checked for having lost its transaction, which only an Error can cause. */
    private static final long UNANSWERED_CHECK = TimeUnit.MINUTES.toNanos(5);

    /** Time for the ACK of a 2xx that crossed a hang-up (RFC 3261 §15). */
    private static final long TIME_FOR_ACK = TimeUnit.MILLISECONDS.toNanos(500);

    /** How much later than the session interval the sides are asked: they end the call themselves before (RFC 4028). */
    private static final long SESSION_GRACE = TimeUnit.SECONDS.toNanos(32);

    private static final long NEVER = Long.MAX_VALUE;

    /**
     * Step of the CSeq number of a BYE after a restart: requests of the last second before a crash were not stored, and
     * a phone refuses a number that it has seen (RFC 3261 §12.2.2).
     */
    private static final int UNSEEN_REQUESTS = 1_000;

    private static final byte[] NO_TARGET = {};

    private final CallTracker tracker;
    private final CallKey key;
    private final @Nullable String authenticatedUser;
    private final @Nullable Aor callerUser;
    private @Nullable Aor calleeUser;
    private final long startedAt;

    private final Side caller = new Side();
    private final Side callee = new Side();
    private CallState state = CallState.SETUP;
    /** How many INVITEs of the call have no final response. */
    private int invites;
    /** Transaction of its first INVITE, until that has a final response. */
    private @Nullable ServerTransaction transaction;

    private byte[] target = NO_TARGET;
    private long ringingAt;
    private long answeredAt;
    /** On the proxy's time. */
    private long answeredMillis;

    /** The last snapshot; null before the end. */
    private @Nullable CallSnapshot last;

    /** How it is to end as soon as it can: it was hung up before it was answered. */
    private @Nullable CallEnd wanted;
    /**
     * Completed when the call has ended and both sides have got their BYE. Null unless the host application waits for
     * it.
     */
    private @Nullable CompletableFuture<Call> hungUp;

    private long expiresNanos = NEVER;
    private long sessionNanos = NEVER;
    private long keepaliveNanos = NEVER;
    private long sessionInterval;
    private boolean probing;

    /** How much a BYE's CSeq number is above the highest known one. */
    private int cseqStep = 1;
    /** True once its row may be in the repository. Written under the monitor. */
    private volatile boolean hasRow;

    TrackedCall(
            CallTracker tracker,
            CallKey key,
            RequestContext context,
            @Nullable Aor callerUser,
            @Nullable Aor calleeUser)
            throws SipParseException {
        SipRequest invite = context.request();
        this.tracker = tracker;
        this.key = key;
        this.authenticatedUser = context.authenticatedUser().orElse(null);
        this.callerUser = callerUser;
        this.calleeUser = calleeUser;
        this.startedAt = context.receivedAtMillis();
        this.transaction = context.transaction();
        this.invites = 1;
        caller.address = DialogHeaders.value(invite, HeaderName.FROM);
        caller.tag = key.callerTag();
        caller.cameOver(context.flow());
        caller.contact = DialogHeaders.contact(invite);
        caller.sent(invite.cseq().number());
        callee.address = DialogHeaders.value(invite, HeaderName.TO);
    }

    /**
     * A call that was stored before this proxy started. It is answered.
     *
     * @throws SipParseException if a text of its row cannot be read
     */
    TrackedCall(CallTracker tracker, CallKey key, StoredCall row, @Nullable Aor callerUser, @Nullable Aor calleeUser)
            throws SipParseException {
        this.tracker = tracker;
        this.key = key;
        this.authenticatedUser = row.authenticatedUser().orElse(null);
        this.callerUser = callerUser;
        this.calleeUser = calleeUser;
        caller.restore(row.caller());
        callee.restore(row.callee());
        target = Side.uri(row.target());
        startedAt = row.startedAt().toEpochMilli();
        ringingAt = row.ringingAt().map(Instant::toEpochMilli).orElse(0L);
        answeredAt = row.answeredAt().toEpochMilli();
        state = CallState.ANSWERED;
        cseqStep = UNSEEN_REQUESTS;
        hasRow = true;
        sessionInterval = row.sessionInterval().toNanos();
        long wall = tracker.time().wallMillis();
        answeredMillis = tracker.time().millis() - Math.max(0, wall - answeredAt);
        long left = row.expiresAt().toEpochMilli() - wall;
        long longest = tracker.settings().maxDuration().toMillis();
        expiresNanos = tracker.table().now() + TimeUnit.MILLISECONDS.toNanos(Math.min(left, longest));
    }

    /** Called when a restored call is in the table. */
    synchronized void resume() {
        long now = tracker.table().now();
        tracker.settings().keepalive().ifPresent(interval -> {
            long spread = ThreadLocalRandom.current().nextLong(1 + interval.toNanos());
            keepaliveNanos = now + interval.toNanos() + spread; // not all at once, and phones need time to reconnect
        });
        if (sessionInterval > 0) {
            sessionNanos = now + sessionInterval + SESSION_GRACE;
        }
        schedule(now);
    }

    CallKey key() {
        return key;
    }

    /** Returns the call as its row is to be from now on; null if it is not in progress. */
    synchronized @Nullable StoredCall toStore() {
        if (state != CallState.ANSWERED) {
            return null;
        }
        hasRow = true;
        long left = TimeUnit.NANOSECONDS.toMillis(expiresNanos - tracker.table().now());
        return new StoredCall(
                new StoredCall.Key(key.callId(), key.callerTag()),
                caller.toStore(callerUser),
                callee.toStore(calleeUser),
                Optional.ofNullable(authenticatedUser),
                new String(target, StandardCharsets.UTF_8),
                Instant.ofEpochMilli(startedAt),
                ringingAt == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ringingAt)),
                Instant.ofEpochMilli(answeredAt),
                Instant.ofEpochMilli(tracker.time().wallMillis() + left),
                Duration.ofNanos(sessionInterval));
    }

    boolean hasRow() {
        return hasRow;
    }

    void hasRow(boolean value) {
        hasRow = value;
    }

    /** Called when the call is in the table. */
    synchronized void begin(RequestContext context) {
        context.progress(this);
        tracker.table().schedule(this, UNANSWERED_CHECK);
        report(CallEvent.Kind.STARTED);
    }

    /** Adds another INVITE of the call. Returns false if the call has ended. */
    synchronized boolean join(RequestContext context) throws SipParseException {
        if (state == CallState.ENDED) {
            return false;
        }
        invites++;
        caller.sent(context.request().cseq().number());
        context.progress(this);
        return true;
    }

    // ---- responses to the INVITE, under the lock of its transaction

    @Override
    public synchronized void provisional(RequestContext context, Target at) {
        if (state == CallState.SETUP) {
            state = CallState.RINGING;
            ringingAt = tracker.time().wallMillis();
            target = at.uri().toBytes();
            report(CallEvent.Kind.RINGING);
        } else if (state == CallState.RINGING && !isTarget(at)) {
            target = at.uri().toBytes();
        }
    }

    private boolean isTarget(Target at) {
        return target.length == at.uri().length() && isTarget(at.uri().toBytes());
    }

    private boolean isTarget(byte[] uri) {
        return Arrays.equals(target, uri);
    }

    @Override
    public void accepted(RequestContext context, byte[] wire, TransportFlow from, Target at) {
        try {
            if (SipMessage.parse(wire, tracker.limits()) instanceof SipResponse response) {
                accepted(context, response, from, at);
            }
        } catch (SipParseException e) {
            tracker.unreadable(e); // the call ends when its transaction is found missing
        }
    }

    private synchronized void accepted(RequestContext context, SipResponse response, TransportFlow from, Target at)
            throws SipParseException {
        if (state.compareTo(CallState.ANSWERED) >= 0) {
            return; // the caller ends the dialogs of further 2xx (RFC 3261 §13.2.2.4)
        }
        List<NameAddress> recorded = DialogHeaders.recordRoute(response);
        callee.tag = response.toTag();
        callee.address = DialogHeaders.value(response, HeaderName.TO);
        callee.contact = DialogHeaders.contact(response);
        callee.route = DialogHeaders.route(recorded, true, tracker::isMyself);
        byte[] route = DialogHeaders.route(recorded, false, tracker::isMyself);
        caller.route = Arrays.equals(route, callee.route) ? callee.route : route; // usually this proxy only
        callee.cameOver(from);
        if (!isTarget(at)) {
            target = at.uri().toBytes();
        }
        if (isTarget(callee.contact)) {
            target = callee.contact;
        }
        if (!context.isRegistered(at)) {
            tracker.users().remove(calleeUser); // another target has answered, such as the voicemail
            calleeUser = null;
        }
        transaction = null;
        state = CallState.ANSWERED;
        answeredAt = tracker.time().wallMillis();
        answeredMillis = tracker.time().millis();
        long now = tracker.table().now();
        expiresNanos = now + tracker.settings().maxDuration().toNanos();
        keepaliveNanos = tracker.settings()
                .keepalive()
                .map(interval -> now + interval.toNanos())
                .orElse(NEVER);
        refreshed(now, DialogHeaders.sessionSeconds(response));
        tracker.answered();
        tracker.changed(this);
        report(CallEvent.Kind.ANSWERED);
        if (wanted != null) {
            tracker.table().schedule(this, TIME_FOR_ACK);
        } else {
            schedule(now);
        }
    }

    /** Called when one of its INVITEs has got a final failure. */
    synchronized void failed(int status, String reason, boolean isLocal) {
        if (--invites > 0 || state.compareTo(CallState.ANSWERED) >= 0) {
            return;
        }
        CallEnd ending = wanted;
        end(ending != null ? ending : endOf(status, reason, isLocal), false);
        complete();
    }

    private CallEnd endOf(int status, String text, boolean isLocal) {
        if (status == StatusCode.REQUEST_TERMINATED) {
            return new CallEnd(CallEnd.Side.CALLER, Reason.CANCELLED, status, text);
        }
        if (isLocal && tracker.isClosing()) {
            return new CallEnd(CallEnd.Side.PROXY, Reason.PROXY_CLOSED, status, text);
        }
        FailureCause cause = FailureCause.ofStatus(status);
        Reason reason = switch (cause) {
            case BUSY -> Reason.BUSY;
            case NO_ANSWER, NOT_REGISTERED -> Reason.NO_ANSWER;
            case DECLINED -> Reason.DECLINED;
            case UNREACHABLE -> Reason.UNREACHABLE;
            case UNKNOWN_USER, REDIRECTED, CHALLENGED, REJECTED -> Reason.REJECTED;
        };
        boolean isSilence = reason == Reason.NO_ANSWER || reason == Reason.UNREACHABLE;
        CallEnd.Side side = !isLocal ? CallEnd.Side.CALLEE : isSilence ? CallEnd.Side.NONE : CallEnd.Side.PROXY;
        return new CallEnd(side, reason, status, text);
    }

    // ---- in-dialog requests

    /**
     * Follows a request that is about to be relayed: its CSeq number, the end by a BYE, a new remote target.
     *
     * @return a response if it must not be relayed; otherwise null
     */
    synchronized @Nullable Outcome onRequest(RequestContext context, SipRequest request, boolean byCaller)
            throws SipParseException {
        boolean isOfDialog = callee.tag.equals(byCaller ? request.toTag() : request.fromTag());
        Method method = request.method();
        if (state == CallState.ENDED) {
            // crosses the BYEs of this proxy: the other side no longer knows the dialog
            return method == Method.BYE && isOfDialog ? Outcome.respond(StatusCode.OK) : null;
        }
        if (state == CallState.ANSWERED && !isOfDialog) {
            return null; // another dialog of a forked INVITE
        }
        if (method != Method.ACK) {
            (byCaller ? caller : callee).sent(request.cseq().number());
            tracker.changed(this);
        }
        if (state == CallState.ANSWERED && method == Method.BYE) {
            end(new CallEnd(byCaller ? CallEnd.Side.CALLER : CallEnd.Side.CALLEE, Reason.BYE, 0, ""), false);
            complete();
        } else if (method == Method.INVITE || method == Method.UPDATE) {
            context.progress(new Refresh(byCaller, DialogHeaders.contact(request)));
        }
        return null;
    }

    /** A re-INVITE or UPDATE: its 2xx changes the remote targets of both sides (RFC 3261 §12.2.1.2, RFC 3311 §5). */
    private final class Refresh implements RelayProgress {

        private final boolean byCaller;
        private final byte[] contact;

        Refresh(boolean byCaller, byte[] contact) {
            this.byCaller = byCaller;
            this.contact = contact;
        }

        @Override
        public void provisional(RequestContext context, Target at) {
            // changes nothing
        }

        @Override
        public void accepted(RequestContext context, byte[] wire, TransportFlow from, Target at) {
            try {
                if (SipMessage.parse(wire, tracker.limits()) instanceof SipResponse response) {
                    refreshed(byCaller, contact, response, context.flow(), from);
                }
            } catch (SipParseException e) {
                tracker.unreadable(e);
            }
        }
    }

    private synchronized void refreshed(
            boolean byCaller, byte[] contact, SipResponse response, TransportFlow came, TransportFlow answered) {
        if (state == CallState.ENDED) {
            return;
        }
        Side sender = byCaller ? caller : callee;
        Side other = byCaller ? callee : caller;
        if (contact.length > 0) {
            sender.contact = contact;
        }
        byte[] ofOther = DialogHeaders.contact(response);
        if (state == CallState.ANSWERED && ofOther.length > 0) {
            other.contact = ofOther;
        }
        sender.cameOver(came);
        if (state == CallState.ANSWERED) {
            other.cameOver(answered);
            long now = tracker.table().now();
            refreshed(now, DialogHeaders.sessionSeconds(response));
            tracker.changed(this);
            schedule(now);
        }
    }

    /** A 2xx without a session interval ends the session timer (RFC 4028 §7.2). */
    private void refreshed(long now, long seconds) {
        sessionInterval = TimeUnit.SECONDS.toNanos(seconds);
        sessionNanos = seconds == 0 ? NEVER : now + sessionInterval + SESSION_GRACE;
    }

    // ---- end

    /**
     * Ends the call, or cancels its INVITEs if it was not answered.
     *
     * @param cause the cause of Reason (Q.850)
     * @return completed when both sides have got their BYE
     */
    CompletableFuture<Call> hangUp(CallEnd ending, int cause) {
        CompletableFuture<Call> result;
        ServerTransaction toCancel = null;
        Farewell farewell = null;
        synchronized (this) {
            if (hungUp == null) {
                hungUp = new CompletableFuture<>();
            }
            result = hungUp;
            if (state == CallState.ANSWERED) {
                CallEnd first = wanted;
                farewell = new Farewell(cause, ending.text());
                end(first != null ? first : ending, true);
            } else if (state == CallState.ENDED) {
                if (tracker.isGone(this)) {
                    complete();
                }
            } else {
                wanted = ending;
                toCancel = transaction;
            }
        }
        if (farewell != null) {
            farewell.send();
        } else if (toCancel != null) {
            ServerTransaction invite = toCancel;
            byte[] reason =
                    ("Reason: " + DialogHeaders.reason(cause, ending.text()) + "\r\n").getBytes(StandardCharsets.UTF_8);
            // the caller may hold the lock of another transaction
            tracker.client().execute(() -> invite.cancelled(reason));
        }
        return result;
    }

    /** The BYEs to both sides. Written under the monitor, sent without it. */
    private final class Farewell {

        private final @Nullable SipRequest toCaller;
        private final @Nullable SipRequest toCallee;

        Farewell(int cause, String text) {
            String reason = DialogHeaders.reason(cause, text);
            this.toCaller = write(Method.BYE, callee, caller, callee.cseq + cseqStep, reason);
            this.toCallee = write(Method.BYE, caller, callee, caller.cseq + cseqStep, reason);
        }

        void send() {
            CompletableFuture<?> both = CompletableFuture.allOf(send(toCaller), send(toCallee));
            CompletableFuture<?> unused = both.whenComplete((done, failure) -> {
                synchronized (TrackedCall.this) {
                    tracker.remove(TrackedCall.this);
                    complete();
                }
            });
        }

        private CompletableFuture<?> send(@Nullable SipRequest bye) {
            return bye == null
                    ? CompletableFuture.completedFuture(null)
                    : tracker.client().send(bye).handle((response, failure) -> {
                        if (failure != null) {
                            tracker.notSent(TrackedCall.this, failure);
                        }
                        return response;
                    });
        }
    }

    private @Nullable SipRequest write(Method method, Side from, Side to, long cseq, @Nullable String reason) {
        try {
            byte[] fallback = to == callee ? target : uriOf(caller);
            return DialogHeaders.request(method, from, to, cseq, key.callId(), fallback, reason, tracker.limits());
        } catch (SipParseException e) {
            tracker.unreadable(e);
            return null;
        }
    }

    private static byte[] uriOf(Side side) throws SipParseException {
        return NameAddress.parse(new String(side.address, StandardCharsets.UTF_8))
                .uri()
                .toBytes();
    }

    /**
     * The caller holds the monitor.
     *
     * @param lingers true if the call stays in the table until its BYEs have been responded to
     */
    private void end(CallEnd ending, boolean lingers) {
        boolean wasAnswered = state == CallState.ANSWERED;
        state = CallState.ENDED;
        last = snapshot(ending, tracker.time().wallMillis());
        transaction = null;
        tracker.table().cancel(this);
        tracker.users().remove(callerUser);
        tracker.users().remove(calleeUser);
        tracker.ended(this, wasAnswered, ending.reason());
        if (!lingers) {
            tracker.remove(this);
        }
        report(CallEvent.Kind.ENDED);
    }

    private void complete() {
        CompletableFuture<Call> waiting = hungUp;
        if (waiting != null && !waiting.isDone()) {
            CallSnapshot result = snapshot();
            tracker.client().execute(() -> waiting.complete(result));
        }
    }

    // ---- time

    /** The caller holds the monitor. */
    private void schedule(long now) {
        if (wanted != null) {
            return; // about to be ended
        }
        long next = Math.min(expiresNanos, Math.min(sessionNanos, keepaliveNanos));
        tracker.table().schedule(this, Math.max(0, next - now));
    }

    @Override
    protected void fire() {
        tracker.client().execute(this::due);
    }

    private void due() {
        long now = tracker.table().now();
        ServerTransaction open;
        CallEnd ending = null;
        boolean probes = false;
        synchronized (this) {
            open = transaction;
            if (state == CallState.ENDED) {
                return;
            }
            if (state == CallState.ANSWERED) {
                if (wanted != null) {
                    ending = wanted;
                } else if (now - expiresNanos >= 0) {
                    ending = new CallEnd(CallEnd.Side.PROXY, Reason.MAX_DURATION, 0, "maximum duration");
                } else {
                    probes = isProbeDue(now);
                    schedule(now);
                }
            }
        }
        if (ending != null) {
            CompletableFuture<Call> unused = hangUp(ending, ending.reason() == Reason.MAX_DURATION ? 102 : 16);
        } else if (probes) {
            probe();
        } else {
            checkTransaction(open);
        }
    }

    /** An Error may have ended the transaction without a response. */
    private void checkTransaction(@Nullable ServerTransaction open) {
        boolean isAlive = open != null && open.isPending(); // not under the monitor: see the lock order
        synchronized (this) {
            if (state == CallState.ENDED || state == CallState.ANSWERED) {
                return;
            }
            if (isAlive || open != transaction) {
                tracker.table().schedule(this, UNANSWERED_CHECK);
            } else {
                end(new CallEnd(CallEnd.Side.NONE, Reason.FAILED, 0, "its transaction has ended"), false);
                complete();
            }
        }
    }

    // ---- lost calls

    private boolean isProbeDue(long now) {
        boolean due = false;
        if (now - keepaliveNanos >= 0) {
            keepaliveNanos = now + tracker.settings().keepalive().orElseThrow().toNanos();
            due = true;
        }
        if (now - sessionNanos >= 0) {
            sessionNanos = now + sessionInterval + SESSION_GRACE;
            due = true;
        }
        return due && !probing;
    }

    /** Asks both sides whether they know the call. */
    private void probe() {
        SipRequest toCaller;
        SipRequest toCallee;
        synchronized (this) {
            if (state != CallState.ANSWERED) {
                return;
            }
            probing = true;
            toCaller = write(Method.OPTIONS, callee, caller, Math.max(1, callee.cseq), null);
            toCallee = write(Method.OPTIONS, caller, callee, Math.max(1, caller.cseq), null);
        }
        CompletableFuture<?> both =
                CompletableFuture.allOf(probe(toCaller, CallEnd.Side.CALLER), probe(toCallee, CallEnd.Side.CALLEE));
        CompletableFuture<?> unused = both.whenComplete((done, failure) -> {
            synchronized (this) {
                probing = false;
            }
        });
    }

    private CompletableFuture<?> probe(@Nullable SipRequest options, CallEnd.Side side) {
        return options == null
                ? CompletableFuture.completedFuture(null)
                : tracker.client().send(options).handle((response, failure) -> {
                    probed(side, tracker.judge(response, failure));
                    return response;
                });
    }

    private void probed(CallEnd.Side at, Judgement judgement) {
        String why = judgement.why();
        synchronized (this) {
            Side side = at == CallEnd.Side.CALLER ? caller : callee;
            side.unreachable = judgement.verdict() == Judgement.Verdict.UNREACHABLE ? side.unreachable + 1 : 0;
            if (judgement.verdict() != Judgement.Verdict.LOST && side.unreachable < 2) {
                return;
            }
        }
        String who = at == CallEnd.Side.CALLER ? "caller" : "callee";
        CompletableFuture<Call> unused = hangUp(new CallEnd(at, Reason.LOST, 0, who + ": " + why), 102);
    }

    // ---- snapshots

    /** Returns the current state; the monitor need not be held. */
    synchronized CallSnapshot snapshot() {
        CallSnapshot atEnd = last;
        return atEnd != null ? atEnd : snapshot(null, 0);
    }

    private CallSnapshot snapshot(@Nullable CallEnd end, long endedAt) {
        return new CallSnapshot(
                key,
                state,
                CallSnapshot.Party.of(caller),
                CallSnapshot.Party.of(callee),
                authenticatedUser,
                target,
                startedAt,
                ringingAt,
                answeredAt,
                endedAt,
                end,
                answeredAt == 0 ? 0 : Math.max(0, tracker.time().millis() - answeredMillis));
    }

    synchronized boolean isOf(Aor user) {
        return state != CallState.ENDED && (user.equals(callerUser) || user.equals(calleeUser));
    }

    /** Queued under the monitor, so that the events of a call keep their order. */
    private void report(CallEvent.Kind kind) {
        if (kind == CallEvent.Kind.ENDED && FlightEvents.recordsCalls()) {
            FlightEvents.call(snapshot());
        }
        if (tracker.events().isHeard()) {
            tracker.events().publish(new CallEvent(kind, snapshot()));
        }
    }
}
