package org.sipproxy.core.internal.engine;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.forwarding.Completions;
import org.sipproxy.core.internal.forwarding.RequestForwarder;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.transaction.InviteServerTransaction;
import org.sipproxy.core.internal.transaction.LocalResponder;
import org.sipproxy.core.internal.transaction.NonInviteServerTransaction;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transaction.TransactionBudget;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of a request: absorbed by its transaction, refused, responded to, or relayed. The pipeline decides; this class
 * gives the request its transaction, hands it to a worker if a stage has to wait, and carries the outcome out.
 */
final class RequestDispatcher implements Completions {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private static final Outcome.Reply CANCELLED = (Outcome.Reply) Outcome.reply(StatusCode.REQUEST_TERMINATED);

    private static final Outcome.Reply BREADTH_EXCEEDED =
            (Outcome.Reply) Outcome.reply(StatusCode.MAX_BREADTH_EXCEEDED);

    static final String NO_MEMORY = "no memory is left for a transaction";
    private static final byte[] NO_LINES = {};

    private final ProxyEngine engine;
    private final AckDispatcher acks;
    private final LogThrottle failures = new LogThrottle();

    RequestDispatcher(ProxyEngine engine) {
        this.engine = engine;
        this.acks = new AckDispatcher(engine);
    }

    void accept(SipRequest request, TransportFlow from) throws SipParseException {
        try {
            MessageSanity.check(request);
        } catch (SipParseException e) {
            refuse(request, from, e);
            return;
        }
        from.messageAccepted();
        TransactionKey key = TransactionKey.of(request);
        ServerTransaction transaction = engine.table.server(key);
        Method method = request.method();
        if (method == Method.ACK) {
            acks.accept(request, from, transaction);
        } else if (method == Method.CANCEL) {
            cancel(request, from, key, transaction);
        } else if (transaction != null) {
            engine.counters.retransmissions.increment();
            transaction.onRetransmission();
        } else {
            byte[] repeat = engine.table.lingering(key);
            if (repeat == null) {
                route(engine.newContext(request, from), key);
            } else {
                repeat(request, from, repeat);
            }
        }
    }

    /** A request whose transaction is over: it gets the same response, or an accepted INVITE none. */
    private void repeat(SipRequest request, TransportFlow from, byte[] response) throws SipParseException {
        engine.counters.retransmissions.increment();
        if (response.length > 0) {
            engine.responsePaths.of(request.topVia(), from).send(response, SendFailure.IGNORE);
        }
    }

    /** A malformed request is answered without any state, if there is a way back. */
    void refuse(SipRequest request, TransportFlow from, SipParseException defect) throws SipParseException {
        engine.counters.malformed.increment();
        if (request.method() == Method.ACK) {
            engine.refusalLog.dropped(request, from, defect.getMessage());
            return;
        }
        RequestContext context = engine.newContext(request, from);
        Outcome.Reply reply = (Outcome.Reply) Outcome.malformed(defect);
        context.responsePath().send(engine.localResponses.write(context, reply), SendFailure.IGNORE);
        engine.refusalLog.refused(request, from, reply.statusCode(), reply.reason(), reply.headerLines());
    }

