package org.sipproxy.core.internal.engine;

import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.call.CallTracker;
import org.sipproxy.core.internal.codec.RequestHead;
import org.sipproxy.core.internal.forwarding.Completions;
import org.sipproxy.core.internal.forwarding.RequestForwarder;
import org.sipproxy.core.internal.pipeline.HostStage;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.thirdparty.DialogToken;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.InviteServerTransaction;
import org.sipproxy.core.internal.transaction.LocalResponder;
import org.sipproxy.core.internal.transaction.NonInviteServerTransaction;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionBudget;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dispatcher of requests: absorbed by its transaction, refused, responded to, or relayed. The pipeline decides; this
 * class creates the transaction, passes the request to a worker if a stage may block, and carries the outcome out.
 */
final class RequestDispatcher implements Completions {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    static final Outcome.Respond CANCELLED = Outcome.respond(StatusCode.REQUEST_TERMINATED);

    static final Outcome.Respond NO_SUCH_CALL = Outcome.respond(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);

    private static final Outcome.Respond BREADTH_EXCEEDED = Outcome.respond(StatusCode.MAX_BREADTH_EXCEEDED);

    static final String NO_MEMORY = "the memory limit of transactions is reached";
    private static final byte[] NO_LINES = {};

    private final ProxyEngine engine;
    private final AckDispatcher acks;
    private final FailureLog failures = new FailureLog();

    RequestDispatcher(ProxyEngine engine) {
        this.engine = engine;
        this.acks = new AckDispatcher(engine);
    }

    void accept(SipRequest request, TransportFlow from) throws SipParseException {
        TransactionKey early = keyIfReadable(request);
        ServerTransaction transaction = early == null ? null : engine.table.server(early);
        Method method = request.method();
        if (transaction != null && method != Method.ACK && method != Method.CANCEL) {
            // matched as §17.2.3 says; its first copy has passed the checks below
            engine.counters.retransmissions.increment();
            transaction.onRetransmission();
            return;
        }
        try {
            MessageSanity.check(request);
        } catch (SipParseException e) {
            refuse(request, from, e);
            return;
        }
        from.messageAccepted();
        TransactionKey key = early == null ? TransactionKey.of(request) : early;
        if (method == Method.ACK) {
            acks.accept(request, from, transaction);
        } else if (method == Method.CANCEL) {
            cancel(request, from, key, transaction);
        } else {
            byte[] repeat = engine.table.lingering(key);
            if (repeat == null && engine.shedRequests.contains(key)) {
                // its client may have the 503 already; a call that begins now would ring without a caller
                respondOverloaded(engine.newContext(request, from));
            } else if (repeat == null) {
                route(engine.newContext(request, from), key);
            } else {
                repeat(request, from, repeat);
            }
        }
    }

    /** Returns the key of a request; null if the parts that it is made of are malformed, which the checks report. */
    private static @Nullable TransactionKey keyIfReadable(SipRequest request) {
        try {
            return request.defect().isPresent() ? null : TransactionKey.of(request);
        } catch (SipParseException e) {
            return null;
        }
    }

    /**
     * Refuses a request because of overload, without state, and remembers that.
     *
     * @return false if it has to be handled: it is malformed, or a retransmission of a request that is or was served
     */
    boolean refuseForOverload(SipRequest request, TransportFlow from) throws SipParseException {
        if (request.defect().isPresent()) {
            return false;
        }
        TransactionKey key = TransactionKey.of(request);
        if (engine.table.server(key) != null || engine.table.lingering(key) != null) {
            return false;
        }
        engine.shedRequests.add(key);
        respondOverloaded(engine.newContext(request, from));
        return true;
    }

    /**
     * Does the same for an INVITE that is not parsed.
     *
     * @return false if it has to be parsed, or is a retransmission of a request that is or was served
     */
    boolean refuseForOverload(RequestHead invite, TransportFlow from) {
        if (!invite.isAnsweredAtSource(from.remoteAddress())) {
            return false;
        }
        TransactionKey key = TransactionKey.ofInvite(invite);
        if (engine.table.server(key) != null || engine.table.lingering(key) != null) {
            return false;
        }
        byte[] response = engine.localResponses.overloaded(invite, from.remoteAddress());
        if (response == null) {
            return false;
        }
        engine.shedRequests.add(key);
        from.send(response, SendFailure.IGNORE);
        return true;
    }

