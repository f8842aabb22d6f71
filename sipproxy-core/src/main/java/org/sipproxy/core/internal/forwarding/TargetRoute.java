package org.sipproxy.core.internal.forwarding;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * Route of one request to one target: the candidates that lead to it, in the order in which they are tried. Used for
 * INVITE, ACK and every other request.
 *
 * <ol>
 * <li>the connection that the target opened over TLS or as a WebSocket (RFC 5626 §5.3), or the flow of a client behind
 *     a NAT; such a client cannot be reached in any other way
 * <li>the next hops of the topmost Route or of the Request-URI in the order of RFC 3263 §4, each over TCP first if the
 *     request is too large for a datagram (RFC 3261 §18.1.1)
 * <li>the connection over which the target registered
 * <li>the next hops that failed recently
 * <li>within a dialog, the UDP address from which the target registered, if nothing of the above could be sent: a phone may
 *     name a transport that this proxy does not serve
 * </ol>
 *
 * <p>Not thread-safe: a branch uses it under the lock of its server transaction.
 */
final class TargetRoute {

    /**
     * A request that is ready to be sent.
     *
     * @param branch the number of its client transaction
     * @param hop null if {@code flow} already existed
     */
    record Attempt(
            long branch,
            byte[] wire,
            TransportFlow flow,
            @Nullable NextHop hop) {}

    private final RequestForwarder forwarder;
    private final RequestContext context;
    private final SipRequest request;
    private final Target target;
    private final long loopHash;
    private final int breadth;
    private final Sender sender;
    /** The listening point to send from; null to use the one that leads to the target. */
    private final @Nullable Endpoint point;

    private @Nullable TransportFlow direct;
    /** True if no next hop leads to the target, so that none is looked up. */
    private boolean withoutHops;

    private @Nullable TransportFlow registered;
    /** UDP flow of a target that names another transport: for a request that no next hop could take. */
    private @Nullable TransportFlow lastResort;

    /** Null until they are known. */
    private @Nullable List<NextHop> hops;
    /** The same next hops in the order in which they were found. */
    private List<NextHop> found = List.of();

    private int at;
    /** How many of {@link #hops} are tried before {@link #registered}. */
    private int preferred;
    /** The next hop to send to over UDP if the TCP attempt fails. */
    private @Nullable NextHop datagram;

    /** True if the address of a next hop was refused. Then no failure may reveal what listens there. */
    private boolean refused;

    private boolean overloaded;
    /** Why no candidate leads to the target. */
    private String why = "no flow leads to the client";

    /**
     * @param request the context's request, or the edit of it for this target
     * @param breadth the Max-Breadth of the request that is sent
     */
    TargetRoute(
            RequestForwarder forwarder,
            RequestContext context,
            SipRequest request,
            Target target,
            long loopHash,
            int breadth)
            throws SipParseException {
        this.forwarder = forwarder;
        this.context = context;
        this.request = request;
        this.target = target;
        this.loopHash = loopHash;
        this.breadth = breadth;
        this.sender = context.senderTo(RequestWriter.writtenHopUri(context, target), target);
        this.point = point();
        chooseFlows();
    }

    /** Returns the listening point where the client registered, or that the dialog's Route names for its side. */
    private @Nullable Endpoint point() {
        Flow flow = target.flow();
        if (flow != null) {
            return flow.endpoint();
        }
        Endpoint socket = target.socket();
        return socket == null ? context.dialog().point() : forwarder.flows.pointNamed(socket);
    }

    // ---- existing flows

    private void chooseFlows() throws SipParseException {
        if (!target.routes().isEmpty() || !context.remainingRoutes().isEmpty()) {
            TransportFlow ofPath = target.routes().isEmpty() ? null : usable(flowOf(target));
            registered = ofPath != null && ofPath.kind().isReliable() ? ofPath : null;
            return; // a Route leads elsewhere
        }
        boolean known = target.flow() != null || target.received() != null;
        TransportFlow flow = usable(known ? flowOf(target) : context.dialog().registeredFlow());
        TransportFlow own = known ? flow : usable(context.dialog().flow());
        direct = own != null && own.isPeerInitiated() ? own : flow != null && flow.isPeerInitiated() ? flow : null;
        if (direct != null) {
            withoutHops = true;
            registered = flow != direct ? flow : null;
        } else if (target.received() != null) {
            throughNat();
        } else if (flow != null && flow.kind().isReliable()) {
            registered = flow;
        } else if (!known) {
            lastResort = usable(context.dialog().registeredDatagrams());
        }
    }

    private static @Nullable TransportFlow flowOf(Target target) {
        return target.flow() instanceof TransportFlow flow ? flow : null;
    }

    /** Returns the flow if it is open, and has TLS if the request is for a sips URI (§26.2.2); otherwise null. */
    private @Nullable TransportFlow usable(@Nullable TransportFlow flow) throws SipParseException {
        return flow != null && flow.isOpen() && (flow.kind().isSecure() || !RequestWriter.isSecured(context, target))
                ? flow
                : null;
    }

