package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeStageContext;

class MemberSetTest {

    private static final Instant START = FakeStageContext.START;

    private static Gateway.Builder gateway(String id) {
        return Gateway.builder("s", SipUri.of("sip:" + id + ".test")).id(id);
    }

    private static MemberSet set(Algorithm algorithm, Gateway.Builder... gateways) {
        GatewaySet options = GatewaySet.named("s").algorithm(algorithm).build();
        List<Member> members = new ArrayList<>();
        for (Gateway.Builder gateway : gateways) {
            members.add(new Member(options, gateway.build(), false));
        }
        return new MemberSet(options, members, new Random(1)::nextDouble);
    }

    private static FakeStageContext call(String callId, String from) {
        return FakeStageContext.of("""
                INVITE sip:100@example.org SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
                Max-Forwards: 70
                From: <sip:%s>;tag=%s
                To: <sip:to-%s>
                Call-ID: %s
                CSeq: 1 INVITE
                Content-Length: 0
                """.formatted(from, callId, from, callId));
    }

    private static String order(MemberSet set, FakeStageContext context) throws SipParseException {
        return set.order(context, true).stream()
                .map(member -> member.gateway().id())
                .reduce("", String::concat);
    }

    private static String order(MemberSet set) throws SipParseException {
        return order(set, call("1", "bob@example.org"));
    }

    private static void down(Member member, Instant at) {
        member.health.requestFailed(at, "x", true);
        member.health.requestFailed(at, "x", true);
    }

    @Test
    void roundRobinBeginsWithEachInTurn() throws SipParseException {
        MemberSet set = set(Algorithm.ROUND_ROBIN, gateway("a"), gateway("b"), gateway("c"));

        assertThat(List.of(order(set), order(set), order(set), order(set))).containsExactly("abc", "bca", "cab", "abc");
    }

    @Test
    void turnGoesOnWhenMembersChange() throws SipParseException {
        MemberSet set = set(Algorithm.ROUND_ROBIN, gateway("a"), gateway("b"));
        order(set);

        assertThat(order(set.with(set.members))).isEqualTo("ba");
    }

    @Test
    void higherPriorityComesFirstAndEqualOnesTakeTurns() throws SipParseException {
        MemberSet set = set(
                Algorithm.PRIORITY,
                gateway("a").priority(1),
                gateway("b").priority(9),
                gateway("c").priority(9));

        assertThat(List.of(order(set), order(set), order(set))).containsExactly("bca", "bca", "cba");
    }

    @Test
    void weightsAreSharesOfTheFirstPlace() throws SipParseException {
        MemberSet set = set(
                Algorithm.WEIGHT,
                gateway("a").weight(10),
                gateway("b").weight(30),
                gateway("c").weight(0));
        Map<Character, Integer> first = new HashMap<>();
        for (int i = 0; i < 4_000; i++) {
            String order = order(set);
            assertThat(order).endsWith("c");
            first.merge(order.charAt(0), 1, Integer::sum);
        }

        assertThat(first.get('a')).isBetween(900, 1_100);
        assertThat(first.get('b')).isBetween(2_900, 3_100);
    }

    @Test
    void withoutWeightsTheSharesAreEqual() throws SipParseException {
        MemberSet set = set(Algorithm.WEIGHT, gateway("a"), gateway("b"));
        int first = 0;
        for (int i = 0; i < 2_000; i++) {
            first += order(set).startsWith("a") ? 1 : 0;
        }

        assertThat(first).isBetween(900, 1_100);
    }

    @Test
    void fewestCallsComeFirst() throws SipParseException {
        MemberSet set = set(Algorithm.LEAST_CALLS, gateway("a"), gateway("b"), gateway("c"));
        set.members.get(0).calls.set(2);
        set.members.get(1).calls.set(1);

        assertThat(order(set)).isEqualTo("cba");
        set.members.get(2).calls.set(3);
        assertThat(order(set)).isEqualTo("bac");
    }

