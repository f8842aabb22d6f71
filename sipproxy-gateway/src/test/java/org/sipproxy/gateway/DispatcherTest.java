package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.routing.BranchResult;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeFailureContext;
import org.sipproxy.testkit.fakes.FakeFlow;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRequestClient;
import org.sipproxy.testkit.fakes.FakeResponseContext;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class DispatcherTest {

    private static final Instant START = FakeStageContext.START;
    private static final Verdict UNAVAILABLE = Verdict.respond(503, "Service Unavailable", "Retry-After: 10");

    private final FakeRuntime proxy = new FakeRuntime(START);
    private final List<MemberChange> changes = new ArrayList<>();
    private final List<Dispatcher> started = new ArrayList<>();
    private final List<Gateway> rows = new ArrayList<>();

    private static GatewaySet.Builder pair() {
        return GatewaySet.named("pstn").member("sip:192.0.2.10").member("sip:192.0.2.11:5080");
    }

    private Dispatcher.Builder builder(GatewaySet.Builder set) {
        return Dispatcher.builder().set(set.build()).onChange(changes::add);
    }

    @AfterEach
    void close() {
        started.forEach(Dispatcher::close);
    }

    private FakeHooks start(Dispatcher dispatcher) {
        started.add(dispatcher);
        return FakeHooks.of(dispatcher, proxy);
    }

    private static FakeStageContext request(String method, String uri) {
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

    private static FakeStageContext unknown(String uri) {
        return request("INVITE", uri).unavailable(FailureCause.UNKNOWN_USER);
    }

    private static FakeStageContext byUser(FakeStageContext context) {
        context.authenticated("bob", "example.org", -1);
        return context;
    }

    private static RelayPlan plan(Verdict verdict) {
        assertThat(verdict).isInstanceOf(Verdict.Relay.class);
        return ((Verdict.Relay) verdict).plan();
    }

    private static String target(Verdict verdict) {
        return plan(verdict).targets().get(0).uri().toString();
    }

    private MemberStatus status(Dispatcher dispatcher, int index) {
        return dispatcher.status().get(index);
    }

    // ---- which requests go to which set

    @Test
    void unknownUserGoesToTheFallbackSetAndKeepsItsUserPart() throws Exception {
        FakeHooks hooks = start(builder(pair()).fallback("pstn").build());

        assertThat(target(hooks.unavailable(byUser(unknown("sip:0%330@example.org;user=phone")))))
                .isEqualTo("sip:0%330@192.0.2.10");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:030@example.org")))))
                .isEqualTo("sip:030@192.0.2.11:5080");
    }

    @Test
    void strangersAreNeverSentOut() throws Exception {
        FakeHooks hooks = start(builder(pair())
                .fallback("pstn")
                .prefix("0", "pstn")
                .route("pstn", context -> true)
                .build());

        assertThat(hooks.unavailable(unknown("sip:030@example.org"))).isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(request("INVITE", "sip:030@example.org")))
                .isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(request("INVITE", "tel:030"))).isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(request("INVITE", "sip:030@elsewhere.test")))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void trustedPeerMayCallOut() throws Exception {
        FakeHooks hooks = start(builder(pair()).fallback("pstn").build());
        FakeStageContext call = unknown("sip:030@example.org");
        call.trust();

        assertThat(target(hooks.unavailable(call))).isEqualTo("sip:030@192.0.2.10");
    }

    @Test
    void userWithoutABindingIsNotSentOut() throws Exception {
        FakeHooks hooks = start(builder(pair()).fallback("pstn").build());

        assertThat(hooks.unavailable(
                        byUser(request("INVITE", "sip:carol@example.org").unavailable(FailureCause.NOT_REGISTERED))))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void numbersOfOtherDomainsAndTelUrisAreSentOutButNamesAreNot() {
        FakeHooks hooks = start(builder(pair()).fallback("pstn").build());

        assertThat(target(hooks.send(request("INVITE", "sip:+49-30@elsewhere.test"), "bob")))
                .isEqualTo("sip:+49-30@192.0.2.10");
        assertThat(target(hooks.send(request("INVITE", "tel:+49-30;isub=1"), "bob")))
                .isEqualTo("sip:+4930;isub=1@192.0.2.11:5080");
        assertThat(hooks.send(request("INVITE", "sip:carol@elsewhere.test"), "bob"))
                .isEqualTo(Verdict.proceed());
        assertThat(hooks.send(request("INVITE", "sip:030@example.org"), "bob")).isEqualTo(Verdict.proceed());
        assertThat(hooks.send(request("INVITE", "mailto:030@example.org"), "bob"))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void longestPrefixDecidesBeforeTheFallback() throws Exception {
        FakeHooks hooks = start(Dispatcher.builder()
                .set(GatewaySet.named("a").member("sip:192.0.2.1").build())
                .set(GatewaySet.named("b").member("sip:192.0.2.2").build())
                .set(GatewaySet.named("c").member("sip:192.0.2.3").build())
                .fallback("a")
                .prefix("+49", "b")
                .prefix("+4930", "c")
                .build());

        assertThat(target(hooks.unavailable(byUser(unknown("sip:+49-30-1@example.org")))))
                .endsWith("@192.0.2.3");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:+49401@example.org")))))
                .endsWith("@192.0.2.2");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:0401@example.org")))))
                .endsWith("@192.0.2.1");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:zoe@example.org")))))
                .endsWith("@192.0.2.1");
    }

    @Test
    void numberHasTheFormOfItsPrefix() throws Exception {
        FakeHooks hooks = start(builder(pair())
                .set(GatewaySet.named("home").member("sip:192.0.2.30").build())
                .fallback("pstn")
                .prefix("+", "pstn", NumberPlan.none().replace("+", "00"))
                .prefix("+49", "home", NumberPlan.none().replace("+49", "0"))
                .build());

        assertThat(target(hooks.unavailable(byUser(unknown("sip:+44-20@example.org")))))
                .isEqualTo("sip:004420@192.0.2.10");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:+4930@example.org")))))
                .isEqualTo("sip:030@192.0.2.30");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:04-4@example.org")))))
                .as("the fallback has no form of its own")
                .isEqualTo("sip:04-4@192.0.2.11:5080");
    }

    @Test
    void prefixesOfSetsAndTrunksAreOneTable() throws Exception {
        Trunk carrier = trunk("carrier", "sip:192.0.2.40");
        Trunk world = trunk("world", "sip:192.0.2.50");
        FakeHooks hooks = start(builder(pair())
                .prefix("+49", carrier, NumberPlan.none())
                .prefix("+4930", "pstn")
                .prefix("+493099", carrier, NumberPlan.none().replace("+", "00"))
                .fallback(world)
                .build());

        assertThat(target(hooks.unavailable(byUser(unknown("sip:+4940@example.org")))))
                .isEqualTo("sip:+4940@192.0.2.40");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:+49301@example.org")))))
                .isEqualTo("sip:+49301@192.0.2.10");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:+4930991@example.org")))))
                .isEqualTo("sip:004930991@192.0.2.40");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:+1212@example.org")))))
                .isEqualTo("sip:+1212@192.0.2.50");
        assertThat(hooks.unavailable(unknown("sip:+1212@example.org")))
                .as("a stranger")
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void callOfAProviderIsNotSentBackToIt() throws Exception {
        Trunk carrier = trunk("carrier", "sip:192.0.2.40");
        carrier.start(proxy);
        FakeHooks hooks = start(Dispatcher.builder().fallback(carrier).build());
        FakeStageContext call = unknown("sip:+1212@example.org").from("192.0.2.40");
        call.trust();

        assertThat(hooks.unavailable(call)).isEqualTo(Verdict.proceed());
    }

    private static Trunk trunk(String name, String provider) {
        return Trunk.builder(name, SipUri.of(provider)).withoutRegistration().build();
    }

    @Test
    void registerIsNeverDispatched() {
        FakeHooks hooks =
                start(builder(pair()).openRoute("pstn", context -> true).build());

        assertThat(hooks.send(request("REGISTER", "sip:example.org"), "bob")).isEqualTo(Verdict.proceed());
    }

    @Test
    void openRouteIsForAnyone() {
        FakeHooks hooks = start(builder(pair())
                .openRoute(
                        "pstn", context -> context.request().requestUri().user().equals("room"))
                .build());

        assertThat(target(hooks.sendAsStranger(request("INVITE", "sip:room@example.org"))))
                .isEqualTo("sip:room@192.0.2.10");
        assertThat(hooks.sendAsStranger(request("INVITE", "sip:bob@example.org")))
                .isEqualTo(Verdict.proceed());
    }

    // ---- requests from members

    @Test
    void requestFromAMemberIsTrustedAndNotSentBack() throws Exception {
        FakeHooks hooks = start(builder(pair())
                .set(GatewaySet.named("other").member("sip:192.0.2.20").build())
                .fallback("pstn")
                .prefix("7", "other")
                .build());
        FakeStageContext call = unknown("sip:030@example.org").from("192.0.2.10");

        assertThat(hooks.send(call)).isEqualTo(Verdict.proceed());
        assertThat(call.isTrusted()).isTrue();
        assertThat(hooks.unavailable(call)).isEqualTo(Verdict.proceed());

        FakeStageContext transit = unknown("sip:730@example.org").from("192.0.2.10");
        hooks.send(transit);
        assertThat(target(hooks.unavailable(transit))).isEqualTo("sip:730@192.0.2.20");
    }

    @Test
    void disabledMemberIsNotTrusted() {
        Dispatcher dispatcher = builder(pair()).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        dispatcher.disable("pstn", "sip:192.0.2.10");
        FakeStageContext call = request("INVITE", "sip:bob@example.org").from("192.0.2.10");

        hooks.send(call);

        assertThat(call.isTrusted()).isFalse();
    }

    @Test
    void recognitionCanBeSwitchedOff() {
        FakeHooks hooks = start(
                builder(pair()).fallback("pstn").recognize(SourceMatch.OFF).build());
        FakeStageContext call = request("INVITE", "sip:bob@example.org").from("192.0.2.10");

        hooks.send(call);

        assertThat(call.isTrusted()).isFalse();
    }

    // ---- targets

    @Test
    void memberAsOutboundProxyLeavesTheRequestUri() throws Exception {
        FakeHooks hooks =
                start(builder(pair().asOutboundProxy()).fallback("pstn").build());

        Target target = plan(hooks.unavailable(byUser(unknown("sip:030@example.org"))))
                .targets()
                .get(0);

        assertThat(target.uri()).hasToString("sip:030@example.org");
        assertThat(target.routes()).containsExactly(SipUri.of("sip:192.0.2.10;lr"));
    }

    @Test
    void socketAndOutboundProxyOfTheMemberAreUsed() throws Exception {
        Endpoint socket = Endpoint.udp("192.0.2.1", 5090);
        FakeHooks hooks = start(builder(GatewaySet.named("pstn")
                        .member(Gateway.builder("pstn", SipUri.of("sip:gw.test;transport=tcp"))
                                .socket(socket)
                                .outboundProxy(SipUri.of("sip:192.0.2.99"))
                                .build()))
                .fallback("pstn")
                .build());

        Target target = plan(hooks.unavailable(byUser(unknown("sip:030@example.org"))))
                .targets()
                .get(0);

        assertThat(target.uri()).hasToString("sip:030@gw.test;transport=tcp");
        assertThat(target.socket()).isEqualTo(socket);
        assertThat(target.routes()).containsExactly(SipUri.of("sip:192.0.2.99;lr"));
    }

    @Test
    void numbersAreWrittenAsTheSetExpects() throws Exception {
        FakeHooks hooks = start(builder(pair().numbers(
                                NumberPlan.none().e164("49").replace("+", "00"),
                                NumberField.REQUEST_URI,
                                NumberField.FROM))
                .fallback("pstn")
                .build());
        FakeStageContext call = byUser(unknown("sip:030@example.org"));

        RelayPlan plan = plan(hooks.unavailable(call));

        assertThat(plan.targets().get(0).uri()).hasToString("sip:004930@192.0.2.10");
        assertThat(plan.branchEdit()).isPresent();
        assertThat(plan.branchEdit().get().edit(call.request(), plan.targets().get(0)))
                .isSameAs(call.request()); // bob is not a number
    }

    // ---- failover

    private static Verdict fail(RelayPlan plan, FakeStageContext call, BranchResult... results) throws Exception {
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

    private static BranchResult silent(RelayPlan plan) {
        return new BranchResult(plan.targets().get(0), FailureCause.UNREACHABLE, 408, Optional.empty(), false);
    }

    private static BranchResult responded(RelayPlan plan, int status, boolean rang, String... lines) {
        SipResponse response = FakeResponseContext.of("SIP/2.0 " + status + " X\n"
                        + "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>;tag=2\n"
                        + "Call-ID: 1\nCSeq: 1 INVITE\n" + String.join("\n", lines) + (lines.length > 0 ? "\n" : "")
                        + "Content-Length: 0\n")
                .response();
        return new BranchResult(
                plan.targets().get(0), FailureCause.ofStatus(status), status, Optional.of(response), rang);
    }

    @Test
    void nextMemberIsTriedAlthoughTheListenerThrowsAnError() throws Exception {
        Dispatcher dispatcher = builder(pair().tries(2).downAfter(1))
                .onChange(change -> {
                    throw new LinkageError("host");
                })
                .fallback("pstn")
                .build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));

        RelayPlan first = plan(hooks.unavailable(call));
        RelayPlan second = plan(fail(first, call, silent(first)));

        assertThat(second.targets().get(0).uri()).hasToString("sip:030@192.0.2.11:5080");
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
    }

    @Test
    void nextMemberIsTriedUpToTheLimit() throws Exception {
        Dispatcher dispatcher = builder(pair().member("sip:192.0.2.12").tries(2).downAfter(1))
                .fallback("pstn")
                .build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));

        RelayPlan first = plan(hooks.unavailable(call));
        RelayPlan second = plan(fail(first, call, silent(first)));
        assertThat(second.targets().get(0).uri()).hasToString("sip:030@192.0.2.11:5080");
        assertThat(fail(second, call, silent(first), responded(second, 500, false)))
                .isEqualTo(Verdict.proceed());

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        assertThat(status(dispatcher, 0).lastFailure()).isEqualTo("no response to INVITE");
        assertThat(status(dispatcher, 0).lastFailureAt()).hasValue(START);
        assertThat(status(dispatcher, 1).state()).isEqualTo(MemberState.ACTIVE); // 500 may be about the request
        assertThat(changes).extracting(MemberChange::now).containsExactly(MemberState.DOWN);
    }

    @Test
    void inDialogRequestWithoutARouteSetDoesNotTakeAMemberOutOfUse() throws Exception {
        Dispatcher dispatcher = builder(pair().downAfter(1)).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext bye = FakeStageContext.of("""
                BYE sip:030@example.org SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
                Max-Forwards: 70
                From: <sip:bob@example.org>;tag=from
                To: <sip:030@example.org>;tag=to
                Call-ID: 1
                CSeq: 2 BYE
                Content-Length: 0
                """).unavailable(FailureCause.UNKNOWN_USER);
        RelayPlan plan = plan(hooks.unavailable(byUser(bye)));

        assertThat(fail(plan, bye, silent(plan))).isInstanceOf(Verdict.Relay.class);

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }

    @ParameterizedTest
    @CsvSource({
        "500, false, true", "502, false, true", "503, false, true", "504, true, true", "408, false, true",
        "408, true, false", "486, false, false", "480, false, false", "404, false, false", "501, false, false",
        "603, false, false", "407, false, false", "488, false, false"
    })
    void onlyFailuresOfTheServerLeadToTheNextMember(int status, boolean rang, boolean expected) throws Exception {
        FakeHooks hooks = start(builder(pair()).fallback("pstn").build());
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        RelayPlan plan = plan(hooks.unavailable(call));

        Verdict verdict = fail(plan, call, responded(plan, status, rang));

        assertThat(verdict instanceof Verdict.Relay).isEqualTo(expected);
    }

    @Test
    void memberThatWentDownMeanwhileIsNotTried() throws Exception {
        Dispatcher dispatcher =
                builder(pair().member("sip:192.0.2.12")).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        RelayPlan first = plan(hooks.unavailable(call));
        dispatcher.drain("pstn", "sip:192.0.2.11:5080");

        assertThat(target(fail(first, call, silent(first)))).isEqualTo("sip:030@192.0.2.12");
    }

    @Test
    void retryAfterIsRespectedAtOnceAndForItsTime() throws Exception {
        Dispatcher dispatcher = builder(pair()).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        proxy.requests().respondWith(200);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        RelayPlan first = plan(hooks.unavailable(call));

        fail(first, call, responded(first, 503, false, "Retry-After: 60 (overload)"));

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        proxy.advance(Duration.ofSeconds(59));
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        proxy.advance(Duration.ofSeconds(12));
        assertThat(changes)
                .extracting(MemberChange::now)
                .containsExactly(MemberState.DOWN, MemberState.TRYING, MemberState.ACTIVE);
    }

    @ParameterizedTest
    @CsvSource({"999999999999, 600", "soon, 0"})
    void retryAfterIsBounded(String value, int seconds) throws Exception {
        Dispatcher dispatcher = builder(pair().noProbes()).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        RelayPlan first = plan(hooks.unavailable(call));

        fail(first, call, responded(first, 503, false, "Retry-After: " + value));

        MemberState now = status(dispatcher, 0).state();
        assertThat(now).isEqualTo(seconds == 0 ? MemberState.TRYING : MemberState.DOWN);
        proxy.advance(Duration.ofSeconds(seconds + 1L));
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.TRYING);
    }

    @Test
    void withoutProbesAMemberIsTriedAgainAfterATime() throws Exception {
        Dispatcher dispatcher =
                builder(pair().noProbes().downAfter(1)).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        RelayPlan first = plan(hooks.unavailable(call));
        fail(first, call, silent(first));
        assertThat(status(dispatcher, 0).letters()).isEqualTo("IX");

        proxy.advance(Duration.ofSeconds(31));

        assertThat(status(dispatcher, 0).letters()).isEqualTo("TX");
        assertThat(proxy.requests().sent()).isEmpty();
    }

    @Test
    void ifNoMemberCanServeTheResponseIs503WithRetryAfter() throws Exception {
        Dispatcher dispatcher = builder(pair()).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        dispatcher.disable("pstn", "sip:192.0.2.10");
        dispatcher.drain("pstn", "sip:192.0.2.11:5080");

        assertThat(hooks.unavailable(byUser(unknown("sip:030@example.org")))).isEqualTo(UNAVAILABLE);
    }

    // ---- calls

    private static CompletedRequest completed(FakeStageContext call, int status) {
        return new CompletedRequest(
                call.request(),
                FakeFlow.udp("203.0.113.7", 5060),
                status,
                "X",
                "to",
                START,
                START,
                List.of(),
                Optional.empty());
    }

    private static FakeStageContext bye() {
        return FakeStageContext.of("""
                BYE sip:x@192.0.2.10 SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK2
                Max-Forwards: 70
                From: <sip:bob@example.org>;tag=from
                To: <sip:someone@example.org>;tag=to
                Call-ID: 1
                CSeq: 2 BYE
                Content-Length: 0
                """);
    }

    @Test
    void callsOfAMemberAreCountedUntilTheirBye() throws Exception {
        Dispatcher dispatcher = builder(pair()).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        hooks.unavailable(call);

        hooks.completed(completed(call, 200));
        assertThat(status(dispatcher, 0).calls()).isEqualTo(1);
        hooks.completed(completed(bye(), 407));
        assertThat(status(dispatcher, 0).calls()).isEqualTo(1);
        hooks.completed(completed(bye(), 481));
        assertThat(status(dispatcher, 0).calls()).isZero();
    }

    @Test
    void memberAtItsLimitGetsNoFurtherCall() throws Exception {
        Dispatcher dispatcher = builder(GatewaySet.named("pstn")
                        .member(Gateway.builder("pstn", SipUri.of("sip:192.0.2.10"))
                                .maximumCalls(1)
                                .build()))
                .fallback("pstn")
                .build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));

        assertThat(hooks.unavailable(call)).isInstanceOf(Verdict.Relay.class);
        assertThat(hooks.unavailable(byUser(unknown("sip:031@example.org")))).isEqualTo(UNAVAILABLE);
        hooks.completed(completed(call, 486));
        assertThat(hooks.unavailable(byUser(unknown("sip:031@example.org")))).isInstanceOf(Verdict.Relay.class);
    }

    @Test
    void responseToARequestEndsTheTrial() throws Exception {
        Dispatcher dispatcher = builder(
                        GatewaySet.named("pstn").member("sip:192.0.2.10").noProbes())
                .fallback("pstn")
                .build();
        FakeHooks hooks = start(dispatcher);
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        RelayPlan plan = plan(hooks.unavailable(call));
        fail(plan, call, silent(plan));
        hooks.completed(completed(call, 408));
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.TRYING);

        hooks.unavailable(call);
        hooks.completed(completed(call, 486));

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }

    // ---- probes

    @Test
    void probesAreSentToEachMemberWithTheOptionsOfSetAndMember() {
        start(builder(GatewaySet.named("pstn")
                        .member("sip:192.0.2.10")
                        .member(Gateway.builder("pstn", SipUri.of("sip:192.0.2.11"))
                                .probeFrom(SipUri.of("sip:one@example.org"))
                                .outboundProxy(SipUri.of("sip:192.0.2.99"))
                                .build())
                        .probeFrom(SipUri.of("sip:all@example.org"))
                        .probeTimeLimit(Duration.ofSeconds(2)))
                .build());

        proxy.advance(Duration.ofSeconds(1));

        assertThat(proxy.requests().sent())
                .extracting(sent -> sent.request() + " " + sent.request().from().get() + " "
                        + sent.request().target().get().routes() + " "
                        + sent.request().timeLimit())
                .containsExactlyInAnyOrder(
                        "OPTIONS sip:192.0.2.10 <sip:all@example.org> [] PT2S",
                        "OPTIONS sip:192.0.2.11 <sip:one@example.org> [sip:192.0.2.99;lr] PT2S");
        proxy.advance(Duration.ofSeconds(60));
        assertThat(proxy.requests().sent()).hasSize(2); // one at a time
    }

    private FakeRequestClient.Sent nextProbe() {
        proxy.requests().sent().clear();
        proxy.advance(Duration.ofSeconds(10));
        assertThat(proxy.requests().sent()).hasSize(1);
        return proxy.requests().sent().get(0);
    }

    private Dispatcher single(GatewaySet.Builder options) {
        Dispatcher dispatcher = builder(options.member("sip:192.0.2.10")).build();
        start(dispatcher);
        return dispatcher;
    }

    @Test
    void memberIsDownAndUpAgainByItsProbes() {
        Dispatcher dispatcher = single(GatewaySet.named("pstn").upAfter(2));
        nextProbe().respond(200);
        assertThat(status(dispatcher, 0).lastProbeAt()).hasValue(proxy.wallClock());
        nextProbe().fail(Reason.TIMED_OUT);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("TP");
        nextProbe().fail(Reason.UNREACHABLE);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("IP");
        nextProbe().respond(200);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("IP");
        nextProbe().respond(204);
        assertThat(status(dispatcher, 0).letters()).isEqualTo("AP");

        assertThat(changes)
                .extracting(change -> change.now() + ": " + change.reason())
                .containsExactly(
                        "TRYING: no response to OPTIONS", "DOWN: cannot be reached", "ACTIVE: responds to OPTIONS");
    }

    @Test
    void probesThatSayNothingAboutTheGatewayDoNotCount() {
        Dispatcher dispatcher = single(GatewaySet.named("pstn").downAfter(1));

        nextProbe().fail(Reason.TOO_MANY_PENDING);
        nextProbe().fail(Reason.INTERNAL_ERROR);

        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }

    @Test
    void acceptedStatusCodesAreConfigurable() {
        Dispatcher dispatcher = single(GatewaySet.named("pstn").downAfter(1).accept(404, 405));

        nextProbe().respond(405);
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
        nextProbe().respond(403);
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DOWN);
        assertThat(status(dispatcher, 0).lastFailure()).isEqualTo("403 to OPTIONS");
    }

    @Test
    void onlyMembersThatFailedAreProbedIfAsked() throws Exception {
        Dispatcher dispatcher = builder(pair().probeOnlyDown()).fallback("pstn").build();
        FakeHooks hooks = start(dispatcher);
        proxy.advance(Duration.ofSeconds(30));
        assertThat(proxy.requests().sent()).isEmpty();
        assertThat(status(dispatcher, 0).letters()).isEqualTo("AX");
        FakeStageContext call = byUser(unknown("sip:030@example.org"));
        RelayPlan first = plan(hooks.unavailable(call));
        fail(first, call, silent(first));

        nextProbe().respond(200);

        assertThat(status(dispatcher, 0).letters()).isEqualTo("AX");
    }

    @Test
    void memberThatStartsAsDownIsUsedAfterItsFirstProbe() throws Exception {
        Dispatcher dispatcher = builder(GatewaySet.named("pstn")
                        .member(Gateway.builder("pstn", SipUri.of("sip:192.0.2.10"))
                                .start(Gateway.Start.DOWN)
                                .build()))
                .fallback("pstn")
                .build();
        FakeHooks hooks = start(dispatcher);
        assertThat(hooks.unavailable(byUser(unknown("sip:030@example.org")))).isEqualTo(UNAVAILABLE);

        nextProbe().respond(200);

        assertThat(hooks.unavailable(byUser(unknown("sip:030@example.org")))).isInstanceOf(Verdict.Relay.class);
    }

    // ---- changes at run time

    @Test
    void operatorTakesMembersOutAndBack() {
        Dispatcher dispatcher = single(GatewaySet.named("pstn"));

        dispatcher.disable("pstn", "sip:192.0.2.10");
        assertThat(status(dispatcher, 0).letters()).isEqualTo("DX");
        dispatcher.drain("pstn", "sip:192.0.2.10");
        assertThat(status(dispatcher, 0).letters()).isEqualTo("DP");
        dispatcher.enable("pstn", "sip:192.0.2.10");
        assertThat(status(dispatcher, 0).letters()).isEqualTo("AP");
        assertThat(changes)
                .extracting(MemberChange::now)
                .containsExactly(MemberState.DISABLED, MemberState.DRAINING, MemberState.ACTIVE);
    }

    @Test
    void membersAreAddedAndRemoved() {
        Dispatcher dispatcher = single(GatewaySet.named("pstn"));
        Gateway added = Gateway.builder("new", SipUri.of("sip:192.0.2.50")).build();

        dispatcher.add(added);
        assertThat(dispatcher.status()).extracting(MemberStatus::gateway).contains(added);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> dispatcher.add(added))
                .withMessageContaining("exists already");
        dispatcher.remove("pstn", "sip:192.0.2.10");

        assertThat(dispatcher.status()).extracting(MemberStatus::gateway).containsExactly(added);
        proxy.advance(Duration.ofSeconds(2));
        assertThat(proxy.requests().sent())
                .extracting(sent -> sent.request().requestUri())
                .containsExactly(added.uri());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> dispatcher.remove("pstn", "sip:192.0.2.10"))
                .withMessageContaining("is not a member");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> dispatcher.enable("x", "y"))
                .withMessageContaining("(new, pstn)");
    }

    private Gateway.Builder row(String set, String id) {
        return Gateway.builder(set, SipUri.of("sip:" + id + ".test")).id(id);
    }

    @Test
    void reloadKeepsTheStateOfMembersThatAreStillThere() throws Exception {
        rows.addAll(List.of(
                row("1", "a").build(), row("1", "b").build(), row("2", "c").build()));
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() -> rows)
                .set(GatewaySet.named("1").member(row("1", "own").build()).build())
                .fallback("1")
                .build();
        FakeHooks hooks = start(dispatcher);
        dispatcher.drain("1", "a");
        rows.clear();
        rows.addAll(List.of(
                row("1", "d").build(),
                row("1", "a").weight(7).build(),
                row("1", "own").weight(1).build(),
                row("1", "a").weight(8).build()));

        dispatcher.reload();

        assertThat(dispatcher.status())
                .extracting(s -> s.gateway() + " " + s.gateway().weight() + " " + s.state())
                .containsExactly("1/own 0 ACTIVE", "1/a 7 DRAINING", "1/d 0 ACTIVE");
        assertThat(target(hooks.unavailable(byUser(unknown("sip:030@example.org")))))
                .contains("own");
    }

    @Test
    void membersThatWereReadBeforeTheStartAreProbed() {
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() ->
                        List.of(Gateway.builder("1", SipUri.of("sip:192.0.2.1")).build()))
                .build();
        dispatcher.reload();
        start(dispatcher);

        proxy.advance(Duration.ofSeconds(2));

        assertThat(proxy.requests().sent()).hasSize(1);
    }

    @Test
    void sourceIsReadPeriodicallyIfAskedUntilTheComponentIsClosed() {
        AtomicInteger reads = new AtomicInteger();
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() -> {
                    if (reads.incrementAndGet() == 2) {
                        throw new IllegalStateException("no database, once");
                    }
                    return List.of();
                })
                .reloadEvery(Duration.ofSeconds(1))
                .build();
        start(dispatcher);

        await().until(() -> reads.get() >= 3);
        dispatcher.close();

        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("sipproxy-gateways")));
    }

    @Test
    void changedStartStateOfARowCounts() {
        rows.add(row("1", "a").build());
        Dispatcher dispatcher =
                Dispatcher.builder().source(() -> List.copyOf(rows)).build();
        start(dispatcher);
        rows.set(0, row("1", "a").start(Gateway.Start.DISABLED).build());
        dispatcher.reload();
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DISABLED);

        rows.set(0, row("1", "a").build());
        dispatcher.reload();
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }

    @Test
    void sourceThatFailsKeepsTheMembersAndPreventsTheStart() {
        boolean[] fails = {false};
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() -> {
                    if (fails[0]) {
                        throw new IllegalStateException("no database");
                    }
                    return List.of(row("1", "a").build());
                })
                .build();
        start(dispatcher);
        fails[0] = true;

        assertThatIllegalStateException().isThrownBy(dispatcher::reload);
        assertThat(dispatcher.status()).hasSize(1);
    }

    // ---- options

    @Test
    void optionsThatDoNotFitAreAllReported() {
        assertThatThrownBy(() -> Dispatcher.builder()
                        .set(pair().build())
                        .set(pair().build())
                        .fallback("x")
                        .prefix("abc", "pstn")
                        .prefix("1", "y")
                        .prefix("1", "pstn")
                        .reloadEvery(Duration.ofSeconds(5))
                        .countedCalls(1)
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(7));
        assertThatThrownBy(() -> Dispatcher.builder().build()).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void optionsOfASetAreChecked() {
        assertThatThrownBy(() -> GatewaySet.named("s")
                        .tries(11)
                        .downAfter(0)
                        .upAfter(0)
                        .probeEvery(Duration.ofMillis(10))
                        .probeTimeLimit(Duration.ofSeconds(36))
                        .recoverAfter(Duration.ZERO)
                        .accept(200)
                        .numbers(NumberPlan.none())
                        .member("sip:192.0.2.1")
                        .member("sip:192.0.2.1")
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(9));
        assertThatThrownBy(() -> Gateway.builder("", SipUri.of("tel:1"))
                        .weight(-1)
                        .priority(-1)
                        .maximumCalls(-1)
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems()).hasSize(5));
    }
}