    /** Returns true if the ACK acknowledges a failure that was sent without a transaction. */
    boolean isAckOfRefusal(RequestHead ack) {
        return engine.localResponses.acknowledges(ack) && engine.table.server(TransactionKey.ofInvite(ack)) == null;
    }

    private void respondOverloaded(RequestContext context) {
        byte[] wire = engine.localResponses.write(context, LocalResponses.OVERLOADED);
        context.responsePath().send(wire, SendFailure.IGNORE);
    }

    /** Handles a retransmission of a finished request: it gets the same response; an accepted INVITE gets none. */
    private void repeat(SipRequest request, TransportFlow from, byte[] response) throws SipParseException {
        engine.counters.retransmissions.increment();
        if (response.length > 0) {
            engine.responsePaths.of(request.topVia(), from).send(response, SendFailure.IGNORE);
        }
    }

    /** Refuses a malformed request without state, if it has a response path. */
    void refuse(SipRequest request, TransportFlow from, SipParseException defect) throws SipParseException {
        engine.counters.malformed.increment();
        if (request.method() == Method.ACK) {
            engine.refusals.dropped(request, from, defect.getMessage());
            return;
        }
        RequestContext context = engine.newContext(request, from);
        Outcome.Respond response = Outcome.malformed(defect);
        context.responsePath().send(engine.localResponses.write(context, response), SendFailure.IGNORE);
        engine.refusals.refused(request, from, response.statusCode(), response.reason(), response.headerLines());
    }

    /**
     * Responds to a CANCEL at once and cancels all ringing branches (§9.2, §16.10). A CANCEL of another sender matches
     * nothing.
     */
    private void cancel(SipRequest cancel, TransportFlow from, TransactionKey key, @Nullable ServerTransaction match)
            throws SipParseException {
        RequestContext context = engine.newContext(cancel, from);
        ServerTransaction transaction =
                match != null && match.isSender(cancel, from.remoteAddress().getAddress()) ? match : null;
        boolean known = transaction != null || (match == null && engine.table.lingering(key) != null);
        int status = known ? StatusCode.OK : StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST;
        byte[] response = engine.localResponses.respond(context, status);
        context.responsePath().send(response, SendFailure.IGNORE);
        if (!known) {
            engine.refusals.refused(context, status, StatusCode.reasonPhrase(status), NO_LINES);
        }
        if (transaction != null) {
            int reason = cancel.firstHeader(HeaderName.REASON);
            boolean first = transaction.cancelled(
                    reason < 0
                            ? null
                            : cancel.index()
                                    .copy(
                                            cancel.index().lineStart(reason),
                                            cancel.index().lineEnd(reason)));
            if (!first) {
                engine.counters.retransmissions.increment();
            }
        }
    }

    private void route(RequestContext context, TransactionKey key) throws SipParseException {
        if (DialogToken.isIn(context.request()) && context.request().hasToTag() && passToThirdPartyCall(context, key)) {
            return;
        }
        if (engine.isDraining() && startsSomething(context.request())) {
            answer(context, key, LocalResponses.OVERLOADED);
            return;
        }
        if (!engine.pipeline.needsTransaction() || open(context, key, Share.UNDECIDED, context.retainedBytes())) {
            decide(context, key, () -> engine.pipeline.run(context, false));
        }
    }

    /**
     * Handles a request within a dialog of the proxy itself. The token proves that its sender is the other side.
     * Returns false if the request is not for this proxy.
     */
    private boolean passToThirdPartyCall(RequestContext context, TransactionKey key) throws SipParseException {
        if (!engine.thirdPartyCalls.knows(context.request())) {
            if (!isForThisProxyItself(context)) {
                return false; // of another proxy, or of a user with such a name
            }
            answer(context, key, NO_SUCH_CALL);
        } else if (open(context, key, Share.RESERVED, context.retainedBytes())) {
            ServerTransaction transaction = Objects.requireNonNull(context.transaction());
            if (!engine.thirdPartyCalls.accept(new UserRequest(context, transaction))) {
                answer(context, key, NO_SUCH_CALL);
            }
        }
        return true;
    }

    static boolean isForThisProxyItself(RequestContext context) throws SipParseException {
        SipUri uri = context.request().requestUri();
        return context.isMyself(uri) && !context.isLocalDomain(uri.host());
    }

