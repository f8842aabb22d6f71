package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.access.AccessRules;
import org.sipproxy.api.access.AddressEntry;
import org.sipproxy.api.access.TrustedEntry;
import org.sipproxy.api.event.SecurityEvent.AccessDenied;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.security.AccessRule.Action;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class AccessListTest {

    private final FakeRuntime runtime = new FakeRuntime(FakeStageContext.START);

    private static CidrBlock net(String text) {
        return CidrBlock.parse(text);
    }

    private static FakeStageContext register() {
        return FakeStageContext.of(Requests.register());
    }

    private static FakeStageContext invite() {
        return FakeStageContext.of(Requests.invite());
    }

    private FakeHooks at(Action policy, AccessRule... rules) {
        return FakeHooks.of(
                AccessList.builder().defaultPolicy(policy).rules(rules).build(), runtime);
    }

    @Test
    void longestNetworkDecidesWhateverTheOrder() {
        FakeHooks hooks = at(
                Action.DENY,
                AccessRule.deny(net("10.0.0.0/8")),
                AccessRule.allow(net("10.1.0.0/16")),
                AccessRule.deny(net("10.1.2.3")));

        assertThat(hooks.send(register().from("10.1.9.9"))).isSameAs(Verdict.proceed());
        assertThat(hooks.send(register().from("10.2.0.1"))).isNull();
        assertThat(hooks.send(register().from("10.1.2.3"))).isNull();
        assertThat(hooks.send(register().from("192.0.2.9"))).isNull();
    }

    @Test
    void firstMatchingRuleOfANetworkDecides() {
        FakeHooks hooks = at(
                Action.DENY,
                AccessRule.deny(net("10.0.0.0/8")).method(Method.SUBSCRIBE, Method.REGISTER),
                AccessRule.allow(net("10.0.0.0/8")));

        assertThat(hooks.send(invite().from("10.0.0.1"))).isSameAs(Verdict.proceed());
        assertThat(hooks.send(register().from("10.0.0.1")))
                .isInstanceOfSatisfying(
                        Verdict.Respond.class, r -> assertThat(r.statusCode()).isEqualTo(403));
    }

    @Test
    void deniedSourceIsDroppedUnparsedAndReportedWithItsRule() {
        FakeHooks hooks = at(Action.ALLOW, AccessRule.deny(net("2001:db8::/32")).tag("scanners"));

        assertThat(hooks.isFiltered(register().from("2001:db8::7"))).isTrue();
        assertThat(hooks.acceptsConnection("2001:db8::7")).isFalse();
        assertThat(hooks.acceptsConnection("2001:db9::7")).isTrue();
        assertThat(runtime.events())
                .hasSize(2)
                .allSatisfy(e -> assertThat(e)
                        .isInstanceOfSatisfying(
                                AccessDenied.class,
                                denied -> assertThat(denied.rule()).isEqualTo("deny 2001:db8::/32 (scanners)")));
    }

    @Test
    void requestsThatARuleDoesNotMatchGoToTheNextRuleOfTheNetwork() {
        FakeHooks hooks = at(Action.DENY, AccessRule.allow(net("10.0.0.0/8")).method(Method.INVITE), AccessRule.deny());

        FakeStageContext refused = register().from("10.0.0.1");

        assertThat(hooks.isFiltered(refused)).isFalse();
        assertThat(hooks.send(invite().from("10.0.0.1"))).isSameAs(Verdict.proceed());
        assertThat(hooks.send(refused)).isInstanceOf(Verdict.Respond.class);
        assertThat(refused.events())
                .singleElement()
                .isInstanceOfSatisfying(
                        AccessDenied.class, e -> assertThat(e.rule()).isEqualTo("deny any"));
    }

    @Test
    void portTransportAndDomainsNarrowARule() {
        FakeHooks hooks = at(
                Action.DENY,
                AccessRule.allow(net("10.0.0.1")).port(5060),
                AccessRule.allow(net("10.0.0.2")).over(TransportKind.TLS, TransportKind.TCP),
                AccessRule.allow(net("10.0.0.3")).fromDomain("Example.ORG"),
                AccessRule.allow(net("10.0.0.4")).requestDomain("example.net"));

        assertThat(hooks.send(invite().from("10.0.0.1", 5060))).isSameAs(Verdict.proceed());
        assertThat(hooks.send(invite().from("10.0.0.1", 5061))).isNull();
        assertThat(hooks.send(invite().from("10.0.0.2").over(TransportKind.TCP)))
                .isSameAs(Verdict.proceed());
        assertThat(hooks.send(invite().from("10.0.0.2"))).isNull();
        assertThat(hooks.send(invite().from("10.0.0.3"))).isSameAs(Verdict.proceed());
        assertThat(hooks.send(invite().from("10.0.0.4"))).isInstanceOf(Verdict.Respond.class);
    }

    @Test
    void onlyTrustRulesMakeAPeerTrusted() {
        FakeHooks hooks = at(Action.DENY, AccessRule.trust(net("10.0.0.1")), AccessRule.allow(net("10.0.0.2")));
        FakeStageContext trusted = invite().from("10.0.0.1");
        FakeStageContext allowed = invite().from("10.0.0.2");

        assertThat(hooks.send(trusted)).isSameAs(Verdict.proceed());
        assertThat(hooks.send(allowed)).isSameAs(Verdict.proceed());

        assertThat(trusted.isTrusted()).isTrue();
        assertThat(allowed.isTrusted()).isFalse();
    }

    @Test
    void databaseRowsAreRulesAndAReloadReplacesThemAtomically() {
        List<AccessRules> rows = new ArrayList<>(List.of(
                new AccessRules(
                        List.of(
                                new AddressEntry(1, "10.0.0.0", 8, 0, "phones"),
                                new AddressEntry(2, "10.6.6.6", 32, 0, ""),
                                new AddressEntry(1, "trunk.example.org", 0, 0, ""),
                                new AddressEntry(9, "10.7.7.7", 32, 0, "")),
                        List.of(new TrustedEntry(
                                "10.0.0.5", EnumSet.of(TransportKind.UDP), "^sip:1001@", "", "trunk", 0))),
                AccessRules.NONE));
        AccessList list = AccessList.builder()
                .defaultPolicy(Action.DENY)
                .source(() -> rows.remove(0))
                .group(1, Action.ALLOW)
                .group(2, Action.DENY)
                .build();
        FakeHooks hooks = FakeHooks.of(list, runtime);
        FakeStageContext trusted = invite().from("10.0.0.5");
        FakeStageContext other = FakeStageContext.of(
                        Requests.request("INVITE sip:x@example.org", "<sip:1009@example.org>", "<sip:x@example.org>"))
                .from("10.0.0.5");

        assertThat(hooks.send(invite().from("10.7.7.7"))).isSameAs(Verdict.proceed());
        assertThat(hooks.send(invite().from("10.6.6.6"))).isNull();
        assertThat(hooks.send(trusted)).isSameAs(Verdict.proceed());
        assertThat(trusted.isTrusted()).isTrue();
        assertThat(hooks.send(other)).isSameAs(Verdict.proceed());
        assertThat(other.isTrusted()).isFalse();

        list.reload();

        assertThat(hooks.send(invite().from("10.7.7.7"))).isNull();
    }

    @Test
    void senderCannotMakeThePatternOfARowSlow() {
        AccessRules rows = new AccessRules(
                List.of(),
                List.of(
                        new TrustedEntry("10.0.0.5", EnumSet.of(TransportKind.UDP), "^sip:(a+)+@trunk", "", "", 1),
                        new TrustedEntry("10.0.0.5", EnumSet.of(TransportKind.UDP), "", "^sip:(a|aa)+@trunk$", "", 0)));
        FakeHooks hooks = FakeHooks.of(
                AccessList.builder()
                        .defaultPolicy(Action.ALLOW)
                        .source(() -> rows)
                        .build(),
                runtime);
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            for (int length : new int[] {40, 1_000, 50_000}) {
                String uri = "sip:" + "a".repeat(length) + "@example.org";
                FakeStageContext context = FakeStageContext.at(
                                FakeStageContext.START,
                                Requests.request("INVITE " + uri, "<" + uri + ">", "<sip:x@example.org>"),
                                ParseLimits.builder()
                                        .messageBytes(1 << 20)
                                        .headerLineBytes(1 << 20)
                                        .headers(1_000)
                                        .build())
                        .from("10.0.0.5");
                assertThat(hooks.send(context)).isSameAs(Verdict.proceed());
                assertThat(context.isTrusted()).isFalse();
            }
        });
    }

    @Test
    void failedReloadKeepsTheRules() {
        boolean[] broken = {false};
        AccessList list = AccessList.builder()
                .defaultPolicy(Action.DENY)
                .rules(AccessRule.allow(net("10.0.0.0/8")))
                .source(() -> {
                    if (broken[0]) {
                        throw new IllegalStateException("no database");
                    }
                    return AccessRules.NONE;
                })
                .build();
        FakeHooks hooks = FakeHooks.of(list, runtime);
        broken[0] = true;

        assertThatThrownBy(list::reload).hasMessage("no database");

        assertThat(hooks.send(invite().from("10.0.0.1"))).isSameAs(Verdict.proceed());
    }

    @Test
    void explainReturnsTheDecidingRuleAndTheSpecialRulesBeforeIt() throws UnknownHostException {
        AccessList list = AccessList.builder()
                .defaultPolicy(Action.DENY)
                .rules(
                        AccessRule.allow(net("10.0.0.0/8")).tag("office"),
                        AccessRule.deny(net("10.0.0.9")).method(Method.INVITE))
                .build();

        AccessDecision office = list.explain(InetAddress.getByName("10.0.0.9"));
        AccessDecision stranger = list.explain(InetAddress.getByName("192.0.2.1"));

        assertThat(office)
                .isEqualTo(new AccessDecision(
                        Action.ALLOW, "allow 10.0.0.0/8 (office)", "office", List.of("deny 10.0.0.9 INVITE")));
        assertThat(stranger).isEqualTo(new AccessDecision(Action.DENY, "default policy", "", List.of()));
    }

    @Test
    void certificateIdentityIsTrustedFromAnyAddress() {
        FakeHooks hooks = at(Action.DENY, AccessRule.trustIdentity("Provider.example", "other.example"));
        FakeStageContext provider = invite().from("203.0.113.7").identified("provider.example");
        FakeStageContext stranger = invite().from("203.0.113.7").identified("a.provider.example");

        assertThat(hooks.send(provider)).isSameAs(Verdict.proceed());
        assertThat(provider.isTrusted()).isTrue();
        assertThat(hooks.send(stranger)).isNull();
        assertThat(hooks.send(invite().from("203.0.113.7").over(TransportKind.TLS)))
                .isNull();
        assertThat(hooks.send(invite().from("203.0.113.7"))).isNull();
        assertThat(AccessRule.trustIdentity("provider.example").tag("trunk"))
                .hasToString("trust any identity provider.example (trunk)");
    }

    @Test
    void identityNarrowsANetwork() {
        FakeHooks hooks = at(
                Action.ALLOW,
                AccessRule.trust(net("203.0.113.0/24")).identity("provider.example"),
                AccessRule.deny(net("203.0.113.0/24")));

        assertThat(hooks.send(invite().from("203.0.113.7").identified("provider.example")))
                .isSameAs(Verdict.proceed());
        assertThat(hooks.send(invite().from("203.0.113.7").identified("else.example")))
                .isNull();
        assertThat(hooks.send(invite().from("192.0.2.7").identified("provider.example")))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void onlyIdentityRulesDeferTheDecisionToTheHandshake() {
        FakeHooks trusting = at(Action.DENY, AccessRule.trustIdentity("provider.example"));
        FakeHooks denying =
                at(Action.ALLOW, AccessRule.deny().identity("bad.example"), AccessRule.deny(net("203.0.113.0/24")));

        assertThat(trusting.acceptsConnection("203.0.113.7", Endpoint.tls("192.0.2.1", 5061)))
                .isTrue();
        assertThat(trusting.acceptsConnection("203.0.113.7", Endpoint.wss("192.0.2.1", 443)))
                .isTrue();
        assertThat(trusting.acceptsConnection("203.0.113.7")).isFalse();
        assertThat(denying.acceptsConnection("192.0.2.7", Endpoint.tls("192.0.2.1", 5061)))
                .isTrue();
        assertThat(denying.acceptsConnection("203.0.113.7", Endpoint.tls("192.0.2.1", 5061)))
                .isFalse();
        assertThat(denying.send(invite().from("192.0.2.7").identified("bad.example")))
                .isNull();
    }

    @Test
    void everyMissingOrContradictingOptionIsReported() {
        assertThatThrownBy(() -> AccessList.builder().group(1, Action.ALLOW).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("defaultPolicy: missing")
                .hasMessageContaining("group: has no effect without source");
        assertThatThrownBy(
                        () -> AccessList.builder().defaultPolicy(Action.TRUST).build())
                .hasMessageContaining("anyone relay to any destination");
    }

    @Test
    void stagesNeverBlockAndAreRepeatable() {
        assertThat(at(Action.ALLOW).stages()).isNotEmpty().allMatch(s -> !s.mayBlock() && s.isRepeatable());
    }

    @Test
    void replacedListDecidesWithItsOwnRulesAndDefault() {
        AccessList list = AccessList.builder()
                .rules(AccessRule.deny(net("192.0.2.0/24")))
                .defaultPolicy(Action.ALLOW)
                .build();
        FakeHooks hooks = FakeHooks.of(list, runtime);
        assertThat(hooks.send(register().from("198.51.100.1"))).isSameAs(Verdict.proceed());

        list.replaceWith(AccessList.builder()
                .rules(AccessRule.allow(net("192.0.2.0/24")))
                .defaultPolicy(Action.DENY)
                .build());

        assertThat(hooks.send(register().from("192.0.2.1"))).isSameAs(Verdict.proceed());
        assertThat(hooks.send(register().from("198.51.100.1"))).isNull();
        list.reload();
        assertThat(hooks.send(register().from("198.51.100.1"))).isNull();
    }
}
