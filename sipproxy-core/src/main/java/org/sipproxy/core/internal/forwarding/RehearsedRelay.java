package org.sipproxy.core.internal.forwarding;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.explain.Explanation.Branch;
import org.sipproxy.api.explain.Explanation.Connection;
import org.sipproxy.api.explain.Explanation.Group;
import org.sipproxy.api.explain.Explanation.Hop;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.HostName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * Routes of a rehearsed request: where each branch would go, and what would be added to it. Resolves names, and sends
 * nothing else.
 */
public final class RehearsedRelay {

    /** A plan may lead to another one when its user is unavailable; a plan that the host builds may be a loop. */
    private static final int MOST_PLANS = 8;

    /** Branches that are described. */
    private static final int MOST_BRANCHES = 100;

    private final RequestForwarder forwarder;
    private final RequestContext context;
    private final LongSupplier nanosLeft;
    private final BestResponse best = new BestResponse();
    private int branches;
    private boolean reachable;

    /**
     * @param flows the flows that would be chosen; opens no connections
     * @param nanosLeft how long names may still be looked up, in nanoseconds
     */
    public RehearsedRelay(
            RequestForwarder forwarder, FlowSource flows, RequestContext context, LongSupplier nanosLeft) {
        this.forwarder = forwarder.over(flows);
        this.context = context;
        this.nanosLeft = nanosLeft;
    }

    /**
     * Result of a relay.
     *
     * @param groups the groups of targets
     * @param failure the status that the proxy would respond with, because no target can be reached; 0 if one can be
     * @param why the reason for the failure
     */
    public record Routes(List<Group> groups, int failure, String why) {}

    /** Finds the routes of a relay; if no target can be reached, those of the plan's rules for that. */
    public Routes of(Outcome.Relay relay) throws SipParseException {
        List<Group> groups = new ArrayList<>();
        RelayPlan plan = relay.plan();
        List<Target> targets = relay.targets();
        Outcome.Unavailable unavailable = relay.unavailable();
        FailureCause cause = unavailable == null ? FailureCause.UNREACHABLE : unavailable.cause();
        if (unavailable != null) {
            best.offerGenerated(unavailable.statusCode(), context.failure());
        }
        for (int i = 0; i < MOST_PLANS; i++) {
            groups.addAll(groups(targets, plan == null ? null : plan.ringTime().orElse(null)));
            RelayPlan.Reaction reaction = reachable || plan == null
                    ? null
                    : plan.reactionTo(cause, best.generatedStatus()).orElse(null);
            if (reaction instanceof RelayPlan.Reaction.Respond respond) {
                return new Routes(groups, respond.response().statusCode(), "by a rule of the plan");
            }
            if (!(reaction instanceof RelayPlan.Reaction.Relay next)) {
                if (reaction != null) {
                    context.note("failure stage", "would decide; it is not called");
                }
                break;
            }
            plan = next.plan();
            targets = plan.targets();
            cause = FailureCause.UNREACHABLE;
        }
        int status = best.generatedStatus() == 0 ? StatusCode.SERVER_INTERNAL_ERROR : best.generatedStatus();
        return new Routes(groups, reachable ? 0 : status, best.why());
    }

    private List<Group> groups(List<Target> targets, @Nullable Duration ringTime) throws SipParseException {
        int breadth = Math.max(RequestForwarder.breadthOf(context), targets.size());
        List<List<Target>> ordered = new ArrayList<>();
        ResponseContext.group(targets, Math.max(1, breadth), ordered);
        long loopHash = forwarder.branches.loopHash(context.received());
        int share = breadth / Math.max(1, targets.size());
        List<Group> groups = new ArrayList<>();
        for (List<Target> group : ordered) {
            List<Branch> described = new ArrayList<>();
            for (Target target : group) {
                if (branches++ < MOST_BRANCHES) {
                    described.add(branch(target, loopHash, share));
                }
            }
            groups.add(new Group(Optional.ofNullable(ringTime), described));
        }
        return groups;
    }

    private Branch branch(Target target, long loopHash, int breadth) {
        String uri = target.uri().toString();
        try {
            TargetRoute route =
                    new TargetRoute(forwarder, context, context.request(), target, loopHash, Math.max(1, breadth));
            if (route.needsLookUp()) {
                lookUp(route);
            }
            List<Hop> hops = new ArrayList<>();
            List<String> added = List.of();
            for (TargetRoute.Attempt next = route.next(); next != null; next = route.next()) {
                if (hops.isEmpty()) {
                    SipRequest sent = parsed(next.wire());
                    uri = sent.requestUri().toString();
                    added = added(sent);
                }
                hops.add(hop(next.flow()));
            }
            if (hops.isEmpty()) {
                best.offerGenerated(route.failureStatus(), route.why());
                return new Branch(uri, hops, route.failureStatus() + ", " + route.why(), added);
            }
            reachable = true;
            return new Branch(uri, hops, "", added);
        } catch (SipParseException e) {
            best.offerGenerated(e.statusCode(), String.valueOf(e.getMessage()));
            return new Branch(uri, List.of(), e.statusCode() + ", " + e.getMessage(), List.of());
        }
    }

    private void lookUp(TargetRoute route) throws SipParseException {
        CompletableFuture<Runnable> found = new CompletableFuture<>();
        route.lookUp(new NextHopResolver.Callback() {
            @Override
            public void resolved(List<NextHop> nextHops) {
                found.complete(() -> route.found(nextHops));
            }

            @Override
            public void failed(ResolutionFailure failure) {
                found.complete(() -> route.notFound(failure));
            }
        });
        ResolutionFailure late =
                new ResolutionFailure(ResolutionFailure.Reason.DNS_FAILED, "the look-up has not ended in time");
        try {
            found.get(Math.max(0, nanosLeft.getAsLong()), TimeUnit.NANOSECONDS).run();
        } catch (TimeoutException | ExecutionException e) {
            route.notFound(late);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            route.notFound(late);
        }
    }

    private static Hop hop(TransportFlow flow) {
        InetSocketAddress remote = flow.remoteAddress();
        Connection connection = !flow.kind().isReliable()
                ? Connection.DATAGRAM
                : flow.connectionId().isPresent() ? Connection.OPEN : Connection.NEW;
        return new Hop(
                flow.kind(), HostName.literal(remote.getAddress()), remote.getPort(), flow.endpoint(), connection);
    }

    private SipRequest parsed(byte[] wire) throws SipParseException {
        ParseLimits limits =
                context.request().limits().toBuilder().messageBytes(16_777_216).build();
        return (SipRequest) SipMessage.parse(wire, limits);
    }

    /** Returns the Via and the Record-Route that this proxy adds. */
    private List<String> added(SipRequest sent) {
        List<String> lines = new ArrayList<>();
        lines.add(line(sent, sent.firstHeader(HeaderName.VIA)));
        int more = sent.headers(HeaderName.RECORD_ROUTE).size()
                - context.request().headers(HeaderName.RECORD_ROUTE).size();
        int at = sent.firstHeader(HeaderName.RECORD_ROUTE);
        for (int i = 0; i < more && at >= 0; i++) {
            lines.add(line(sent, at));
            at = sent.nextHeader(HeaderName.RECORD_ROUTE, at);
        }
        return lines;
    }

    private static String line(SipRequest request, int header) {
        byte[] bytes = request.index()
                .copy(request.index().lineStart(header), request.index().lineEnd(header));
        return new String(bytes, StandardCharsets.UTF_8).strip();
    }
}