    /**
     * Returns true if a draining proxy refuses the request. Requests of an existing call have a To tag (RFC 3261
     * §12.2), so calls can be changed and ended. A REGISTER is not a call: clients stay registered until the proxy
     * closes.
     */
    boolean startsSomething(SipRequest request) throws SipParseException {
        return !request.hasToTag() && (request.method() != Method.REGISTER || engine.isClosing());
    }

    /**
     * Decides on a worker, because the location store or authentication may block. The transaction absorbs
     * retransmissions meanwhile.
     *
     * @return false if the request has got its response
     */
    private boolean decideOnWorker(RequestContext context, TransactionKey key) {
        if (!mayWait(context, key)) {
            return false;
        }
        WorkerPool.Task task = new WorkerPool.Task() {
            @Override
            public void run() {
                continueWith(context, key, () -> engine.pipeline.run(context, true));
            }

            @Override
            public void dropped() {
                abandon(context);
            }
        };
        if (!engine.workers().execute(lane(context), task)) {
            engine.counters.overload.increment();
            answer(context, key, LocalResponses.OVERLOADED);
            return false;
        }
        return true;
    }

    /** Runs a stage of the host application that blocks or decides asynchronously. */
    private boolean decideByStage(RequestContext context, TransactionKey key, HostStage stage) {
        if (!mayWait(context, key)) {
            return false;
        }
        ServerTransaction transaction = Objects.requireNonNull(context.transaction());
        synchronized (transaction) {
            transaction.tryingSoon();
        }
        engine.stages().run(context, stage, engine.clock.nanoTime(), outcome -> {
            if (outcome == LocalResponses.OVERLOADED) {
                engine.counters.overload.increment();
            }
            continueWith(context, key, () -> engine.pipeline.resume(context, outcome));
        });
        return true;
    }

    /**
     * Opens the transaction and sets the deadline of a request that has to wait. Returns false if the request was
     * turned away.
     */
    private boolean mayWait(RequestContext context, TransactionKey key) {
        if (context.transaction() == null && !open(context, key, Share.UNDECIDED, context.retainedBytes())) {
            return false;
        }
        if (context.patience().deadlineNanos() == 0) {
            context.patience().deadlineNanos(engine.deadline());
        }
        return true;
    }

    /**
     * Continues with a request that has waited. Skips it if the client no longer waits, or if it has waited too long:
     * then a database look-up is not worth its cost.
     */
    private void continueWith(RequestContext context, TransactionKey key, Supplier<Outcome> decision) {
        ServerTransaction transaction =
                Objects.requireNonNull(context.transaction(), "no transaction while a request waits");
        if (!transaction.isPending()) {
            engine.stages().decided(context);
        } else if (transaction.isCancelledEarly()) {
            answer(context, key, CANCELLED);
            engine.stages().decided(context);
        } else if (System.nanoTime() - context.patience().deadlineNanos() >= 0) {
            engine.counters.overload.increment();
            answer(context, key, LocalResponses.OVERLOADED);
            engine.stages().decided(context);
        } else {
            RequestDeadline.run(context.patience().deadlineNanos(), () -> decide(context, key, decision));
        }
    }

    /** Returns the worker key: requests of one Call-ID are routed in the order in which they arrive. */
    static int lane(RequestContext context) {
        try {
            return context.request().callId().hashCode();
        } catch (SipParseException e) {
            return 0; // cannot happen: MessageSanity has checked it
        }
    }

    private void decide(RequestContext context, TransactionKey key, Supplier<Outcome> decision) {
        boolean waits = false;
        try {
            waits = carryOut(context, key, decision.get());
        } catch (RuntimeException | Error e) {
            abandon(context); // half done, for example after an OutOfMemoryError: nothing else ends the transaction
            throw e;
        } finally {
            if (!waits) {
                engine.stages().decided(context);
            }
        }
    }

    private static void abandon(RequestContext context) {
        ServerTransaction transaction = context.transaction();
        if (transaction != null) {
            transaction.abandon();
        }
    }

    /** Returns true if the request waits for a worker or a stage, which continues with it. */
    private boolean carryOut(RequestContext context, TransactionKey key, Outcome outcome) {
        if (outcome == Outcome.blocked()) {
            return decideOnWorker(context, key);
        } else if (outcome instanceof Outcome.Awaits awaits) {
            return decideByStage(context, key, awaits.stage());
        } else if (outcome instanceof Outcome.Respond response) {
            answer(context, key, response);
        } else if (outcome instanceof Outcome.Relay relay) {
            relay(context, key, relay);
        } else {
            abandon(context);
            if (outcome instanceof Outcome.Discard discard) {
                engine.refusals.dropped(context, discard.why());
            }
        }
        return false;
    }

