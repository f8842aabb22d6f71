package org.sipproxy.core.internal.call;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.call.CallStatistics;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.pipeline.LocalNames;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.transaction.TransactionTable;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All calls of a proxy. The dispatcher of requests passes it each request that is about to be relayed and each final
 * response to one. Thread-safe.
 */
public final class CallTracker implements Calls {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private static final int LONGEST_REASON = 200;
    /** Position of the reason phrase in a response: after {@code SIP/2.0 486 }. */
    private static final int STATUS_LINE_REASON = 12;
    /** Q.850 normal call clearing. */
    private static final int NORMAL = 16;

    static final Outcome TOO_MANY_IN_TOTAL =
            Outcome.respond(StatusCode.SERVICE_UNAVAILABLE, "Too Many Calls", "Retry-After: 10");
    static final Outcome CALLER_HAS_TOO_MANY = Outcome.respond(StatusCode.FORBIDDEN, "Too Many Calls");
    static final Outcome CALLEE_HAS_TOO_MANY = Outcome.respond(StatusCode.BUSY_HERE);

    private final ConcurrentHashMap<CallKey, TrackedCall> calls = new ConcurrentHashMap<>();
    private final UserCalls users = new UserCalls();
    private volatile CallSettings settings;
    private final ProxyTime time;
    private final TransactionTable table;
    private final Supplier<LocalNames> names;
    private final DialogClient client;
    private final ParseLimits limits;
    private final CallEvents events;
    private final FailureLog failures = new FailureLog(Duration.ofMinutes(1));

    private final AtomicInteger inProgress = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private final LongAdder started = new LongAdder();
    private final LongAdder established = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LongAdder expired = new LongAdder();
    private final LongAdder refusedInTotal = new LongAdder();
    private final LongAdder refusedForUser = new LongAdder();
    private final LongAdder untracked = new LongAdder();
    /** Null if the calls are not stored. */
    private final @Nullable CallStore store;

    private volatile boolean closing;

    public CallTracker(
            CallSettings settings,
            ProxyTime time,
            TransactionTable table,
            Supplier<LocalNames> names,
            DialogClient client,
            ParseLimits limits,
            List<CallListener> listeners,
            @Nullable CallRepository repository,
            ProxyThreads threads) {
        this.settings = settings;
        this.time = time;
        this.table = table;
        this.names = names;
        this.client = client;
        this.limits = limits.toBuilder().messageBytes(16_777_216).build();
        this.events = new CallEvents(listeners, table, threads);
        this.store = repository == null ? null : new CallStore(repository, threads, this::restore);
    }

    // ---- stored calls

    /** Reads the stored calls, if there is a repository. Called when requests can be sent. */
    public void open() {
        if (store != null) {
            store.open();
        }
    }

    private void restore(List<StoredCall> rows) {
        int restored = 0;
        for (StoredCall row : rows) {
            if (inProgress.get() >= settings.trackedCalls()) {
                LOG.warn(
                        "{} of {} stored calls are not tracked: the limit of {} is reached (CallSettings.trackedCalls)",
                        rows.size() - restored,
                        rows.size(),
                        settings.trackedCalls());
                break;
            }
            if (restore(row)) {
                restored++;
            }
        }
        if (restored > 0) {
            LOG.info("calls that are tracked again after the start: {}", restored);
        }
    }

    private boolean restore(StoredCall row) {
        CallKey key = new CallKey(row.key().callId(), row.key().callerTag());
        Aor caller = row.caller().countedAs().map(this::counted).orElse(null);
        Aor callee = row.callee().countedAs().map(this::counted).orElse(null);
        try {
            TrackedCall call = new TrackedCall(this, key, row, caller, callee);
            if (calls.putIfAbsent(key, call) == null) {
                inProgress.incrementAndGet();
                answered.incrementAndGet();
                call.resume();
                return true;
            }
        } catch (SipParseException e) {
            failures.warn(LOG, "a stored call cannot be read and is not tracked", e);
        }
        users.remove(caller);
        users.remove(callee);
        return false;
    }

    private @Nullable Aor counted(Aor user) {
        return users.add(user, CallSettings.NO_LIMIT);
    }

    /** Called under the monitor of an answered call that has changed. */
    void changed(TrackedCall call) {
        if (store != null) {
            store.changed(call);
        }
    }

    // ---- on the path of requests

    /**
     * Called before a request is relayed, when its transaction is open.
     *
     * @return what is to happen to it: the relay itself, another relay, or a response
     */
    public Outcome relaying(RequestContext context, Outcome.Relay relay) {
        try {
            SipRequest request = context.request();
            if (request.hasToTag()) {
                Outcome response = inDialog(context, request);
                return response == null ? relay : response;
            }
            return context.isInvite() ? begin(context, request, relay) : relay;
        } catch (SipParseException e) {
            return relay; // cannot happen: MessageSanity has checked these headers
        }
    }

