package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.api.routing.FailureCause.CHALLENGED;
import static org.sipproxy.api.routing.FailureCause.UNREACHABLE;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.routing.BranchResult;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeFailureContext;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class TrunkTest {

    private static final String PROVIDER = "192.0.2.20";
    private static final DigestLogin LOGIN =
            DigestLogin.ofPassword("4930123", "secret").forRealm("carrier.test");

    private final FakeRuntime proxy = new FakeRuntime(FakeStageContext.START);

    private static Trunk.Builder trunk() {
        return Trunk.builder("carrier", SipUri.of("sip:" + PROVIDER))
                .account("4930123")
                .login(LOGIN)
                .prefix("+");
    }

    private FakeHooks start(Trunk trunk) {
        return FakeHooks.of(trunk, proxy);
    }

    private static FakeStageContext request(String method, String uri, String... lines) {
        String more = lines.length == 0 ? "" : String.join("\n", lines) + "\n";
        return FakeStageContext.of("""
            %s %s SIP/2.0
            Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
            Max-Forwards: 70
            From: <sip:bob@example.org>;tag=from
            To: <%s>
            Call-ID: 1
            CSeq: 7 %s
            %sContent-Length: 0
            """.formatted(method, uri, uri, method, more))
                .from("203.0.113.7");
    }

    private static FakeStageContext byUser(FakeStageContext context) {
        context.authenticated("bob", "example.org", -1);
        return context;
    }

    private static FakeStageContext unknown(String uri, String... lines) {
        return byUser(request("INVITE", uri, lines).unavailable(FailureCause.UNKNOWN_USER));
    }

    private static RelayPlan plan(Verdict verdict) {
        assertThat(verdict).isInstanceOf(Verdict.Relay.class);
        return ((Verdict.Relay) verdict).plan();
    }

    private static SipRequest sent(RelayPlan plan, SipRequest request) throws Exception {
        return plan.branchEdit().orElseThrow().edit(request, plan.targets().get(0));
    }

    private static SipResponse challenge(String... parameters) {
        String text = "SIP/2.0 407 Proxy Authentication Required\r\n"
                + "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\nFrom: <sip:bob@example.org>;tag=from\r\n"
                + "To: <sip:x@y>;tag=1\r\nCall-ID: 1\r\nCSeq: 7 INVITE\r\nProxy-Authenticate: Digest "
                + String.join(", ", parameters) + "\r\nContent-Length: 0\r\n\r\n";
        try {
            return (SipResponse) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
        } catch (SipParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static SipResponse challengeOf(String nonce) {
        return challenge("realm=\"carrier.test\"", "nonce=\"" + nonce + "\"", "qop=\"auth\"");
    }

    private static Verdict challenged(RelayPlan plan, SipRequest request, SipResponse response) throws Exception {
        RelayPlan.Reaction reaction = plan.reactionTo(CHALLENGED, 407).orElseThrow();
        FailureStage stage = ((RelayPlan.Reaction.Decide) reaction).stage();
        Target target = plan.targets().isEmpty()
                ? Target.of(SipUri.of("sip:x@y"))
                : plan.targets().get(0);
        return stage.handle(new FakeFailureContext(
                request, new BranchResult(target, CHALLENGED, 407, Optional.of(response), false)));
    }

    private static String credentials(SipRequest request) {
        return request.header(HeaderName.PROXY_AUTHORIZATION).orElse("");
    }

    // ---- which calls go to the provider

    @ParameterizedTest
    @CsvSource({"sip:+4930@example.org, true", "sip:030@example.org, false", "sip:alice@example.org, false"})
    void unknownNumbersWithThePrefixGoToTheProvider(String uri, boolean goes) throws Exception {
        FakeHooks hooks =
                start(trunk().numbers(NumberPlan.none().replace("+", "00")).build());
        Verdict verdict = hooks.unavailable(unknown(uri));

        assertThat(verdict instanceof Verdict.Relay).isEqualTo(goes);
        if (goes) {
            assertThat(plan(verdict).targets().get(0).uri()).hasToString("sip:004930@192.0.2.20");
        }
    }

    @Test
    void numbersAtOtherDomainsAndTelUrisGoToTheProviderAndExistingUsersDoNot() throws Exception {
        FakeHooks hooks = start(trunk().fallback().build());

        for (String uri : new String[] {"tel:+49-30", "sip:+4930@elsewhere.test"}) {
            assertThat(plan(hooks.send(request("INVITE", uri), "bob"))
                            .targets()
                            .get(0)
                            .uri())
                    .hasToString("sip:+4930@192.0.2.20");
        }
        assertThat(hooks.unavailable(
                        byUser(request("INVITE", "sip:carol@example.org").unavailable(FailureCause.NOT_REGISTERED))))
                .isEqualTo(Verdict.proceed());
        assertThat(hooks.send(request("REGISTER", "sip:+4930@elsewhere.test"), "bob"))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void strangersAreNeverSentOut() throws Exception {
        FakeHooks hooks = start(trunk().fallback().build());

        assertThat(hooks.unavailable(request("INVITE", "sip:+4930@example.org").unavailable(FailureCause.UNKNOWN_USER)))
                .isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(request("INVITE", "tel:+4930"))).isEqualTo(Verdict.proceed());
    }

    @Test
    void outboundProxyAndSocketAreInTheTarget() {
        Trunk trunk = trunk().outboundProxy(SipUri.of("sip:192.0.2.21")).build();

        assertThat(trunk.target("030 1").routes()).hasToString("[sip:192.0.2.21;lr]");
        assertThat(trunk.target("030 1").uri()).hasToString("sip:0301@192.0.2.20");
    }

    // ---- challenges

    @Test
    void challengeLeadsToTheSameTargetWithCredentialsAndTheSameCSeq() throws Exception {
        FakeHooks hooks = start(trunk().build());
        FakeStageContext call = unknown("sip:+4930@example.org", "Proxy-Authorization: Digest realm=\"other\"");
        RelayPlan first = plan(hooks.unavailable(call));
        assertThat(credentials(sent(first, call.request()))).isEmpty();

        RelayPlan second = plan(challenged(first, call.request(), challengeOf("abc")));
        SipRequest again = sent(second, call.request());

        assertThat(second.targets()).isEqualTo(first.targets());
        assertThat(again.cseq().number()).isEqualTo(7);
        assertThat(again.headers(HeaderName.PROXY_AUTHORIZATION)).hasSize(1);
        assertThat(credentials(again))
                .contains("username=\"4930123\"", "nonce=\"abc\"", "uri=\"sip:+4930@192.0.2.20\"", "nc=00000001");
    }

    @Test
    void nextCallBeginsWithTheNonceOfTheFirst() throws Exception {
        FakeHooks hooks = start(trunk().build());
        FakeStageContext call = unknown("sip:+4930@example.org");
        RelayPlan first = plan(hooks.unavailable(call));
        sent(plan(challenged(first, call.request(), challengeOf("abc"))), call.request());

        RelayPlan next = plan(hooks.unavailable(unknown("sip:+4931@example.org")));
        assertThat(credentials(sent(next, call.request())))
                .contains("nonce=\"abc\"", "nc=00000002", "uri=\"sip:+4931@192.0.2.20\"");

        RelayPlan renewed = plan(challenged(next, call.request(), challengeOf("new"))); // without stale
        assertThat(credentials(sent(renewed, call.request()))).contains("nonce=\"new\"", "nc=00000001");
    }

    @Test
    void staleNonceIsAnsweredOnceMoreAndAWrongPasswordIsNot() throws Exception {
        FakeHooks hooks = start(trunk().build());
        FakeStageContext call = unknown("sip:+4930@example.org");
        RelayPlan second = plan(challenged(plan(hooks.unavailable(call)), call.request(), challengeOf("1")));
        SipResponse stale = challenge("realm=\"carrier.test\"", "nonce=\"2\"", "qop=\"auth\"", "stale=true");
        RelayPlan third = plan(challenged(second, call.request(), stale));
        assertThat(credentials(sent(third, call.request()))).contains("nonce=\"2\"");

        assertThat(challenged(third, call.request(), challengeOf("3"))).isEqualTo(Verdict.respond(403));
        RelayPlan next = plan(hooks.unavailable(call));
        assertThat(credentials(sent(next, call.request())))
                .as("the nonce is not used again")
                .isEmpty();
    }

    @Test
    void rejectedLoginFollowsTheRuleForAnUnreachableProvider() throws Exception {
        Trunk trunk = trunk().build();
        start(trunk);
        FakeStageContext call = unknown("sip:+4930@example.org");
        Target other = Target.of(SipUri.of("sip:192.0.2.99"));
        UnaryOperator<RelayPlan> rules = plan -> plan.onFailure(UNREACHABLE).relay(other);
        RelayPlan first = trunk.plan(call, "+4930", rules);
        RelayPlan second = plan(challenged(first, call.request(), challengeOf("1")));
        assertThat(second.reactionTo(UNREACHABLE, 503))
                .as("the rule holds for both attempts")
                .isPresent();

        assertThat(plan(challenged(second, call.request(), challengeOf("2"))).targets())
                .containsExactly(other);
    }

    @Test
    void challengeOfAnotherRealmIsLeftToTheCaller() throws Exception {
        FakeHooks hooks = start(trunk().build());
        FakeStageContext call = unknown("sip:+4930@example.org");
        SipResponse ofCallee = challenge("realm=\"callee.test\"", "nonce=\"1\"");

        assertThat(challenged(plan(hooks.unavailable(call)), call.request(), ofCallee))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void inDialogRequestToTheProviderIsAnsweredToo() throws Exception {
        FakeHooks hooks = start(trunk().build());
        SipUri remote = SipUri.of("sip:gw@192.0.2.20:5080");
        FakeStageContext bye = FakeStageContext.of("""
            BYE sip:gw@192.0.2.20:5080 SIP/2.0
            Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
            From: <sip:bob@example.org>;tag=from
            To: <sip:+4930@example.org>;tag=to
            Call-ID: 1
            CSeq: 8 BYE
            Content-Length: 0
            """).targets(Target.of(remote));
        Verdict verdict = hooks.stages().get(hooks.stages().size() - 1).handle(bye);
        RelayPlan again = plan(challenged(plan(verdict), bye.request(), challengeOf("1")));

        assertThat(plan(verdict).isToCallee()).isTrue();
        assertThat(again.targets()).containsExactly(Target.of(remote));
        assertThat(credentials(sent(again, bye.request()))).contains("uri=\"sip:gw@192.0.2.20:5080\"");

        bye.targets(Target.of(SipUri.of("sip:bob@203.0.113.7")));
        assertThat(hooks.stages().get(hooks.stages().size() - 1).handle(bye)).isEqualTo(Verdict.proceed());
    }

    // ---- identity

    private static final String[] OWN = {
        "P-Asserted-Identity: <sip:boss@example.org>", "P-Preferred-Identity: <sip:x@example.org>"
    };

    private SipRequest identified(CallerIdentity kind, boolean trusted, String... lines) throws Exception {
        Trunk trunk = trunk().identity(kind)
                .callerNumber(context -> context.authenticatedUser().map(user -> "493012399"))
                .build();
        FakeStageContext call = request("INVITE", "sip:+4930@example.org", lines);
        if (trusted) {
            call.trust();
        } else {
            byUser(call);
        }
        return sent(trunk.plan(call, "+4930"), call.request());
    }

    @Test
    void assertedIdentityReplacesThatOfTheCaller() throws Exception {
        SipRequest sent = identified(CallerIdentity.P_ASSERTED_IDENTITY, false, OWN);

        assertThat(sent.headers(HeaderName.P_ASSERTED_IDENTITY)).containsExactly("<sip:493012399@192.0.2.20>");
        assertThat(sent.hasHeader(HeaderName.P_PREFERRED_IDENTITY)).isFalse();
        assertThat(sent.from()).hasToString("<sip:bob@example.org>;tag=from");
    }

    @Test
    void preferredIdentityOfATrustedCallerIsTheAccount() throws Exception {
        SipRequest sent = identified(CallerIdentity.P_PREFERRED_IDENTITY, true, OWN);

        assertThat(sent.headers(HeaderName.P_PREFERRED_IDENTITY)).containsExactly("<sip:4930123@192.0.2.20>");
        assertThat(sent.hasHeader(HeaderName.P_ASSERTED_IDENTITY)).isFalse();
    }

    @Test
    void withoutAnIdentityOnlyATrustedCallersPassesUnlessItWantsPrivacy() throws Exception {
        assertThat(identified(CallerIdentity.NONE, false, OWN).hasHeader(HeaderName.P_ASSERTED_IDENTITY))
                .isFalse();
        assertThat(identified(CallerIdentity.NONE, true, OWN).headers(HeaderName.P_ASSERTED_IDENTITY))
                .containsExactly("<sip:boss@example.org>");
        assertThat(identified(CallerIdentity.NONE, true, OWN[0], "Privacy: user;id")
                        .hasHeader(HeaderName.P_ASSERTED_IDENTITY))
                .isFalse();
    }

    @Test
    void privacyIsPassedToATrustedProvider() throws Exception {
        SipRequest sent = identified(CallerIdentity.P_ASSERTED_IDENTITY, false, "Privacy: id");

        assertThat(sent.header(HeaderName.PRIVACY)).contains("id");
        assertThat(sent.hasHeader(HeaderName.P_ASSERTED_IDENTITY)).isTrue();
    }

    // ---- calls of the provider

    private String contactUser() {
        proxy.advance(Duration.ofMillis(250));
        return contactUser(0);
    }

    private String contactUser(int registration) {
        String contact = proxy.requests().sent().get(registration).request().headers().stream()
                .filter(header -> header.name().equals(HeaderName.CONTACT))
                .findFirst()
                .orElseThrow()
                .value();
        return contact.substring("<sip:".length(), contact.indexOf('@'));
    }

    private static FakeStageContext incoming(String requestUri, String to) {
        return FakeStageContext.of("""
            INVITE %s SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bK1
            From: <sip:030@carrier.test>;tag=from
            To: <%s>
            Call-ID: 1
            CSeq: 1 INVITE
            Content-Length: 0
            """.formatted(requestUri, to));
    }

    private static Trunk.Builder receiving() {
        return trunk().did("493012310", SipUri.of("sip:alice@example.org"))
                .incomingNumbers(NumberPlan.none().strip("+"))
                .incomingTo(SipUri.of("sip:reception@example.org"));
    }

    @Test
    void callOfTheProviderIsTrustedAndRoutedByItsNumber() {
        FakeHooks hooks = start(receiving().build());
        FakeStageContext direct = incoming("sip:+493012310@192.0.2.1", "sip:+493012310@carrier.test")
                .from(PROVIDER);
        FakeStageContext other = incoming("sip:+493012399@192.0.2.1", "sip:+493012399@carrier.test")
                .from(PROVIDER);

        assertThat(hooks.sendAsStranger(direct)).isEqualTo(Verdict.proceed());
        assertThat(hooks.sendAsStranger(other)).isEqualTo(Verdict.proceed());

        assertThat(direct.isTrusted()).isTrue();
        assertThat(direct.request().toString()).startsWith("INVITE sip:alice@example.org SIP/2.0");
        assertThat(other.request().toString()).startsWith("INVITE sip:reception@example.org SIP/2.0");
    }

    @Test
    void callToTheContactIsRoutedByToWhereverItComesFrom() throws Exception {
        FakeHooks hooks = start(receiving().fallback().build());
        String contact = "sip:" + contactUser() + "@192.0.2.1:5060";
        FakeStageContext call = incoming(contact, "sip:+493012310@carrier.test").from("198.51.100.99");

        assertThat(hooks.sendAsStranger(call)).isEqualTo(Verdict.proceed());
        assertThat(call.isTrusted()).isTrue();
        assertThat(call.request().toString()).startsWith("INVITE sip:alice@example.org SIP/2.0");
        assertThat(hooks.unavailable(call.unavailable(FailureCause.UNKNOWN_USER)))
                .as("not sent out again")
                .isEqualTo(Verdict.respond(404));
    }

    /**
     * The proxy registers two accounts at the provider; 4930999 has the function of the host application, and thus a
     * stage that blocks.
     */
    @ParameterizedTest
    @CsvSource({
        "false, sip:CONTACT1@192.0.2.1:5060, sip:x@carrier.test, sip:reception@example.org",
        "true, sip:CONTACT1@192.0.2.1:5060, sip:x@carrier.test, sip:reception@example.org",
        "false, sip:CONTACT2@192.0.2.1:5060, sip:x@carrier.test, sip:branch@example.org",
        "true, sip:CONTACT2@192.0.2.1:5060, sip:x@carrier.test, sip:branch@example.org",
        "false, sip:CONTACT2@192.0.2.1:5060, sip:493012310@carrier.test, sip:branch@example.org",
        "true, sip:+493012310@192.0.2.1, sip:x@carrier.test, sip:alice@example.org",
        "false, sip:4930999@192.0.2.1, sip:x@carrier.test, sip:branch@example.org",
        "true, sip:4930123@192.0.2.1, sip:x@carrier.test, sip:reception@example.org",
        "false, sip:030555@192.0.2.1, sip:x@carrier.test, sip:reception@example.org",
        "true, sip:030555@192.0.2.1, sip:x@carrier.test, sip:branch@example.org",
    })
    void callIsForTheAccountThatItNames(boolean reversed, String uri, String to, String routedTo) {
        Trunk first = receiving().build();
        Trunk second = Trunk.builder("second", SipUri.of("sip:" + PROVIDER))
                .account("4930999")
                .incoming((context, number) -> Optional.of(SipUri.of("sip:branch@example.org")))
                .build();
        FakeHooks hooks = new FakeHooks();
        proxy.with(reversed ? new Trunk[] {second, first} : new Trunk[] {first, second});
        proxy.components().forEach(trunk -> trunk.install(hooks));
        first.start(proxy);
        second.start(proxy);
        proxy.advance(Duration.ofMillis(250));
        String called = uri.replace("CONTACT1", contactUser(0)).replace("CONTACT2", contactUser(1));

        FakeStageContext call = incoming(called, to).from(PROVIDER);
        assertThat(hooks.sendAsStranger(call)).isEqualTo(Verdict.proceed());

        assertThat(call.request().toString()).startsWith("INVITE " + routedTo + " SIP/2.0");
    }

    /** The first account knows the provider's calls by its Contact, the second one by their source. */
    @Test
    void callThatHasBeenRoutedIsNotRoutedAgain() {
        Trunk first = receiving().recognize(SourceMatch.OFF).build();
        Trunk second = Trunk.builder("second", SipUri.of("sip:" + PROVIDER))
                .account("4930999")
                .did("reception", SipUri.of("sip:branch@example.org"))
                .incomingTo(SipUri.of("sip:branch@example.org"))
                .build();
        FakeHooks hooks = new FakeHooks();
        proxy.with(first, second);
        proxy.components().forEach(trunk -> trunk.install(hooks));
        first.start(proxy);
        second.start(proxy);
        proxy.advance(Duration.ofMillis(250));

        FakeStageContext call = incoming("sip:" + contactUser(0) + "@192.0.2.1:5060", "sip:x@carrier.test")
                .from(PROVIDER);
        assertThat(hooks.sendAsStranger(call)).isEqualTo(Verdict.proceed());

        assertThat(call.request().toString()).startsWith("INVITE sip:reception@example.org SIP/2.0");
    }

    @Test
    void contactDoesNotOpenTheProxyForRoutesToOthers() {
        FakeHooks hooks = start(receiving().build());
        String contact = "sip:" + contactUser() + "@192.0.2.1:5060";
        FakeStageContext call = incoming(contact, "sip:+493012310@carrier.test>\nRoute: <sip:198.51.100.5;lr")
                .from("198.51.100.99");

        assertThat(hooks.sendAsStranger(call)).isEqualTo(Verdict.proceed());
        assertThat(call.isTrusted()).isFalse();
    }

    @Test
    void otherSourcesAndRegistersAreNotTrusted() {
        FakeHooks hooks = start(receiving().build());
        FakeStageContext stranger =
                incoming("sip:alice@192.0.2.1", "sip:alice@example.org").from("198.51.100.99");
        FakeStageContext guessed =
                incoming("sip:trunk-1@192.0.2.1", "sip:alice@example.org").from("198.51.100.99");
        FakeStageContext register = request("REGISTER", "sip:example.org").from(PROVIDER);
        for (FakeStageContext context : new FakeStageContext[] {stranger, guessed, register}) {
            hooks.sendAsStranger(context);
            assertThat(context.isTrusted()).isFalse();
        }
    }

    @Test
    void callWithoutARouteIsRejectedForTheContactAndOrdinaryOtherwise() {
        FakeHooks hooks =
                start(trunk().incoming((context, number) -> Optional.empty()).build());
        String contact = "sip:" + contactUser() + "@192.0.2.1:5060";

        assertThat(hooks.sendAsStranger(incoming(contact, "sip:1@carrier.test").from(PROVIDER)))
                .isEqualTo(Verdict.respond(404));
        assertThat(hooks.sendAsStranger(
                        incoming("sip:bob@192.0.2.1", "sip:bob@example.org").from(PROVIDER)))
                .isEqualTo(Verdict.proceed());
    }

    @Test
    void numberOfTheProviderIsNotSentBackToIt() throws Exception {
        FakeHooks hooks = start(trunk().fallback().build());
        FakeStageContext call =
                incoming("sip:+4930@192.0.2.1", "sip:+4930@192.0.2.1").from(PROVIDER);
        hooks.sendAsStranger(call);

        assertThat(hooks.unavailable(call.unavailable(FailureCause.UNKNOWN_USER)))
                .isEqualTo(Verdict.respond(404));
    }

    @Test
    void namesOfTheProviderAreResolvedAndOneThatCannotBeIsNotFatal() {
        Trunk trunk = Trunk.builder("carrier", SipUri.of("sip:sip.carrier.test"))
                .account("4930123")
                .source("in.carrier.test")
                .build();
        proxy.addresses("in.carrier.test", "192.0.2.77");
        FakeHooks hooks = start(trunk);
        FakeStageContext call =
                incoming("sip:bob@192.0.2.1", "sip:bob@example.org").from("192.0.2.77");
        hooks.sendAsStranger(call);
        trunk.close();

        assertThat(call.isTrusted()).isTrue();
    }

    // ---- options

    @Test
    void problemsAreReportedTogether() {
        assertThatThrownBy(() -> Trunk.builder(" ", SipUri.of("sip:user@192.0.2.20"))
                        .prefix("abc")
                        .source("a b")
                        .expires(Duration.ofSeconds(1))
                        .retry(Duration.ofHours(2), Duration.ofSeconds(1))
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("name")
                .hasMessageContaining("without a user part")
                .hasMessageContaining("name the account")
                .hasMessageContaining("abc")
                .hasMessageContaining("a b")
                .hasMessageContaining("expected 30s to 24h");
    }

    @Test
    void secretIsNotInTexts() {
        Trunk trunk = trunk().build();
        assertThat(trunk.toString() + trunk.status()).doesNotContain("secret");
    }

    // ---- accounts of a source

    @Test
    void accountConfiguresTheTrunk() throws Exception {
        Trunk trunk = Trunk.builder(TrunkAccount.builder("carrier", SipUri.of("sip:4930123@carrier.test"))
                        .login(LOGIN)
                        .withoutRegistration()
                        .outboundProxy(SipUri.of("sip:" + PROVIDER))
                        .user(SipUri.of("sip:reception@example.org"))
                        .build())
                .prefix("+")
                .build();
        FakeHooks hooks = start(trunk);

        Target target = plan(hooks.unavailable(unknown("sip:+4930@example.org")))
                .targets()
                .get(0);
        assertThat(target.uri()).hasToString("sip:+4930@carrier.test");
        assertThat(target.routes()).containsExactly(SipUri.of("sip:" + PROVIDER + ";lr"));
        FakeStageContext call = request("INVITE", "sip:4930123@example.org").from(PROVIDER);
        hooks.sendAsStranger(call);
        assertThat(call.isTrusted()).isTrue();
        assertThat(call.request().requestUri()).hasToString("sip:reception@example.org");
        assertThat(trunk.status().state()).isEqualTo(TrunkState.UNREGISTERED);
        trunk.close();
    }

    @Test
    void accountReportsAllItsProblems() {
        assertThatThrownBy(() -> TrunkAccount.builder(" ", SipUri.of("sip:carrier.test"))
                        .provider(SipUri.of("sip:a@carrier.test"))
                        .outboundProxy(SipUri.of("tel:1"))
                        .user(SipUri.of("sip:example.org"))
                        .expires(Duration.ofSeconds(1))
                        .startDelay(Duration.ofHours(2))
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .satisfies(
                        e -> assertThat(((ConfigurationException) e).problems()).hasSize(7));
    }
}