    /**
     * Records the final response of a request that was forwarded or should have been. The response was generated
     * locally or comes from a target.
     */
    @Override
    public void completed(RequestContext context, int status, byte[] response, List<Target> targets) {
        if (context.isFromHost()) {
            return; // it has a future
        }
        if (context.isLocalResponse(response)) {
            engine.refusals.refused(context, status, StatusCode.reasonPhrase(status), NO_LINES);
        }
        notifyCompleted(context, status, response, targets);
    }

    /** Notifies the calls and the listeners of a final response. */
    private void notifyCompleted(RequestContext context, int status, byte[] response, List<Target> targets) {
        if (context.isCountedElsewhere()) {
            return;
        }
        CallTracker calls = engine.callTracker;
        if (calls != null) {
            calls.completed(context, status, response);
        }
        engine.components.completed(context, status, response, targets);
    }

    @Override
    public boolean flowFailed(RequestContext context, Target target) {
        ClusterNode node = engine.node;
        Aor user = context.calledUser();
        if (node == null
                || user == null
                || target.routes().isEmpty()
                || !node.hops().isOfOther(target.routes().get(0))) {
            return false;
        }
        engine.flowFailed(user, target.routes().get(0));
        return true;
    }

    @Override
    public void ackDropped(RequestContext context, String why) {
        engine.refusals.dropped(context, why);
    }

    private void relay(RequestContext context, TransactionKey key, Outcome.Relay relay) {
        Outcome.Respond refusal = breadthRefusal(context, relay);
        if (refusal != null) {
            answer(context, key, refusal);
            return;
        }
        boolean proven = context.isProven();
        Share share = proven ? Share.RESERVED : Share.OPEN;
        int bytes = context.retainedBytes();
        long needed = (long) bytes * Math.max(1, relay.targets().size()); // each branch has its own copy
        ServerTransaction transaction = context.transaction();
        if (transaction == null) {
            if (!open(context, key, share, needed + bytes)) {
                return;
            }
            transaction = Objects.requireNonNull(context.transaction(), "a request is relayed without a transaction");
        } else if (!engine.table.budget().takes(share, needed)) {
            transaction.abandon();
            turnAway(context, share);
            return;
        }
        CallTracker calls = engine.callTracker;
        Outcome tracked = calls == null || context.isCountedElsewhere() ? relay : calls.relaying(context, relay);
        if (tracked instanceof Outcome.Respond response) {
            answer(context, key, response);
            return;
        }
        transaction.forwarding(proven, bytes);
        try {
            engine.forwarder.relay(context, transaction, (Outcome.Relay) tracked);
        } catch (SipParseException e) {
            answer(context, key, Outcome.malformed(e));
        } catch (RuntimeException e) {
            failures.error(LOG, "forwarding of " + context.request().method() + " failed", e);
            answer(context, key, Outcome.respond(StatusCode.SERVER_INTERNAL_ERROR));
        }
    }

    static Outcome.@Nullable Respond breadthRefusal(RequestContext context, Outcome.Relay relay) {
        return RequestForwarder.exceedsBreadth(context, relay.targets()) ? BREADTH_EXCEEDED : null;
    }

    /**
     * Creates the server transaction. The 100 of an INVITE is sent when a branch starts (§17.2.1), so that a refusal
     * before that is the only packet.
     *
     * @param needed bytes that the request needs
     * @return false if another thread opened a transaction for the same request first, or if the request was turned
     *     away for lack of memory
     */
    private boolean open(RequestContext context, TransactionKey key, Share share, long needed) {
        if (!engine.table.budget().takes(share, needed)) {
            turnAway(context, share);
            return false;
        }
        int bytes = context.retainedBytes();
        LocalResponder local = new Undecided(context);
        if (context.isInvite()) {
            InviteServerTransaction transaction =
                    new InviteServerTransaction(key, engine.table, context.responsePath(), bytes, local);
            transaction.sentFrom(context.flow().remoteAddress().getAddress());
            if (engine.table.addIfAbsent(transaction) != null) {
                return false;
            }
            context.transaction(transaction);
            shutDownIfLate(transaction);
        } else {
            NonInviteServerTransaction transaction =
                    new NonInviteServerTransaction(key, engine.table, context.responsePath(), bytes, local);
            if (engine.table.addIfAbsent(transaction) != null) {
                return false;
            }
            context.transaction(transaction);
            transaction.start();
            shutDownIfLate(transaction);
        }
        return true;
    }

