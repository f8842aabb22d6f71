package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.explain.Explanation;
import org.sipproxy.api.explain.Explanation.Result;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.transport.ArrivalDecision;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.call.CallTracker;
import org.sipproxy.core.internal.forwarding.RehearsedRelay;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.Rehearsal;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.pipeline.RequestPipeline;
import org.sipproxy.core.internal.thirdparty.DialogToken;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.message.HostName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * Explains what the proxy would do with a request: the filters, the sanity checks, the pipeline and the routes that
 * serve requests decide about it, and nothing is sent, stored or counted. Thread-safe. A rehearsal runs on the thread
 * of the caller.
 */
final class RequestExplainer {

    /** Rehearsals at a time. They compete with requests for processors and the database. */
    static final int CONCURRENT = 4;

    /** Time for name look-ups after the decision, as for a request. */
    private static final long LOOK_UPS_NANOS = TimeUnit.SECONDS.toNanos(6);

    private final ProxyEngine engine;
    private final RequestDispatcher requests;
    private final RequestPipeline pipeline;
    private final Semaphore places = new Semaphore(CONCURRENT);

    RequestExplainer(ProxyEngine engine, RequestDispatcher requests) {
        this.engine = engine;
        this.requests = requests;
        this.pipeline = engine.pipeline.rehearsed();
    }

    /**
     * Explains a request.
     *
     * @throws IllegalArgumentException if the request is not complete, or no listening point leads to its sender
     * @throws IllegalStateException if {@value #CONCURRENT} explanations are in progress
     */
    Explanation explain(ExplainRequest asked) {
        if (!places.tryAcquire()) {
            throw new IllegalStateException(
                    "explain: " + CONCURRENT + " explanations are in progress; try again in a moment");
        }
        try {
            long deadline = engine.deadline();
            Explanation[] result = new Explanation[1];
            RequestDeadline.run(deadline, () -> result[0] = new Run(asked, deadline).explain());
            return result[0];
        } finally {
            places.release();
        }
    }

    /** One explanation. */
    private final class Run {

        private final byte[] wire;
        private final @Nullable SipMessage message;
        private final @Nullable SipParseException unreadable;
        private final RehearsalFlow flow;
        private final Rehearsal rehearsal;
        private @Nullable RequestContext current;

        Run(ExplainRequest asked, long deadlineNanos) {
            this.wire = RehearsedText.of(asked);
            SipMessage parsed = null;
            SipParseException defect = null;
            try {
                parsed = SipMessage.parse(wire, engine.limits);
            } catch (SipParseException e) {
                defect = e;
            }
            this.message = parsed;
            this.unreadable = defect;
            this.flow = flow(asked, parsed);
            this.rehearsal = new Rehearsal(asked.assumedUser().orElse(null), stage -> {
                RequestContext context = current;
                if (context == null) {
                    throw new IllegalStateException("a stage waits before there is a request");
                }
                return StageWait.run(engine, context, stage, deadlineNanos);
            });
        }

        private RehearsalFlow flow(ExplainRequest asked, @Nullable SipMessage parsed) {
            TransportKind kind =
                    asked.transport().orElseGet(() -> parsed == null ? TransportKind.UDP : RehearsedText.kind(parsed));
            InetSocketAddress source = asked.source()
                    .or(() -> parsed == null ? Optional.empty() : RehearsedText.sender(parsed))
                    .orElseThrow(() -> new IllegalArgumentException(
                            "source: missing, and the topmost Via does not name a numeric address; name the address"
                                    + " of the sender"));
            RehearsalFlow found = engine.points().rehearsalFlow(kind, source);
            if (found == null) {
                throw new IllegalArgumentException("transport: no listening point of this proxy has "
                        + kind.lowerCase() + " and the address family of " + HostName.literal(source.getAddress())
                        + "; it has " + engine.boundEndpoints());
            }
            return found;
        }

        Explanation explain() {
            Result result = decide();
            return new Explanation(requestLine(), source(), flow.endpoint(), rehearsal.decisions(), result);
        }

        private String requestLine() {
            int end = 0;
            while (end < Math.min(wire.length, 256) && wire[end] != '\r' && wire[end] != '\n') {
                end++;
            }
            return new String(wire, 0, end, StandardCharsets.UTF_8);
        }

        private String source() {
            InetSocketAddress remote = flow.remoteAddress();
            return flow.kind().lowerCase() + ":" + HostName.literal(remote.getAddress()) + ":" + remote.getPort();
        }

        private Result decide() {
            for (ArrivalDecision filter : engine.components.rehearse(flow, wire.length)) {
                rehearsal.note("because", filter.why());
                rehearsal.decided(
                        filter.filter() + " (arrival)", filter.accepts() ? "accepts the sender" : "drops it unread");
                if (!filter.accepts()) {
                    return new Explanation.Discard(Components.filteredBy(filter.filter()));
                }
            }
            try {
                return readable();
            } catch (SipParseException e) {
                return unreadable(e);
            }
        }

        private Result unreadable(SipParseException e) {
            String why = String.valueOf(e.getMessage());
            rehearsal.decided("MessageSanity", "drops it: unreadable: " + why);
            return new Explanation.Discard("unreadable: " + why);
        }

        private Result readable() throws SipParseException {
            if (unreadable != null) {
                throw unreadable;
            }
            if (!(message instanceof SipRequest request)) {
                throw new IllegalArgumentException("text: a response; only requests can be explained");
            }
            try {
                MessageSanity.check(request);
            } catch (SipParseException e) {
                return malformed(request, e);
            }
            rehearsal.decided("MessageSanity", "well-formed");
            RequestContext context = engine.newContext(request, flow, rehearsal);
            current = context;
            Result early = matched(context, request);
            return early != null ? early : route(context);
        }

