package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.explain.Explanation;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalDecision;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Rehearsed requests: what the components note about them, and that they change nothing. */
class RehearsalTest {

    private final InMemoryCredentials users = InMemoryCredentials.of(
            Credential.ofPassword("1001", "example.org", "secret"),
            Credential.ofPassword("1002", "example.org", "secret"));
    private final DigestAuthentication digest = DigestAuthentication.builder()
            .credentials(users)
            .lockout(Lockout.builder().userFailures(3).build())
            .build();

    // ---- digest

    private static FakeStageContext register(DigestCredentials phone) {
        return FakeStageContext.of(Requests.register("Authorization: " + phone.value()));
    }

    private String nonce() {
        String line = ((Verdict.Respond) digest.handle(FakeStageContext.of(Requests.register())))
                .headerLines()
                .get(0);
        int start = line.indexOf("nonce=\"") + 7;
        return line.substring(start, line.indexOf('"', start));
    }

    private String check(FakeStageContext context) {
        digest.handle(context.rehearsal());
        assertThat(context.events()).isEmpty();
        return String.valueOf(context.notes().get("check"));
    }

    @Test
    void reasonOfEachFailureIsNoted() {
        String nonce = nonce();
        DigestCredentials right = Requests.credentials(nonce);

        assertThat(check(FakeStageContext.of(Requests.register()))).isEqualTo("no digest credentials for this realm");
        assertThat(check(register(Requests.credentials(nonce).password("guess"))))
                .isEqualTo("wrong password");
        assertThat(check(register(DigestCredentials.of("1009", "example.org", "secret", nonce))))
                .isEqualTo("unknown user");
        assertThat(check(register(Requests.credentials(nonce).request("REGISTER", "sip:1002@example.net"))))
                .isEqualTo("digest uri and Request-URI are different resources");
        assertThat(check(register(Requests.credentials("AAAA")))).contains("not signed with this proxy's secret");
        assertThat(check(register(right).from("203.0.113.7"))).contains("bound to another resource, source");
        assertThat(check(register(right))).isEqualTo("authenticated");
        assertThat(check(FakeStageContext.at(
                        FakeStageContext.START.plus(Duration.ofHours(1)),
                        Requests.register("Authorization: " + right.value()))))
                .isEqualTo("digest is right but its nonce has expired");
    }

    @Test
    void realmAndDigestUriOfTheCredentialsAreNoted() {
        String nonce = nonce();
        FakeStageContext otherRealm = register(DigestCredentials.of("1001", "asterisk", "secret", nonce));
        FakeStageContext otherUri = register(Requests.credentials(nonce).request("REGISTER", "sip:1002@example.net"));

        check(otherRealm);
        check(otherUri);

        assertThat(otherRealm.notes()).containsEntry("credentials for realm", "asterisk");
        assertThat(otherRealm.notes()).containsEntry("realm", "example.org");
        assertThat(otherRealm.notes().get("credentials in")).startsWith("InMemoryCredentials");
        assertThat(otherUri.notes()).containsEntry("digest uri", "sip:1002@example.net");
    }

    @Test
    void wrongPasswordsAreNotCountedForALockout() {
        String nonce = nonce();

        for (int i = 0; i < 10; i++) {
            check(register(Requests.credentials(nonce).password("guess" + i)));
        }

        assertThat(check(register(Requests.credentials(nonce)))).isEqualTo("authenticated");
        assertThat(digest.handle(register(Requests.credentials(nonce)))).isEqualTo(Verdict.proceed());
    }

    @Test
    void countOfANonceIsNotUsedUp() {
        DigestCredentials phone = Requests.credentials(nonce());
        String request = Requests.register("Authorization: " + phone.value());

        assertThat(check(FakeStageContext.of(request))).isEqualTo("authenticated");
        assertThat(check(FakeStageContext.of(request))).isEqualTo("authenticated");
        assertThat(digest.handle(FakeStageContext.of(request))).isEqualTo(Verdict.proceed());
        assertThat(check(FakeStageContext.of(request).from("127.0.0.1", 40_009)))
                .contains("nonce count was used before");
        assertThat(check(FakeStageContext.of(Requests.register(
                        "Authorization: " + phone.with("nc", "00000002").value()))))
                .isEqualTo("authenticated");
        assertThat(check(FakeStageContext.of(request)))
                .as("a retransmission is accepted")
                .isEqualTo("authenticated");
    }