    @ParameterizedTest
    @EnumSource(
            value = Algorithm.class,
            names = {"HASH_CALL_ID", "HASH_FROM", "HASH_TO", "HASH_CALLER"})
    void hashesSpreadKeysAndMoveOnlyTheShareOfAMember(Algorithm algorithm) throws SipParseException {
        MemberSet three = set(algorithm, gateway("a"), gateway("b"), gateway("c"));
        MemberSet four = set(algorithm, gateway("d"), gateway("c"), gateway("b"), gateway("a"));
        Map<String, Integer> shares = new HashMap<>();
        int moved = 0;
        for (int i = 0; i < 3_000; i++) {
            FakeStageContext call = call("call" + i, "user" + i + "@example.org");
            String before = order(three, call).substring(0, 1);
            String after = order(four, call).substring(0, 1);
            shares.merge(before, 1, Integer::sum);
            if (!before.equals(after)) {
                assertThat(after).isEqualTo("d");
                moved++;
            }
        }

        assertThat(shares.values())
                .hasSize(3)
                .allSatisfy(share -> assertThat(share).isBetween(850, 1_150));
        assertThat(moved).isBetween(600, 900);
    }

    @Test
    void keysAreWhatTheAlgorithmNames() throws SipParseException {
        assertThat(firsts(Algorithm.HASH_CALL_ID, true)).hasSizeGreaterThan(1);
        assertThat(firsts(Algorithm.HASH_FROM, true)).hasSize(1);
        assertThat(firsts(Algorithm.HASH_TO, true)).hasSize(1);
        assertThat(firsts(Algorithm.HASH_FROM, false)).hasSizeGreaterThan(1);
        assertThat(firsts(Algorithm.HASH_TO, false)).hasSizeGreaterThan(1);
        assertThat(firsts(Algorithm.HASH_CALLER, false)).hasSizeGreaterThan(1);
    }

    private static Set<String> firsts(Algorithm algorithm, boolean sameUser) throws SipParseException {
        MemberSet set = set(algorithm, gateway("a"), gateway("b"), gateway("c"));
        Set<String> firsts = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            firsts.add(order(set, call("c" + i, sameUser ? "bob@EXAMPLE.org" : "u" + i + "@example.org"))
                    .substring(0, 1));
        }
        return firsts;
    }

    @Test
    void authenticatedUserIsTheCallerWhateverFromSays() throws SipParseException {
        MemberSet set = set(Algorithm.HASH_CALLER, gateway("a"), gateway("b"), gateway("c"));
        Set<String> orders = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            FakeStageContext call = call("c" + i, "u" + i + "@example.org");
            call.authenticated("bob", "example.org", -1);
            orders.add(order(set, call));
        }

        assertThat(orders).hasSize(1);
    }

    @Test
    void membersThatAreOutOfUseAreSkipped() throws SipParseException {
        MemberSet set = set(
                Algorithm.PRIORITY,
                gateway("a").start(Gateway.Start.DISABLED),
                gateway("b").start(Gateway.Start.DOWN),
                gateway("c").maximumCalls(1),
                gateway("d"),
                gateway("e"));
        set.members.get(2).calls.set(1);
        down(set.members.get(3), START);

        assertThat(order(set)).isEqualTo("e");
        assertThat(set.order(call("1", "bob@example.org"), false)).hasSize(2); // the limit is for calls
    }

    @Test
    void ifAllAreDownThoseWhoseRequestsFailedAreTriedTheLeastRecentlyFailedFirst() throws SipParseException {
        MemberSet set = set(Algorithm.PRIORITY, gateway("a"), gateway("b"), gateway("c"));
        down(set.members.get(0), START.plusSeconds(2));
        down(set.members.get(1), START.plusSeconds(1));
        down(set.members.get(2), START);
        set.members.get(2).health.probeFailed(START, "x");

        assertThat(order(set)).isEqualTo("ba");
    }
}