        private Result malformed(SipRequest request, SipParseException e) throws SipParseException {
            Outcome.Respond response = Outcome.malformed(e);
            request.topVia(); // without one there is no path for a response
            rehearsal.note("defect", String.valueOf(e.getMessage()));
            if (request.method() == Method.ACK) {
                rehearsal.decided("MessageSanity", "drops the ACK");
                return new Explanation.Discard("malformed ACK: " + e.getMessage());
            }
            rehearsal.decided("MessageSanity", "responds " + response.statusCode() + " " + response.reason());
            return result(response);
        }

        /** Returns the result for a request that belongs to a transaction or to a call of the proxy itself. */
        private @Nullable Result matched(RequestContext context, SipRequest request) throws SipParseException {
            TransactionKey key = TransactionKey.of(request);
            ServerTransaction transaction = engine.table.server(key);
            boolean lingers = transaction == null && engine.table.lingering(key) != null;
            if (request.method() == Method.CANCEL) {
                boolean known = lingers
                        || (transaction != null
                                && transaction.isSender(
                                        request, flow.remoteAddress().getAddress()));
                int status = known ? StatusCode.OK : StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST;
                rehearsal.decided("transaction", known ? "cancels its INVITE" : "matches no INVITE of this sender");
                return result(Outcome.respond(status));
            }
            if (request.method() == Method.ACK && engine.localResponses.acknowledges(request)) {
                rehearsal.decided("transaction", "acknowledges a refusal of this proxy");
                return new Explanation.Discard("the ACK of a refusal ends at this proxy");
            }
            if (transaction != null || lingers) {
                rehearsal.decided(
                        "transaction",
                        "would be absorbed as a retransmission; what follows is for a new request with this text");
            }
            boolean isOfDialog = DialogToken.isIn(request) && request.hasToTag();
            if (isOfDialog && engine.thirdPartyCalls.knows(request)) {
                rehearsal.decided("third-party call", "is handled by the call of this proxy that it belongs to");
                return new Explanation.Discard("belongs to a call that this proxy has set up");
            }
            if (isOfDialog && request.method() != Method.ACK && RequestDispatcher.isForThisProxyItself(context)) {
                rehearsal.decided("third-party call", "belongs to no call of this proxy");
                return result(RequestDispatcher.NO_SUCH_CALL);
            }
            if (engine.isDraining() && request.method() != Method.ACK && requests.startsSomething(request)) {
                rehearsal.decided("drain", "responds 503: the proxy drains");
                return result(LocalResponses.OVERLOADED);
            }
            return null;
        }

        private Result route(RequestContext context) throws SipParseException {
            Outcome outcome = context.patience().waiting(() -> pipeline.run(context, true));
            if (!(outcome instanceof Outcome.Relay relay)) {
                return ended(context, outcome);
            }
            if (context.isAck()) {
                return forward(context, relay);
            }
            Outcome.Respond refusal = RequestDispatcher.breadthRefusal(context, relay);
            if (refusal != null) {
                rehearsal.decided("Max-Breadth", "responds 440: more targets than the request allows");
                return result(refusal);
            }
            CallTracker calls = engine.callTracker;
            Outcome tracked = calls == null ? relay : calls.rehearse(context, relay);
            if (calls != null) {
                rehearsal.decided(
                        "calls",
                        tracked instanceof Outcome.Respond response
                                ? "responds " + response.statusCode() + " " + response.reason()
                                : "passes");
            }
            return tracked instanceof Outcome.Relay left ? forward(context, left) : ended(context, tracked);
        }

        private Result ended(RequestContext context, Outcome outcome) {
            if (outcome instanceof Outcome.Respond response) {
                return context.isAck()
                        ? new Explanation.Discard(
                                "an ACK gets no response (" + response.statusCode() + " " + response.reason() + ")")
                        : result(response);
            }
            return new Explanation.Discard(
                    outcome instanceof Outcome.Discard discard ? discard.why() : "no decision: " + outcome);
        }

        private Result forward(RequestContext context, Outcome.Relay relay) throws SipParseException {
            long end = System.nanoTime() + LOOK_UPS_NANOS;
            RehearsedRelay.Routes routes = new RehearsedRelay(
                            engine.forwarder,
                            new RehearsalFlows(engine.points()),
                            context,
                            () -> end - System.nanoTime())
                    .of(relay);
            if (relay.plan() != null) {
                rehearsal.note("plan", "its edits and failure stages are not called");
            }
            routes.groups().forEach(group -> group.branches().forEach(this::note));
            if (routes.failure() == 0 || context.isAck()) {
                rehearsal.decided("forwarding", routes.failure() == 0 ? "finds a next hop" : routes.why());
                return new Explanation.Relay(routes.groups());
            }
            rehearsal.decided(
                    "forwarding",
                    "responds " + routes.failure() + " " + StatusCode.reasonPhrase(routes.failure())
                            + (routes.why().isEmpty() ? "" : ": " + routes.why()));
            return result(Outcome.respond(routes.failure()));
        }

        private void note(Explanation.Branch branch) {
            rehearsal.note(
                    "branch",
                    branch.requestUri() + " -> "
                            + (branch.hops().isEmpty()
                                    ? "unreachable: " + branch.failure()
                                    : branch.hops().get(0)));
        }
    }

    private static Result result(Outcome.Respond response) {
        String lines = new String(response.headerLines(), StandardCharsets.UTF_8);
        return new Explanation.Response(
                response.statusCode(),
                response.reason(),
                lines.lines().filter(line -> !line.isEmpty()).toList());
    }
}