    @Test
    void assumedUserPassesIfEverythingButTheProofIsRight() {
        FakeStageContext right = FakeStageContext.of(Requests.register()).rehearsalAs("1001");
        FakeStageContext other = FakeStageContext.of(Requests.register()).rehearsalAs("1002");
        FakeStageContext unknown = FakeStageContext.of(Requests.register()).rehearsalAs("1009");

        assertThat(digest.handle(right)).isEqualTo(Verdict.proceed());
        assertThat(right.authenticatedUser()).contains("1001@example.org");
        assertThat(right.notes()).containsEntry("check", "assumed: the proof is right");
        assertThat(((Verdict.Respond) digest.handle(other)).statusCode()).isEqualTo(403);
        assertThat(other.notes().get("check")).startsWith("digest user is not the user of From");
        assertThat(((Verdict.Respond) digest.handle(unknown)).statusCode()).isEqualTo(401);
        assertThat(unknown.notes()).containsEntry("check", "unknown user");
    }

    @Test
    void wrongDomainIsNamed() {
        FakeStageContext context = FakeStageContext.of(Requests.request(
                        "REGISTER sip:example.org", "<sip:1001@exmaple.org>", "<sip:1001@exmaple.org>"))
                .rehearsal();

        assertThat(((Verdict.Respond) digest.handle(context)).statusCode()).isEqualTo(404);
        assertThat(context.notes().get("To")).startsWith("sip:1001@exmaple.org does not name a domain");
    }

    @Test
    void lockedUserIsNamed() {
        String nonce = nonce();
        for (int i = 0; i < 5; i++) {
            digest.handle(register(Requests.credentials(nonce).password("guess" + i)));
        }

        assertThat(check(register(Requests.credentials(nonce))))
                .isEqualTo("credentials not checked after too many failures");
        FakeStageContext assumed = FakeStageContext.of(Requests.register()).rehearsalAs("1001");
        digest.handle(assumed);
        assertThat(assumed.notes()).containsEntry("check", "credentials not checked after too many failures");
    }

    // ---- access list

    private static ArrivalDecision arrival(FakeHooks hooks, FakeStageContext context) {
        ArrivalFilter filter = hooks.arrivalFilters().get(0);
        ArrivalDecision decision = filter.rehearse(context.flow(), 500).orElseThrow();
        assertThat(filter.name()).as("the name in refusals").isEqualTo(decision.filter());
        return decision;
    }

    @Test
    void accessRuleIsNoted() throws Exception {
        FakeRuntime runtime = new FakeRuntime(FakeStageContext.START);
        FakeHooks hooks = FakeHooks.of(
                AccessList.builder()
                        .rules(
                                AccessRule.deny(CidrBlock.parse("198.51.100.0/24"))
                                        .tag("scanners"),
                                AccessRule.trust(CidrBlock.parse("203.0.113.0/24")))
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .build(),
                runtime);
        RequestStage stage = hooks.stages().get(0);
        FakeStageContext trusted =
                FakeStageContext.of(Requests.invite()).from("203.0.113.7").rehearsal();
        FakeStageContext other =
                FakeStageContext.of(Requests.invite()).from("192.0.2.7").rehearsal();
        FakeStageContext denied =
                FakeStageContext.of(Requests.invite()).from("198.51.100.7").rehearsal();

        stage.handle(trusted);
        stage.handle(other);

        assertThat(trusted.isTrusted()).isTrue();
        assertThat(trusted.notes()).containsEntry("access rule", "trust 203.0.113.0/24");
        assertThat(other.notes()).containsEntry("access rule", "default policy ALLOW");
        assertThat(arrival(hooks, trusted).accepts()).isTrue();
        assertThat(arrival(hooks, denied))
                .isEqualTo(new ArrivalDecision("AccessList", false, "deny 198.51.100.0/24 (scanners)"));
        assertThat(runtime.events()).isEmpty();
        assertThat(stage.isRehearsable()).isTrue();
    }

    // ---- rate limits

    @Test
    void tokensAreNotTaken() {
        FakeRuntime runtime = new FakeRuntime(FakeStageContext.START);
        FakeHooks hooks = FakeHooks.of(
                FloodGuard.builder()
                        .perSource(new RateLimit(1, 3))
                        .perAor(new RateLimit(1, 2))
                        .build(),
                runtime);
        RequestStage perUser = hooks.stages().get(1);

        for (int i = 0; i < 20; i++) {
            FakeStageContext question = FakeStageContext.of(Requests.invite()).rehearsal();
            question.authenticated("1001", "example.org", -1);
            assertThat(arrival(hooks, question).why()).startsWith("tokens left: 3");
            assertThat(handle(perUser, question)).isEqualTo(Verdict.proceed());
        }
        int sent = 0;
        while (hooks.send(FakeStageContext.of(Requests.invite()), null) == Verdict.proceed() && sent < 50) {
            sent++;
        }

        assertThat(sent).isEqualTo(3);
        runtime.events().clear();
        FakeStageContext late = FakeStageContext.of(Requests.invite()).rehearsal();
        assertThat(arrival(hooks, late).accepts()).isFalse();
        assertThat(arrival(hooks, late).why()).startsWith("rate limit: source");
        assertThat(runtime.events()).isEmpty();
    }