    /** Ends the transaction if the closing proxy may have gone through the table before the transaction was in it. */
    private void shutDownIfLate(ServerTransaction transaction) {
        if (engine.isShutDown()) {
            transaction.shutdown();
        }
    }

    /** Local responder of a request until a response context works on its final response. */
    private final class Undecided implements LocalResponder {

        private final RequestContext context;

        Undecided(RequestContext context) {
            this.context = context;
        }

        @Override
        public byte[] trying() {
            return engine.localResponses.respond(context, StatusCode.TRYING);
        }

        @Override
        public void shutdown() {
            ServerTransaction transaction = context.transaction();
            byte[] wire = engine.localResponses.write(context, LocalResponses.OVERLOADED);
            if (transaction != null && transaction.respond(LocalResponses.OVERLOADED.statusCode(), wire)) {
                notifyCompleted(context, LocalResponses.OVERLOADED.statusCode(), wire, List.of());
            }
        }
    }

    /**
     * Refuses a request for which no memory is left: 503 without state, or no response if that memory is reserved for
     * clients that are served.
     */
    private void turnAway(RequestContext context, Share share) {
        TransactionBudget budget = engine.table.budget();
        budget.countRefused();
        if (share == Share.RESERVED || !budget.isExhausted()) {
            respondStatelessly(
                    context,
                    LocalResponses.OVERLOADED,
                    engine.localResponses.write(context, LocalResponses.OVERLOADED));
        } else {
            engine.refusals.dropped(context, NO_MEMORY);
        }
    }

    /**
     * Sends a locally generated response. A failure before the sender has proved anything leaves no state and is sent
     * once for each request that arrives, retransmissions included (§26.3.2.4). So is any response to a non-INVITE
     * request without a transaction (§8.2.7). An INVITE of a user, of a trusted peer or in a dialog is refused
     * reliably, until its ACK arrives.
     */
    private void answer(RequestContext context, TransactionKey key, Outcome.Respond response) {
        byte[] wire = engine.localResponses.write(context, response);
        int status = response.statusCode();
        boolean withState = status < 300 || (context.isProven() && !LocalResponses.isChallenge(status));
        ServerTransaction transaction = context.transaction();
        if (transaction == null && withState && context.isInvite()) {
            transaction = openToAnswer(context, key, wire.length);
        }
        if (transaction == null) {
            noteRegistered(context, status);
            respondStatelessly(context, response, wire);
            return;
        }
        boolean sent = withState ? transaction.respond(status, wire) : transaction.refuse(status, wire);
        if (context.request().method() == Method.REGISTER) {
            noteRegistered(context, status);
            transaction.abandon(); // a retransmitted REGISTER is harmless (§10.3 step 7) and not worth 32 s of memory
        }
        if (sent) {
            engine.refusals.refused(context, status, response.reason(), response.headerLines());
            notifyCompleted(context, status, wire, List.of());
        }
    }

    /**
     * Opens a transaction that keeps only the response. Returns null if there is no room, or if another thread was
     * first.
     */
    private @Nullable ServerTransaction openToAnswer(RequestContext context, TransactionKey key, int bytes) {
        Share share = context.isProven() ? Share.RESERVED : Share.OPEN;
        if (!engine.table.budget().takes(share, bytes)) {
            return null;
        }
        InviteServerTransaction transaction =
                new InviteServerTransaction(key, engine.table, context.responsePath(), 0, null);
        transaction.sentFrom(context.flow().remoteAddress().getAddress());
        return engine.table.addIfAbsent(transaction) == null ? transaction : null;
    }

    private void noteRegistered(RequestContext context, int status) {
        SipRequest request = context.received();
        int to = status / 100 == 2 && request.method() == Method.REGISTER ? request.firstHeader(HeaderName.TO) : -1;
        if (to >= 0) {
            engine.overload.registered(request.index()
                    .copy(request.index().valueStart(to), request.index().valueEnd(to)));
        }
    }

    private void respondStatelessly(RequestContext context, Outcome.Respond response, byte[] wire) {
        context.responsePath().send(wire, SendFailure.IGNORE);
        engine.refusals.refused(context, response.statusCode(), response.reason(), response.headerLines());
        engine.components.completed(context, response.statusCode(), wire, List.of());
    }
}