    /** Returns what {@link #relaying} would return for a rehearsed request. Changes nothing. */
    public Outcome rehearse(RequestContext context, Outcome.Relay relay) throws SipParseException {
        SipRequest request = context.request();
        boolean isOfACall = calls.containsKey(new CallKey(request.callId(), request.fromTag()));
        if (!context.isInvite() || request.hasToTag() || isOfACall) {
            return relay;
        }
        return new RehearsedCall(settings, users)
                .relaying(
                        context,
                        relay,
                        inProgress.get(),
                        names.get().aorOf(request.from().uri()));
    }

    private @Nullable Outcome inDialog(RequestContext context, SipRequest request) throws SipParseException {
        TrackedCall call = calls.get(new CallKey(request.callId(), request.fromTag()));
        boolean byCaller = call != null;
        if (call == null) {
            call = calls.get(new CallKey(request.callId(), request.toTag()));
        }
        return call == null ? null : call.onRequest(context, request, byCaller);
    }

    private Outcome begin(RequestContext context, SipRequest invite, Outcome.Relay relay) throws SipParseException {
        CallKey key = new CallKey(invite.callId(), invite.fromTag());
        TrackedCall known = calls.get(key);
        if (known != null && known.join(context)) {
            return relay;
        }
        int now = inProgress.incrementAndGet();
        if (now > settings.maxCalls()) {
            inProgress.decrementAndGet();
            refusedInTotal.increment();
            return TOO_MANY_IN_TOTAL;
        }
        if (known != null || now > settings.trackedCalls()) {
            inProgress.decrementAndGet();
            notTracked(known == null);
            return relay;
        }
        Outcome.Relay next = relay;
        Aor from = names.get().aorOf(invite.from().uri());
        Aor called = context.calledUser();
        Aor caller = from == null ? null : users.add(from, settings.maxCallsPerUser());
        if (from != null && caller == null) {
            inProgress.decrementAndGet();
            refusedForUser.increment();
            return CALLER_HAS_TOO_MANY;
        }
        boolean countsCallee = called != null && !called.equals(caller);
        Aor callee = countsCallee && called != null ? users.add(called, settings.maxCallsPerUser()) : null;
        if (countsCallee && callee == null) {
            refusedForUser.increment();
            if (relay.plan() == null) {
                inProgress.decrementAndGet();
                users.remove(caller);
                return CALLEE_HAS_TOO_MANY;
            }
            next = new Outcome.Relay(
                    List.of(), relay.plan(), new Outcome.Unavailable(FailureCause.BUSY, StatusCode.BUSY_HERE));
        }
        add(context, new TrackedCall(this, key, context, caller, callee), caller, callee);
        return next;
    }

    private void add(RequestContext context, TrackedCall call, @Nullable Aor caller, @Nullable Aor callee)
            throws SipParseException {
        TrackedCall other = calls.putIfAbsent(call.key(), call);
        if (other == null) {
            started.increment();
            call.begin(context);
            return;
        }
        inProgress.decrementAndGet(); // another thread was first
        users.remove(caller);
        users.remove(callee);
        if (!other.join(context)) {
            notTracked(false);
        }
    }

    /**
     * @param full false if the client uses the Call-ID and tag of a call that is being hung up
     */
    private void notTracked(boolean full) {
        untracked.increment();
        if (full) {
            failures.warn(
                    LOG,
                    settings.trackedCalls() + " calls are tracked; further ones are relayed without being tracked"
                            + " (CallSettings.trackedCalls)");
        }
    }

    /** Called when a relayed request has got its final response. */
    public void completed(RequestContext context, int status, byte[] response) {
        if (status >= 300 && context.progress() instanceof TrackedCall call) {
            call.failed(status, reasonPhrase(response), context.isLocalResponse(response));
        }
    }

    private static String reasonPhrase(byte[] response) {
        int end = STATUS_LINE_REASON;
        while (end < response.length && response[end] != '\r') {
            end++;
        }
        return end >= response.length
                ? ""
                : new String(response, STATUS_LINE_REASON, end - STATUS_LINE_REASON, StandardCharsets.UTF_8);
    }

    /** Called when the proxy closes, before the requests in progress get their 503. */
    public void closing() {
        closing = true;
    }

    /** Removes the calls, which continue without this proxy, and ends the events. Called when timers no longer fire. */
    public void close(Deadline limit) {
        if (store != null) {
            store.close(limit);
        }
        calls.values().forEach(table::cancel);
        calls.clear();
        users.clear();
        inProgress.set(0);
        answered.set(0);
        events.close(limit);
    }

    // ---- for calls

    /** Sets the limits from now on. Calls that were answered keep the duration and keepalive that they began with. */
    public void settings(CallSettings changed) {
        settings = changed;
    }

    CallSettings settings() {
        return settings;
    }

    ProxyTime time() {
        return time;
    }

    TransactionTable table() {
        return table;
    }

