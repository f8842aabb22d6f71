package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.message.Via;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.codec.ReplyWriter;
import org.sipproxy.core.internal.codec.ViaStamp;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.ClientTransaction;
import org.sipproxy.core.internal.transaction.InviteServerTransaction;
import org.sipproxy.core.internal.transaction.NonInviteServerTransaction;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transport.InboundHandler;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one message from the wire to its answer or its next hop. A request is checked, matched to its transaction,
 * decided about by the pipeline, and then answered or forwarded; a response is matched to its client transaction.
 */
final class InboundPath implements InboundHandler {

    private static final Logger LOG = LoggerFactory.getLogger(InboundPath.class);

    private static final Outcome.Reply OVERLOADED =
            (Outcome.Reply) Outcome.reply(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: 5");

    private final ProxyEngine engine;
    private final LogThrottle failures = new LogThrottle();

    InboundPath(ProxyEngine engine) {
        this.engine = engine;
    }

    @Override
    public void onMessage(byte[] wire, TransportFlow flow) {
        LoopWatch.Mark mark = engine.loopWatch.mark();
        mark.begin();
        try {
            receive(wire, flow);
        } finally {
            mark.end();
        }
    }

    private void receive(byte[] wire, TransportFlow flow) {
        if (!engine.components.accepts(flow, wire.length)) {
            engine.counters.filtered.increment();
            return;
        }
        TransportFlow from = engine.tapped(flow);
        try {
            SipMessage message = withoutTrailingBytes(SipMessage.parse(wire, engine.limits), from);
            engine.tapReceived(message, from);
            if (message instanceof SipRequest request) {
                engine.counters.requests.increment();
                accept(request, from);
            } else if (message instanceof SipResponse response) {
                engine.counters.responses.increment();
                accept(response, from);
            }
        } catch (SipParseException e) {
            engine.counters.malformed.increment();
            LOG.debug("dropped from {}: {}", from.remoteAddress(), e.getMessage());
        }
    }

    /** §18.3: what a datagram, or a WebSocket's message, holds behind its Content-Length is not part of the SIP message. */
    private SipMessage withoutTrailingBytes(SipMessage message, TransportFlow from) throws SipParseException {
        boolean cutByLength = from.kind() == TransportKind.TCP || from.kind() == TransportKind.TLS;
        if (cutByLength || message.bodyLength() == 0) {
            return message;
        }
        int line = message.firstHeader(HeaderName.CONTENT_LENGTH);
        if (line < 0 || message.nextHeader(HeaderName.CONTENT_LENGTH, line) >= 0) {
            return message;
        }
        int length = MessageSanity.contentLength(message, line);
        return length < 0 || length >= message.bodyLength()
                ? message
                : SipMessage.parse(Arrays.copyOf(message.wire(), message.bodyStart() + length), engine.limits);
    }

    // ---- requests

    private void accept(SipRequest request, TransportFlow from) throws SipParseException {
        try {
            MessageSanity.check(request);
        } catch (SipParseException e) {
            refuse(request, from, e);
            return;
        }
        TransactionKey key = TransactionKey.of(request);
        ServerTransaction transaction = engine.table.server(key);
        Method method = request.method();
        if (method == Method.ACK) {
            acknowledge(request, from, transaction);
        } else if (method == Method.CANCEL) {
            cancel(request, from, key, transaction);
        } else if (transaction != null) {
            engine.counters.retransmissions.increment();
            transaction.onRetransmission();
        } else {
            byte[] repeat = engine.table.lingering(key);
            if (repeat == null) {
                route(newContext(request, from), key);
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

    private RequestContext newContext(SipRequest request, TransportFlow from) throws SipParseException {
        ResponsePath path = engine.responsePaths.of(request.topVia(), from);
        return new RequestContext(request, from, path, engine.names, engine.clock, engine.components::publish);
    }

    /** A malformed request is answered without any state, if there is a way back. */
    private void refuse(SipRequest request, TransportFlow from, SipParseException defect) throws SipParseException {
        engine.counters.malformed.increment();
        if (request.method() == Method.ACK) {
            return;
        }
        RequestContext context = newContext(request, from);
        context.responsePath().send(write(context, (Outcome.Reply) Outcome.malformed(defect)), SendFailure.IGNORE);
    }

    /** An ACK ends at the transaction whose failure it acknowledges; that of a 2xx goes on to the callee. */
    private void acknowledge(SipRequest ack, TransportFlow from, @Nullable ServerTransaction transaction)
            throws SipParseException {
        if (transaction instanceof InviteServerTransaction invite
                && invite.isSender(ack, from.remoteAddress().getAddress())
                && invite.acknowledged()) {
            return;
        }
        if (engine.toTags.isOurs(ack)) {
            return; // of a refusal that was sent without a transaction
        }
        relayAck(newContext(ack, from), false);
    }

    private void relayAck(RequestContext context, boolean mayWait) {
        try {
            Outcome outcome = engine.pipeline.run(context, mayWait);
            if (outcome instanceof Outcome.Relay relay) {
                engine.forwarder.relayAck(context, relay.targets());
            } else if (outcome == Outcome.blocked()) {
                workers().execute(lane(context), () -> relayAck(context, true));
            }
        } catch (SipParseException e) {
            LOG.debug("ACK dropped: {}", e.getMessage());
        }
    }

    /** §9.2, §16.10: answered at once, and passed on to every branch that rings. One of another sender matches nothing. */
    private void cancel(SipRequest cancel, TransportFlow from, TransactionKey key, @Nullable ServerTransaction match)
            throws SipParseException {
        RequestContext context = newContext(cancel, from);
        ServerTransaction transaction =
                match != null && match.isSender(cancel, from.remoteAddress().getAddress()) ? match : null;
        boolean known = transaction != null || (match == null && engine.table.lingering(key) != null);
        int status = known ? StatusCode.OK : StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST;
        context.responsePath().send(engine.replyTo(context, status), SendFailure.IGNORE);
        if (transaction != null) {
            int reason = cancel.firstHeader(HeaderName.REASON);
            transaction.cancelled(
                    reason < 0
                            ? null
                            : Arrays.copyOfRange(cancel.wire(), cancel.lineStart(reason), cancel.lineEnd(reason)));
        }
    }

    private void route(RequestContext context, TransactionKey key) throws SipParseException {
        if (engine.isClosing()) {
            answer(context, key, OVERLOADED);
            return;
        }
        if (!engine.pipeline.needsTransaction() || open(context, key)) {
            decide(context, key, false);
        }
    }

    /** A step would have to wait: the rest is decided on a worker, and the client's repetitions are absorbed meanwhile. */
    private void decideOnWorker(RequestContext context, TransactionKey key) {
        if (context.transaction() == null && !open(context, key)) {
            return;
        }
        if (!workers().execute(lane(context), () -> decide(context, key, true))) {
            engine.counters.overload.increment();
            answer(context, key, OVERLOADED);
        }
    }

    /** What has one Call-ID is routed in the order in which it came. */
    private static int lane(RequestContext context) {
        try {
            return context.request().callId().hashCode();
        } catch (SipParseException e) {
            return 0; // MessageSanity has seen one
        }
    }

    private WorkerPool workers() {
        return Objects.requireNonNull(engine.workers, "a step blocks that said it never does");
    }

    private void decide(RequestContext context, TransactionKey key, boolean mayWait) {
        Outcome outcome = engine.pipeline.run(context, mayWait);
        if (outcome == Outcome.blocked()) {
            decideOnWorker(context, key);
        } else if (outcome instanceof Outcome.Reply reply) {
            answer(context, key, reply);
        } else if (outcome instanceof Outcome.Relay relay) {
            relay(context, key, relay);
        } else {
            ServerTransaction transaction = context.transaction();
            if (transaction != null) {
                transaction.abandon();
            }
        }
    }

    private void relay(RequestContext context, TransactionKey key, Outcome.Relay relay) {
        if (context.transaction() == null && !open(context, key)) {
            return;
        }
        ServerTransaction transaction = context.transaction();
        if (transaction == null) {
            throw new IllegalStateException("a request is relayed without a transaction");
        }
        try {
            engine.forwarder.relay(context, transaction, relay.targets());
        } catch (SipParseException e) {
            answer(context, key, (Outcome.Reply) Outcome.malformed(e));
        } catch (RuntimeException e) {
            failures.error(LOG, "forwarding of " + context.request().method() + " failed", e);
            answer(context, key, (Outcome.Reply) Outcome.reply(StatusCode.SERVER_INTERNAL_ERROR));
        }
    }

    /** Makes the server transaction, and sends an INVITE's 100; false if another thread was faster with the same request. */
    private boolean open(RequestContext context, TransactionKey key) {
        if (context.isInvite()) {
            InviteServerTransaction transaction =
                    new InviteServerTransaction(key, engine.table, context.responsePath());
            transaction.sentFrom(context.flow().remoteAddress().getAddress());
            if (engine.table.addIfAbsent(transaction) != null) {
                return false;
            }
            context.transaction(transaction);
            transaction.respond(StatusCode.TRYING, engine.replyTo(context, StatusCode.TRYING));
        } else {
            NonInviteServerTransaction transaction = new NonInviteServerTransaction(
                    key, engine.table, context.responsePath(), () -> engine.replyTo(context, StatusCode.TRYING));
            if (engine.table.addIfAbsent(transaction) != null) {
                return false;
            }
            context.transaction(transaction);
            transaction.start();
        }
        return true;
    }

    /**
     * Sends a response of our own. Without a transaction so far, a non-INVITE request and a challenge are answered statelessly
     * (§8.2.7, §26.3.2.4: a challenge must not cost us memory); an INVITE's refusal is repeated until its ACK comes.
     */
    private void answer(RequestContext context, TransactionKey key, Outcome.Reply reply) {
        byte[] wire = write(context, reply);
        ServerTransaction transaction = context.transaction();
        if (transaction != null) {
            transaction.respond(reply.statusCode(), wire);
            if (context.request().method() == Method.REGISTER) {
                transaction.abandon(); // a repeated REGISTER is harmless (§10.3 step 7) and not worth 32 s of memory
            }
        } else if (context.isInvite() && !isChallenge(reply.statusCode())) {
            InviteServerTransaction refused = new InviteServerTransaction(key, engine.table, context.responsePath());
            refused.sentFrom(context.flow().remoteAddress().getAddress());
            if (engine.table.addIfAbsent(refused) == null) {
                refused.respond(reply.statusCode(), wire);
            }
        } else {
            context.responsePath().send(wire, SendFailure.IGNORE);
        }
        engine.components.completed(context, reply.statusCode(), wire, List.of());
    }

    private static boolean isChallenge(int statusCode) {
        return statusCode == StatusCode.UNAUTHORIZED || statusCode == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
    }

    private byte[] write(RequestContext context, Outcome.Reply reply) {
        SipRequest request = context.received();
        return ReplyWriter.write(
                request,
                stamp(context),
                reply.statusCode(),
                reply.reason(),
                reply.statusCode() == StatusCode.TRYING ? null : engine.toTags.tag(request),
                reply.headerLines());
    }

    private static @Nullable ViaStamp stamp(RequestContext context) {
        try {
            SipRequest request = context.received();
            TransportFlow from = context.flow();
            return ViaStamp.of(
                    request.wire(),
                    request.topVia(),
                    from.remoteAddress(),
                    from.kind().isReliable());
        } catch (SipParseException e) {
            return null; // it goes back as it stands
        }
    }

    byte[] replyTo(RequestContext context, int statusCode) {
        return write(context, (Outcome.Reply) Outcome.reply(statusCode));
    }

    // ---- responses

    private void accept(SipResponse response, TransportFlow from) throws SipParseException {
        MessageSanity.checkResponse(response);
        Via via = response.topVia();
        if (Branches.isOurs(response.wire(), via)) {
            long branch = Branches.number(response.wire(), via);
            Method method = response.cseq().method();
            ClientTransaction transaction = engine.table.client(branch, method == Method.CANCEL);
            if (transaction != null && transaction.isAnsweredBy(response, via)) {
                transaction.onResponse(engine.hopCredentials.withoutChallenges(response, from));
                return;
            }
            if (response.isSuccess() && method == Method.INVITE && engine.table.isAccepted(branch)) {
                acceptLate(engine.hopCredentials.withoutChallenges(response, from), from);
                return;
            }
        }
        if (engine.components.claims(response, from)) {
            return;
        }
        engine.counters.strayResponses.increment(); // RFC 6026 §7.2: dropped, not forwarded
    }

    private void acceptLate(SipResponse response, TransportFlow from) throws SipParseException {
        ResponsePath path = engine.responsePaths.behind(response, from);
        if (path != null) {
            engine.forwarder.forwardLate(response, from, path);
        }
    }

    // ---- streams

    @Override
    public void onUnframeable(byte[] head, TransportFlow flow, String reason) {
        engine.counters.malformed.increment();
        try {
            if (SipMessage.parse(head, engine.limits.withMessageBytes(16_777_216)) instanceof SipRequest request) {
                refuse(request, engine.tapped(flow), new SipParseException(StatusCode.BAD_REQUEST, reason));
            }
        } catch (SipParseException e) {
            LOG.debug("stream from {} cannot be framed: {}", flow.remoteAddress(), reason);
        }
    }

    @Override
    public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
        boolean accepted = engine.components.acceptsConnection(remote, endpoint);
        if (!accepted) {
            engine.counters.filtered.increment();
        }
        return accepted;
    }

    @Override
    public void onNonSip(byte[] bytes, TransportFlow from) {
        if (engine.components.accepts(from, bytes.length)) {
            engine.components.onNonSip(from, bytes);
        }
    }

    @Override
    public void onClosed(TransportFlow flow) {
        // bindings look at their flow when they are used
    }
}