    @Test
    void fullBucketOfAUserIsNoted() {
        FakeHooks hooks = FakeHooks.of(
                FloodGuard.builder().perAor(new RateLimit(1, 2)).build(), new FakeRuntime(FakeStageContext.START));
        for (int i = 0; i < 5; i++) {
            hooks.send(FakeStageContext.of(Requests.invite()), "1001");
        }

        FakeStageContext question = FakeStageContext.of(Requests.invite()).rehearsal();
        question.authenticated("1001", "example.org", -1);

        assertThat(handle(hooks.stages().get(1), question)).isEqualTo(Verdict.discard());
        assertThat(question.notes()).containsEntry("rate limit", "user 1/s, 2 at once");
        assertThat(question.events()).isEmpty();
    }

    @Test
    void scannerAndBanAreNotedWithoutBanning() throws Exception {
        FloodGuard guard =
                FloodGuard.builder().scanners(FloodGuard.ScannerPolicy.BAN).build();
        FakeRuntime runtime = new FakeRuntime(FakeStageContext.START);
        FakeHooks hooks = FakeHooks.of(guard, runtime);
        FakeStageContext scanner = FakeStageContext.of(Requests.invite("User-Agent: friendly-scanner"))
                .from("192.0.2.66")
                .rehearsal();

        assertThat(hooks.stages().get(0).handle(scanner)).isEqualTo(Verdict.discard());
        assertThat(scanner.notes().get("scanner")).contains("friendly-scanner");
        assertThat(guard.bans()).isEmpty();
        assertThat(runtime.events()).isEmpty();

        guard.ban(InetAddress.getByName("192.0.2.66"), Duration.ofMinutes(1));
        assertThat(arrival(hooks, scanner)).isEqualTo(new ArrivalDecision("FloodGuard", false, "the source is banned"));
    }

    private static Verdict handle(RequestStage stage, FakeStageContext context) {
        try {
            return stage.handle(context);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    // ---- in a proxy

    @Test
    void proxyExplainsWhyAPhoneIsChallenged() {
        List<SecurityEvent> events = new CopyOnWriteArrayList<>();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("example.org")
                .authentication(digest)
                .component(AccessList.builder()
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .build())
                .component(FloodGuard.builder().build())
                .component(new ProxyComponent() {
                    @Override
                    public void install(ComponentHooks hooks) {
                        hooks.onEvent(events::add);
                    }
                })
                .build()) {
            proxy.start();
            String request = Requests.register("Authorization: "
                    + Requests.credentials("AAAA").password("guess").value());

            Explanation challenged = proxy.explain(ExplainRequest.of(request));
            Explanation assumed =
                    proxy.explain(ExplainRequest.of(Requests.register("Contact: <sip:1001@198.51.100.7:5060>"))
                            .as("1001"));

            assertThat(challenged.decisions())
                    .extracting(Explanation.Decision::stage)
                    .startsWith(
                            "AccessList (arrival)",
                            "FloodGuard (arrival)",
                            "MessageSanity",
                            "AccessList",
                            "FloodGuard (source)");
            assertThat(challenged.result()).isInstanceOfSatisfying(Explanation.Response.class, response -> {
                assertThat(response.statusCode()).isEqualTo(401);
                assertThat(response.headerLines()).anyMatch(line -> line.startsWith("WWW-Authenticate: Digest"));
            });
            assertThat(challenged.decisions().get(challenged.decisions().size() - 1))
                    .satisfies(last -> assertThat(last.stage()).isEqualTo("DigestAuthentication"))
                    .satisfies(last -> assertThat(last.detail("check")).contains("wrong password"));
            assertThat(assumed.isAccepted()).isTrue();
            assertThat(events).isEmpty();
            assertThat(digest.lockouts()).isEmpty();
            assertThat(proxy.locationStore().lookup(Aor.of(SipUri.of("sip:1001@example.org"))))
                    .isEmpty();
        }
    }
}