    /**
     * Chooses the flow over which a client behind a NAT registered, otherwise its source address. A NAT does not admit
     * incoming connections, so a stream has to exist already. If the client has reconnected within a dialog, its
     * current registration's connection is chosen.
     */
    private void throughNat() throws SipParseException {
        TransportFlow flow = flowOf(target);
        if (flow == null || !flow.isOpen()) {
            flow = flowToReceived();
        }
        direct = usable(flow);
        withoutHops = flow != null || !isAtItsSource();
        TransportFlow reconnected = flow == null ? usable(context.dialog().registeredFlow()) : null;
        if (reconnected != null && (withoutHops || reconnected.isPeerInitiated())) {
            direct = reconnected;
            withoutHops = true;
        } else {
            registered = reconnected;
        }
    }

    private @Nullable TransportFlow flowToReceived() {
        SipUri received = target.received();
        NextHop hop = received == null ? null : forwarder.resolver.numeric(received);
        if (hop == null) {
            return null;
        }
        if (hop.kind().isReliable()) {
            return forwarder.flows.connectionSeen(hop, target.seenAtMillis());
        }
        try {
            return forwarder.flows.flowTo(hop, context.flow(), point, Sender.HOST); // a client's source address
        } catch (RefusedAddressException e) {
            return null;
        }
    }

    /**
     * Returns true if the contact names the client's source address: then there is no NAT in between, and a connection
     * to the client can be opened.
     */
    private boolean isAtItsSource() {
        SipUri received = target.received();
        Optional<InetAddress> address = target.uri().numericHost();
        return received != null && address.isPresent() && address.equals(received.numericHost());
    }

    // ---- next hops

    /** Returns true if {@link #lookUp} must be called before {@link #next}. */
    boolean needsLookUp() throws SipParseException {
        if (direct != null || withoutHops || hops != null) {
            return false;
        }
        NextHop hop = forwarder.resolver.numeric(RequestWriter.nextHopUri(context, target));
        if (hop == null) {
            return true;
        }
        found(List.of(hop));
        return false;
    }

    /**
     * Looks up the next hops. {@code done} is called once, on any thread; it calls {@link #found} or {@link #notFound}.
     */
    void lookUp(NextHopResolver.Callback done) throws SipParseException {
        forwarder.resolver.resolve(RequestWriter.nextHopUri(context, target), sender, done);
    }

    /** Accepts the result of {@link #lookUp}. */
    void found(List<NextHop> nextHops) {
        found = nextHops;
        List<NextHop> ordered = nextHops.size() == 1 ? nextHops : forwarder.failedHops.last(nextHops);
        int good = ordered.size();
        while (registered != null && good > 0 && forwarder.failedHops.contains(ordered.get(good - 1))) {
            good--;
        }
        hops = ordered;
        preferred = good;
    }

    /** Records that {@link #lookUp} failed. */
    void notFound(ResolutionFailure failure) {
        why = "no next hop: '" + failure.text() + "'";
        overloaded = failure.reason() == Reason.OVERLOADED;
        found(List.of());
    }

    /** Returns the next candidate; null if none is left. */
    @Nullable
    Attempt next() throws SipParseException {
        TransportFlow flow = direct;
        direct = null;
        if (flow != null) {
            return attempt(flow, null);
        }
        Attempt attempt = nextDatagram();
        while (attempt == null && hasHops()) {
            attempt = nextHop();
        }
        flow = lastResort;
        if (attempt != null || flow == null || refused) {
            return attempt;
        }
        lastResort = null;
        return flow.isOpen() ? attempt(flow, null) : null;
    }

    private boolean hasHops() {
        return at < hops().size() || registered != null;
    }

    private List<NextHop> hops() {
        List<NextHop> known = hops;
        return known == null ? List.of() : known;
    }

    private @Nullable Attempt nextDatagram() throws SipParseException {
        NextHop hop = datagram;
        datagram = null;
        TransportFlow flow = hop == null ? null : flowTo(hop);
        return flow == null ? null : attempt(flow, hop);
    }

    private @Nullable Attempt nextHop() throws SipParseException {
        if (at == preferred && registered != null) {
            TransportFlow flow = registered;
            registered = null;
            return flow.isOpen() ? attempt(flow, null) : null;
        }
        NextHop hop = hops().get(at++);
        TransportFlow flow = flowTo(hop);
        if (flow == null) {
            return null;
        }
        Attempt attempt = attempt(flow, hop);
        TransportFlow stream = isTooLarge(attempt) ? streamInsteadOf(hop) : null;
        if (stream == null) {
            return attempt;
        }
        datagram = hop; // if TCP fails: a large datagram is better than none
        return attempt(stream, new NextHop(TransportKind.TCP, hop.address()));
    }

    private boolean isTooLarge(Attempt attempt) {
        int largest = forwarder.nextHops.largestUdpRequest();
        return largest > 0 && attempt.wire().length > largest && attempt.flow().kind() == TransportKind.UDP;
    }

    private @Nullable TransportFlow streamInsteadOf(NextHop hop) {
        NextHop stream = new NextHop(TransportKind.TCP, hop.address());
        try {
            return forwarder.failedHops.contains(stream)
                    ? forwarder.flows.openConnection(stream)
                    : forwarder.flows.promptStreamTo(hop, context.flow(), point, sender);
        } catch (RefusedAddressException e) {
            return null;
        }
    }

