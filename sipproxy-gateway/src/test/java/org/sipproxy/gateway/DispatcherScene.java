package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.routing.BranchResult;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipResponse;
import org.sipproxy.testkit.fakes.FakeFailureContext;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRequestClient;
import org.sipproxy.testkit.fakes.FakeResponseContext;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Dispatchers on a fake proxy, with two members in the set {@code pstn}. */
final class DispatcherScene implements AutoCloseable {

    static final Instant START = FakeStageContext.START;
    static final Verdict UNAVAILABLE = Verdict.respond(503, "Service Unavailable", "Retry-After: 10");

    final FakeRuntime proxy = new FakeRuntime(START);
    final List<MemberChange> changes = new ArrayList<>();
    private final List<Dispatcher> started = new ArrayList<>();

    static GatewaySet.Builder pair() {
        return GatewaySet.named("pstn").member("sip:192.0.2.10").member("sip:192.0.2.11:5080");
    }

    Dispatcher.Builder builder(GatewaySet.Builder set) {
        return Dispatcher.builder().set(set.build()).onChange(changes::add);
    }

    @Override
    public void close() {
        started.forEach(Dispatcher::close);
    }

    FakeHooks start(Dispatcher dispatcher) {
        started.add(dispatcher);
        return FakeHooks.of(dispatcher, proxy);
    }

    static FakeStageContext request(String method, String uri) {
        return FakeStageContext.of("""
                %s %s SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
                Max-Forwards: 70
                From: <sip:bob@example.org>;tag=from
                To: <sip:someone@example.org>
                Call-ID: 1
                CSeq: 1 %s
                Content-Length: 0
                """.formatted(method, uri, method)).from("203.0.113.7");
    }

    static FakeStageContext unknown(String uri) {
        return request("INVITE", uri).unavailable(FailureCause.UNKNOWN_USER);
    }

    /** An INVITE of an authenticated user to a URI that is not a user of the proxy. */
    static FakeStageContext outgoing(String uri) {
        return byUser(unknown(uri));
    }

    static FakeStageContext byUser(FakeStageContext context) {
        context.authenticated("bob", "example.org", -1);
        return context;
    }

    static RelayPlan plan(Verdict verdict) {
        assertThat(verdict).isInstanceOf(Verdict.Relay.class);
        return ((Verdict.Relay) verdict).plan();
    }

    static String target(Verdict verdict) {
        return plan(verdict).targets().get(0).uri().toString();
    }

    static MemberStatus status(Dispatcher dispatcher, int index) {
        return dispatcher.status().get(index);
    }

    static Verdict fail(RelayPlan plan, FakeStageContext call, BranchResult... results) throws Exception {
        FakeFailureContext context = new FakeFailureContext(call.request(), results[0]);
        for (int i = 1; i < results.length; i++) {
            context.then(results[i]);
        }
        RelayPlan.Reaction reaction =
                plan.reactionTo(context.cause(), context.statusCode()).orElse(null);
        return reaction instanceof RelayPlan.Reaction.Decide decide
                ? decide.stage().handle(context)
                : Verdict.proceed();
    }

    static BranchResult silent(RelayPlan plan) {
        return new BranchResult(plan.targets().get(0), FailureCause.UNREACHABLE, 408, Optional.empty(), false);
    }

    static BranchResult responded(RelayPlan plan, int status, boolean rang, String... lines) {
        SipResponse response = FakeResponseContext.of("SIP/2.0 " + status + " X\n"
                        + "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>;tag=2\n"
                        + "Call-ID: 1\nCSeq: 1 INVITE\n" + String.join("\n", lines) + (lines.length > 0 ? "\n" : "")
                        + "Content-Length: 0\n")
                .response();
        return new BranchResult(
                plan.targets().get(0), FailureCause.ofStatus(status), status, Optional.of(response), rang);
    }

    FakeRequestClient.Sent nextProbe() {
        proxy.requests().sent().clear();
        proxy.advance(Duration.ofSeconds(10));
        assertThat(proxy.requests().sent()).hasSize(1);
        return proxy.requests().sent().get(0);
    }

    Dispatcher single(GatewaySet.Builder options) {
        Dispatcher dispatcher = builder(options.member("sip:192.0.2.10")).build();
        start(dispatcher);
        return dispatcher;
    }
}