    DialogClient client() {
        return client;
    }

    ParseLimits limits() {
        return limits;
    }

    UserCalls users() {
        return users;
    }

    CallEvents events() {
        return events;
    }

    boolean isMyself(SipUri uri) {
        return names.get().isMyself(uri);
    }

    boolean isClosing() {
        return closing;
    }

    void answered() {
        answered.incrementAndGet();
        established.increment();
    }

    /** Called under the monitor of a call that has ended. */
    void ended(TrackedCall call, boolean wasAnswered, CallEnd.Reason reason) {
        if (store != null && wasAnswered) {
            store.ended(call);
        }
        inProgress.decrementAndGet();
        if (wasAnswered) {
            answered.decrementAndGet();
        }
        if (reason == CallEnd.Reason.LOST) {
            lost.increment();
        } else if (reason == CallEnd.Reason.MAX_DURATION) {
            expired.increment();
        }
    }

    void remove(TrackedCall call) {
        calls.remove(call.key(), call);
    }

    /** Returns true if an ended call is no longer in the table, because its BYEs are complete. */
    boolean isGone(TrackedCall call) {
        return calls.get(call.key()) != call;
    }

    Judgement judge(@Nullable SipResponse response, @Nullable Throwable failure) {
        return Judgement.of(response, failure);
    }

    void unreadable(SipParseException e) {
        failures.warn(LOG, "a message of a call cannot be read or written", e);
    }

    void notSent(TrackedCall call, Throwable failure) {
        LOG.debug("BYE of call {} has no response: {}", call.key().callId(), failure.getMessage());
    }

    // ---- Calls

    @Override
    public List<Call> list() {
        return matching(call -> true);
    }

    @Override
    public List<Call> matching(Predicate<? super Call> filter) {
        Objects.requireNonNull(filter, "filter");
        List<Call> found = new ArrayList<>();
        for (TrackedCall call : calls.values()) {
            CallSnapshot snapshot = call.snapshot();
            if (snapshot.ending() == null && filter.test(snapshot)) {
                found.add(snapshot);
            }
        }
        return List.copyOf(found);
    }

    @Override
    public List<Call> withCallId(String callId) {
        Objects.requireNonNull(callId, "callId");
        return snapshots(call -> call.key().callId().equals(callId));
    }

    @Override
    public List<Call> ofUser(Aor user) {
        Objects.requireNonNull(user, "user");
        return snapshots(call -> call.isOf(user));
    }

    private List<Call> snapshots(Predicate<TrackedCall> filter) {
        List<Call> found = new ArrayList<>();
        for (TrackedCall call : calls.values()) {
            if (filter.test(call)) {
                current(call).ifPresent(found::add);
            }
        }
        return List.copyOf(found);
    }

    private static Optional<Call> current(@Nullable TrackedCall call) {
        CallSnapshot snapshot = call == null ? null : call.snapshot();
        return snapshot == null || snapshot.ending() != null ? Optional.empty() : Optional.of(snapshot);
    }

    @Override
    public Optional<Call> of(SipRequest request) {
        try {
            TrackedCall call = calls.get(new CallKey(request.callId(), request.fromTag()));
            return current(
                    call != null || !request.hasToTag()
                            ? call
                            : calls.get(new CallKey(request.callId(), request.toTag())));
        } catch (SipParseException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<Call> current(Call call) {
        return current(tracked(call));
    }

    private @Nullable TrackedCall tracked(Call call) {
        return calls.get(new CallKey(call.callId(), call.caller().tag()));
    }

    @Override
    public int count() {
        return inProgress.get();
    }

    @Override
    public int count(Aor user) {
        return users.of(Objects.requireNonNull(user, "user"));
    }

    @Override
    public CompletableFuture<Call> hangUp(Call call, String reason) {
        Objects.requireNonNull(call, "call");
        check(Objects.requireNonNull(reason, "reason"));
        TrackedCall tracked = tracked(call);
        return tracked == null
                ? CompletableFuture.completedFuture(call)
                : tracked.hangUp(new CallEnd(CallEnd.Side.PROXY, CallEnd.Reason.HUNG_UP, 0, reason), NORMAL)
                        .copy();
    }

    private static void check(String reason) {
        if (reason.length() > LONGEST_REASON) {
            throw new IllegalArgumentException(
                    "reason: " + reason.length() + " characters; write at most " + LONGEST_REASON);
        }
        if (reason.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("reason: holds a control character; write one line of text");
        }
    }

    @Override
    public CallStatistics statistics() {
        int up = answered.get();
        return new CallStatistics(
                Math.max(0, inProgress.get() - up),
                up,
                started.sum(),
                established.sum(),
                lost.sum(),
                expired.sum(),
                refusedInTotal.sum(),
                refusedForUser.sum(),
                untracked.sum(),
                events.dropped(),
                store == null ? 0 : store.waiting());
    }
}