    private @Nullable TransportFlow flowTo(NextHop hop) {
        if (isAnothersConnection(hop)) {
            why = "the connection from " + text(hop) + " is not the one that the client registered over";
            return null;
        }
        try {
            TransportFlow flow = hop.kind() == TransportKind.TCP && registered != null
                    ? forwarder.flows.promptStreamTo(hop, context.flow(), point, sender)
                    : forwarder.flows.flowTo(hop, context.flow(), point, sender);
            if (flow == null) {
                why = "no listening point or connection leads to " + text(hop);
            }
            return flow;
        } catch (RefusedAddressException e) {
            refused = true;
            why = "refused: " + e.getMessage();
            return null;
        }
    }

    /**
     * Returns true if a client has connected from the address of the next hop, and the target registered over another
     * connection: the port may be that of an earlier connection of the target, and another client may have got it.
     */
    private boolean isAnothersConnection(NextHop hop) {
        TransportFlow own = registered;
        TransportFlow open =
                own == null || hop.kind() != TransportKind.TCP ? null : forwarder.flows.openConnection(hop);
        return own != null
                && open != null
                && open.isAccepted()
                && own.isOpen()
                && !open.connectionId().equals(own.connectionId());
    }

    private Attempt attempt(TransportFlow flow, @Nullable NextHop hop) throws SipParseException {
        long branch = forwarder.branches.next();
        SipRequest common = context.exchange(request);
        try {
            byte[] wire = forwarder.writer.write(context, target, flow, branch, loopHash, breadth);
            return new Attempt(branch, wire, flow, hop);
        } finally {
            context.exchange(common);
        }
    }

    private static String text(NextHop hop) {
        return text(hop.kind(), hop.address());
    }

    private static String text(TransportKind kind, InetSocketAddress address) {
        InetAddress host = address.getAddress();
        return kind.lowerCase() + ":" + (host == null ? "-" : HostName.text(host)) + ":" + address.getPort();
    }

    // ---- results of an attempt

    /** Records that nothing could be sent, or that the connection was lost before the response. */
    void notSent(Attempt attempt, Throwable cause) {
        String place = textOf(attempt);
        String said = cause.getMessage();
        if (said != null && said.contains(place)) {
            why = said;
        } else {
            why = "not sent to " + place + ": '"
                    + (said == null ? cause.getClass().getSimpleName() : said) + "'";
        }
    }

    /** Records that the time for a response has passed. */
    void timedOut(Attempt attempt) {
        why = "no final response from " + textOf(attempt);
    }

    private static String textOf(Attempt attempt) {
        return text(attempt.flow().kind(), attempt.flow().remoteAddress());
    }

    /** Returns why {@link #next} has no further candidate: which one failed last and how, for a log line. */
    String why() {
        return why;
    }

    /**
     * Moves on after the server has responded or timed out: another server may be tried, but not the same one over UDP
     * (§18.1.1).
     */
    void nextServer() {
        datagram = null;
        lastResort = null;
    }

    /** Returns true if {@link #nextServer} leaves a server to be tried. */
    boolean hasNextServer() {
        return at < hops().size();
    }

    /** Returns true if {@link #next} may have a candidate. */
    boolean hasNext() {
        return direct != null
                || datagram != null
                || registered != null
                || lastResort != null
                || hasNextServer()
                || mayLookUp();
    }

    private boolean mayLookUp() {
        return hops == null && !withoutHops;
    }

    /** Records that the call was accepted: its ACK skips the next hops that its INVITE has skipped. */
    void accepted(Attempt attempt) {
        NextHop used = attempt.hop();
        for (NextHop hop : found) {
            if (used != null && hop.address().equals(used.address())) {
                return;
            }
            forwarder.failedHops.failed(hop);
        }
    }

    /**
     * Returns the status for a target to which no candidate leads (§16.9). Only too many look-ups are this proxy's own
     * problem: 503.
     */
    int failureStatus() {
        boolean known = context.isRegistered(target);
        if (refused) {
            return known ? StatusCode.TEMPORARILY_UNAVAILABLE : StatusCode.FORBIDDEN;
        } else if (overloaded) {
            return StatusCode.SERVICE_UNAVAILABLE;
        } else if (isConnectionOfADialog()) {
            return StatusCode.FLOW_FAILED;
        } else if (known) {
            return StatusCode.TEMPORARILY_UNAVAILABLE;
        }
        return context.dialog().needsFlow() ? StatusCode.FLOW_FAILED : StatusCode.SERVER_INTERNAL_ERROR;
    }

    /** Returns true if the remote target of a dialog is behind a NAT, and reachable only over its connection. */
    private boolean isConnectionOfADialog() {
        SipUri received = target.received();
        return received != null
                && context.isOnward()
                && !context.isOfCalledUser(target)
                && TransportKind.of(received.parameter("transport").orElse("udp"))
                        .filter(TransportKind::isReliable)
                        .isPresent();
    }
}