    /** §9.2, §16.10: answered at once, and passed on to every branch that rings. One of another sender matches nothing. */
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
        if (engine.isDraining() && startsSomething(context.request())) {
            answer(context, key, LocalResponses.OVERLOADED);
            return;
        }
        if (!engine.pipeline.needsTransaction() || open(context, key, Share.UNDECIDED, context.retainedBytes())) {
            decide(context, key, false);
        }
    }

    /**
     * True if a draining proxy refuses the request. What belongs to a call that there is has a To tag (RFC 3261 §12.2), so calls can
     * be changed and ended. A REGISTER is no call: phones stay registered until the proxy closes.
     */
    private boolean startsSomething(SipRequest request) throws SipParseException {
        return !request.hasToTag() && (request.method() != Method.REGISTER || engine.isClosing());
    }

    /** A step would have to wait: the rest is decided on a worker, and the client's repetitions are absorbed meanwhile. */
    private void decideOnWorker(RequestContext context, TransactionKey key) {
        if (context.transaction() == null && !open(context, key, Share.UNDECIDED, context.retainedBytes())) {
            return;
        }
        long deadline = engine.deadline();
        WorkerPool.Task task = new WorkerPool.Task() {
            @Override
            public void run() {
                decideInTime(context, key, deadline);
            }

            @Override
            public void dropped() {
                abandon(context);
            }
        };
        if (!engine.workers().execute(lane(context), task)) {
            engine.counters.overload.increment();
            answer(context, key, LocalResponses.OVERLOADED);
        }
    }

    /** On a worker. What nobody waits for any more, or what has waited too long, is not worth a look into a database. */
    private void decideInTime(RequestContext context, TransactionKey key, long deadline) {
        ServerTransaction transaction = Objects.requireNonNull(context.transaction(), "no transaction on a worker");
        if (!transaction.isPending()) {
            return;
        }
        if (transaction.isCancelledEarly()) {
            answer(context, key, CANCELLED);
        } else if (System.nanoTime() - deadline >= 0) {
            engine.counters.overload.increment();
            answer(context, key, LocalResponses.OVERLOADED);
        } else {
            RequestDeadline.run(deadline, () -> decide(context, key, true));
        }
    }

    /** What has one Call-ID is routed in the order in which it came. */
    static int lane(RequestContext context) {
        try {
            return context.request().callId().hashCode();
        } catch (SipParseException e) {
            return 0; // MessageSanity has seen one
        }
    }

    private void decide(RequestContext context, TransactionKey key, boolean mayWait) {
        try {
            carryOut(context, key, mayWait);
        } catch (RuntimeException | Error e) {
            abandon(context); // half done, such as for want of memory: nobody else would end its transaction
            throw e;
        }
    }

    private static void abandon(RequestContext context) {
        ServerTransaction transaction = context.transaction();
        if (transaction != null) {
            transaction.abandon();
        }
    }

    private void carryOut(RequestContext context, TransactionKey key, boolean mayWait) {
        Outcome outcome = engine.pipeline.run(context, mayWait);
        if (outcome == Outcome.blocked()) {
            decideOnWorker(context, key);
        } else if (outcome instanceof Outcome.Reply reply) {
            answer(context, key, reply);
        } else if (outcome instanceof Outcome.Relay relay) {
            relay(context, key, relay);
        } else {
            abandon(context);
            if (outcome instanceof Outcome.Discard discard) {
                engine.refusals.dropped(context, discard.why());
            }
        }
    }

    /** A request that was forwarded, or should have been, has its final response, be it ours or a target's. */
    @Override
    public void completed(RequestContext context, int status, byte[] response, List<Target> targets) {
        if (context.isLocalResponse(response)) {
            engine.refusals.refused(context, status, StatusCode.reasonPhrase(status), NO_LINES);
        }
        engine.components.completed(context, status, response, targets);
    }

    @Override
    public void ackDropped(RequestContext context, String why) {
        engine.refusals.dropped(context, why);
    }

    private void relay(RequestContext context, TransactionKey key, Outcome.Relay relay) {
        Outcome.Reply refusal = breadthRefusal(context, relay);
        if (refusal != null) {
            answer(context, key, refusal);
            return;
        }
        boolean proven = context.isProven();
        Share share = proven ? Share.RESERVED : Share.OPEN;
        int bytes = context.retainedBytes();
        long needed = (long) bytes * relay.targets().size(); // each branch has a copy of its own
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
        transaction.forwarding(proven, bytes);
        try {
            engine.forwarder.relay(context, transaction, relay.targets());
        } catch (SipParseException e) {
            answer(context, key, (Outcome.Reply) Outcome.malformed(e));
        } catch (RuntimeException e) {
            failures.error(LOG, "forwarding of " + context.request().method() + " failed", e);
            answer(context, key, (Outcome.Reply) Outcome.reply(StatusCode.SERVER_INTERNAL_ERROR));
        }
    }

    private static Outcome.@Nullable Reply breadthRefusal(RequestContext context, Outcome.Relay relay) {
        try {
            return RequestForwarder.exceedsBreadth(context, relay.targets()) ? BREADTH_EXCEEDED : null;
        } catch (SipParseException e) {
            return (Outcome.Reply) Outcome.malformed(e);
        }
    }

    /**
     * Makes the server transaction. An INVITE's 100 is sent when a branch starts (§17.2.1), so that a refusal before that is
     * the only packet.
     *
     * @param needed bytes that the request is going to take
     * @return false if another thread was faster with the same request, or if there is no room and it was turned away
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

    /** Whoever ends the transactions of a closing proxy may have gone through the table before this one was in it. */
    private void shutDownIfLate(ServerTransaction transaction) {
        if (engine.isShutDown()) {
            transaction.shutdown();
        }
    }

    /** What a request's transaction needs until a response context works on the final response. */
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
                engine.components.completed(context, LocalResponses.OVERLOADED.statusCode(), wire, List.of());
            }
        }
    }

    /** No memory is left for the request: 503 without state, or nothing if that memory is needed for those who are served. */
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
     * Sends a locally generated response. A failure before the sender has proved anything leaves no state behind and is sent once
     * for each request that arrives, be it a retransmission (§26.3.2.4); so is any response to a non-INVITE request that has no
     * transaction (§8.2.7). An INVITE of a user, of a trusted peer or in a dialog is refused reliably, until its ACK arrives.
     */
    private void answer(RequestContext context, TransactionKey key, Outcome.Reply reply) {
        byte[] wire = engine.localResponses.write(context, reply);
        int status = reply.statusCode();
        boolean withState = status < 300 || (context.isProven() && !LocalResponses.isChallenge(status));
        ServerTransaction transaction = context.transaction();
        if (transaction == null && withState && context.isInvite()) {
            transaction = openToAnswer(context, key, wire.length);
        }
        if (transaction == null) {
            respondStatelessly(context, reply, wire);
            return;
        }
        boolean sent = withState ? transaction.respond(status, wire) : transaction.refuse(status, wire);
        if (context.request().method() == Method.REGISTER) {
            transaction.abandon(); // a repeated REGISTER is harmless (§10.3 step 7) and not worth 32 s of memory
        }
        if (sent) {
            engine.refusals.refused(context, status, reply.reason(), reply.headerLines());
            engine.components.completed(context, status, wire, List.of());
        }
    }

    /** A transaction that keeps only the response; null without room for it, or if another thread was faster. */
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

    private void respondStatelessly(RequestContext context, Outcome.Reply reply, byte[] wire) {
        context.responsePath().send(wire, SendFailure.IGNORE);
        engine.refusals.refused(context, reply.statusCode(), reply.reason(), reply.headerLines());
        engine.components.completed(context, reply.statusCode(), wire, List.of());
    }
}
