package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.event.SecurityEvent.LimitHit;
import org.sipproxy.api.event.SecurityEvent.ScannerSeen;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.security.FloodGuard.Answer;
import org.sipproxy.security.FloodGuard.ScannerPolicy;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class FloodGuardTest {

    private final FakeRuntime runtime = new FakeRuntime(FakeStageContext.START);

    private FloodGuard.Builder guard() {
        return FloodGuard.builder().perSource(new RateLimit(10, 20));
    }

    private FakeStageContext register(String from) {
        return FakeStageContext.at(runtime.now(), Requests.register()).from(from);
    }

    /** Returns how many of a hundred requests are accepted. */
    private int in(FakeHooks hooks, String from, @Nullable String user) {
        int in = 0;
        for (int i = 0; i < 100; i++) {
            in += hooks.send(register(from), user) == Verdict.proceed() ? 1 : 0;
        }
        return in;
    }

    @Test
    void sourceMaySendItsBurstAndThenItsRate() {
        FakeHooks hooks = FakeHooks.of(guard().build(), runtime);

        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(20);
        runtime.advance(Duration.ofSeconds(1));
        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(10);
        assertThat(in(hooks, "192.0.2.8", null)).isEqualTo(20);
        assertThat(runtime.events()).hasOnlyElementsOfType(LimitHit.class).isNotEmpty();
    }

    @Test
    void ipv6HostCannotChooseANewAddressToStartAgain() {
        FakeHooks hooks = FakeHooks.of(guard().build(), runtime);

        assertThat(in(hooks, "2001:db8::1", null)).isEqualTo(20);
        assertThat(in(hooks, "2001:db8::2", null)).isZero();
        assertThat(in(hooks, "2001:db8:0:1::2", null)).isEqualTo(20);
    }

    @Test
    void sourcePrefixIsConfigurable() {
        FakeHooks hooks = FakeHooks.of(guard().sourcePrefix(24, 48).build(), runtime);

        assertThat(in(hooks, "192.0.2.1", null)).isEqualTo(20);
        assertThat(in(hooks, "192.0.2.2", null)).isZero();
        assertThat(in(hooks, "192.0.3.2", null)).isEqualTo(20);
    }

    @Test
    void tenThousandPhonesBehindOneAddressAllRegister() {
        FakeHooks hooks = FakeHooks.of(guard().build(), runtime);
        int waiting = 10_000;
        int rounds = 0;
        while (waiting > 0) {
            int in = 0;
            for (int phone = 0; phone < waiting; phone++) {
                // first without credentials, then with them; a phone without a response tries again
                if (hooks.send(register("192.0.2.7")) == Verdict.proceed()
                        && hooks.send(register("192.0.2.7"), "phone" + rounds + "." + phone) == Verdict.proceed()) {
                    in++;
                }
            }
            waiting -= in;
            runtime.advance(Duration.ofMillis(500));
            assertThat(++rounds).isLessThan(64); // 32 s, as long as phones retransmit a request
        }
    }

    @Test
    void authenticatedUserIsLimited() {
        FakeHooks hooks = FakeHooks.of(guard().perAor(new RateLimit(1, 5)).build(), runtime);

        assertThat(in(hooks, "192.0.2.7", "1001")).isEqualTo(5);
        assertThat(in(hooks, "192.0.2.8", "1001")).isZero();
        assertThat(in(hooks, "192.0.2.9", "1002")).isEqualTo(5);
    }

    @Test
    void globalLimitAppliesOnlyToSourcesWithoutAProof() {
        FakeHooks hooks = FakeHooks.of(
                FloodGuard.builder()
                        .perSource(new RateLimit(100, 1_000))
                        .global(new RateLimit(1, 50))
                        .build(),
                runtime);
        assertThat(hooks.send(register("192.0.2.7"), "1001")).isSameAs(Verdict.proceed());

        int strangers = 0;
        for (int i = 0; i < 200; i++) {
            strangers += hooks.send(register("198.51.100." + i)) == Verdict.proceed() ? 1 : 0;
        }

        assertThat(strangers).isEqualTo(49); // the first request of the known source also took a token
        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(100);
    }

    @Test
    void responseAboveTheLimitIsConfigurable() {
        FakeHooks polite = FakeHooks.of(guard().answer(Answer.UNAVAILABLE).build(), runtime);
        in(polite, "192.0.2.7", null);
        FakeHooks slow = FakeHooks.of(guard().answer(Answer.TARPIT).build(), runtime);
        for (int i = 0; i < 21; i++) {
            slow.send(register("192.0.2.7"));
        }
        FakeHooks fresh = FakeHooks.of(guard().answer(Answer.UNAVAILABLE).build(), runtime);
        for (int i = 0; i < 20; i++) {
            fresh.send(register("192.0.2.7"));
        }

        assertThat(polite.send(register("192.0.2.7"))).as("not even 503").isNull();
        assertThat(fresh.send(register("192.0.2.7"))).isInstanceOfSatisfying(Verdict.Respond.class, r -> {
            assertThat(r.statusCode()).isEqualTo(503);
            assertThat(r.headerLines()).containsExactly("Retry-After: 10");
        });
        assertThat(runtime.scheduled()).as("delayed responses").isOne();
    }

    @Test
    void exemptAndTrustedPeersAreNotLimited() {
        FakeHooks hooks = FakeHooks.of(
                guard().exempt(CidrBlock.parse("192.0.2.0/28"))
                        .answer(Answer.UNAVAILABLE)
                        .build(),
                runtime);

        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(100);
    }

    // ---- limits that an attacker shares with others

    private FakeStageContext invite(String from, TransportKind transport) {
        return FakeStageContext.at(
                        runtime.now(),
                        Requests.request(
                                "INVITE sip:1001@example.org", "<sip:caller@elsewhere.test>", "<sip:1001@example.org>"))
                .from(from)
                .over(transport);
    }

    private boolean calls(FakeHooks hooks, String from, TransportKind transport) {
        return hooks.sendAsStranger(invite(from, transport)) == Verdict.proceed();
    }

    private static FloodGuard.Builder usual() {
        return FloodGuard.builder().perSource(new RateLimit(50, 500));
    }

    @Test
    void oneSourceDoesNotDisplaceOtherCallersOfAUser() {
        FakeHooks hooks = FakeHooks.of(usual().build(), runtime);
        int attacks = 0;
        for (int i = 0; i < 1_200; i++) {
            attacks += calls(hooks, "203.0.113.9", TransportKind.UDP) ? 1 : 0;
            if (i % 240 == 100) {
                assertThat(calls(hooks, "198.51.100.7", TransportKind.UDP)).isTrue();
            }
        }

        assertThat(attacks).as("its own share and the free part of the limit").isEqualTo(110);
    }

    @Test
    void fortySourcesDoNotDisplaceOtherCallersOfAUser() {
        FakeHooks hooks = FakeHooks.of(usual().build(), runtime);
        int attacks = 0;
        for (int second = 0; second < 10; second++) {
            for (int i = 0; i < 1_200; i++) {
                attacks += calls(hooks, "203.0.113." + i % 40, TransportKind.UDP) ? 1 : 0;
            }
            assertThat(calls(hooks, "198.51.100." + second, TransportKind.UDP)).isTrue();
            runtime.advance(Duration.ofSeconds(1));
        }

        assertThat(attacks).as("limited per called user").isLessThan(40 * 10 + 100 + 10 * 51);
    }

    @Test
    void floodUnderForgedSourcesIsLimitedAndDoesNotAffectStreamsAndKnownSources() {
        FakeHooks hooks = FakeHooks.of(usual().build(), runtime);
        hooks.send(register("192.0.2.7"), "1002");
        int attacks = 0;
        for (int i = 0; i < 20_000; i++) {
            attacks +=
                    calls(hooks, "203." + i / 65_536 + "." + i / 256 % 256 + "." + i % 256, TransportKind.UDP) ? 1 : 0;
        }

        assertThat(attacks).isEqualTo(1_000);
        assertThat(calls(hooks, "198.51.100.7", TransportKind.TCP)).isTrue();
        assertThat(calls(hooks, "198.51.100.8", TransportKind.WSS)).isTrue();
        assertThat(calls(hooks, "192.0.2.7", TransportKind.UDP))
                .as("a password was proved there")
                .isTrue();
    }

    @Test
    void eachUserHasItsOwnLimit() {
        FakeHooks hooks = FakeHooks.of(usual().build(), runtime);
        for (int i = 0; i < 400; i++) {
            calls(hooks, "203.0.113.9", TransportKind.UDP);
        }
        FakeStageContext other = FakeStageContext.at(
                        runtime.now(),
                        Requests.request(
                                "INVITE sip:1002@example.org", "<sip:caller@elsewhere.test>", "<sip:1002@example.org>"))
                .from("203.0.113.9");

        assertThat(calls(hooks, "203.0.113.9", TransportKind.UDP)).isFalse();
        assertThat(hooks.sendAsStranger(other)).isSameAs(Verdict.proceed());
    }

    @Test
    void registeredPhoneIsServedDuringAFloodFromItsAddress() {
        for (Answer answer : Answer.values()) {
            FakeHooks hooks = FakeHooks.of(guard().answer(answer).build(), runtime);
            assertThat(hooks.send(register("192.0.2.7"), "1001")).isSameAs(Verdict.proceed());
            for (int i = 0; i < 1_000; i++) {
                hooks.send(register("192.0.2.7").from("192.0.2.7", 50_000 + i % 10));
            }

            assertThat(hooks.send(register("192.0.2.7"), "1001")).isSameAs(Verdict.proceed());
            assertThat(hooks.send(register("192.0.2.7").from("192.0.2.7", 50_000)))
                    .isNotSameAs(Verdict.proceed());
        }
    }

    @Test
    void unparsedInputCountsUnderEveryPolicy() {
        for (Answer answer : Answer.values()) {
            FakeHooks hooks = FakeHooks.of(guard().answer(answer).build(), runtime);
            int in = 0;
            for (int i = 0; i < 1_000; i++) {
                in += hooks.isFiltered(register("192.0.2.7")) ? 0 : 1;
            }

            assertThat(in).as(answer.name()).isEqualTo(answer == Answer.SILENCE ? 20 : 40);
        }
    }

    @Test
    void connectionsTakeTokensAndAProofReturnsThem() {
        FakeHooks hooks = FakeHooks.of(guard().build(), runtime);
        for (int i = 0; i < 20; i++) {
            assertThat(hooks.acceptsConnection("203.0.113.9")).isTrue();
        }
        assertThat(hooks.acceptsConnection("203.0.113.9")).isFalse();
        assertThat(hooks.isFiltered(register("203.0.113.9"))).isTrue();

        for (int phone = 0; phone < 1_000; phone++) {
            assertThat(hooks.acceptsConnection("192.0.2.7")).isTrue();
            int port = 10_000 + phone;
            FakeStageContext first =
                    register("192.0.2.7").from("192.0.2.7", port).over(TransportKind.TCP);
            FakeStageContext second =
                    register("192.0.2.7").from("192.0.2.7", port).over(TransportKind.TCP);
            assertThat(hooks.send(first)).isSameAs(Verdict.proceed());
            assertThat(hooks.send(second, "phone" + phone)).isSameAs(Verdict.proceed());
        }
    }

    @Test
    void forgedSourcesDoNotUseUpTheGlobalLimitOfConnections() {
        FakeHooks hooks = FakeHooks.of(guard().global(new RateLimit(1, 50)).build(), runtime);
        for (int i = 0; i < 1_000; i++) {
            hooks.isFiltered(register("203.0." + i / 256 + "." + i % 256));
        }

        assertThat(hooks.isFiltered(register("198.51.100.7"))).isTrue();
        assertThat(hooks.isFiltered(register("198.51.100.7").over(TransportKind.TLS)))
                .isFalse();
    }

    @Test
    void trustedPeerGetsItsTokensBack() {
        FakeHooks hooks = FakeHooks.of(guard().build(), runtime);
        for (int i = 0; i < 100; i++) {
            FakeStageContext context = register("192.0.2.7");
            context.trust();
            assertThat(hooks.sendAsStranger(context)).isSameAs(Verdict.proceed());
        }
    }

    @Test
    void delayedResponsesAreNotSentForLargeRequests() {
        FakeHooks hooks = FakeHooks.of(guard().answer(Answer.TARPIT).build(), runtime);
        for (int i = 0; i < 30; i++) {
            hooks.send(FakeStageContext.at(
                            runtime.now(),
                            Requests.register("Via: SIP/2.0/UDP " + "a".repeat(8_000) + ";branch=z9hG4bK1"))
                    .from("192.0.2.7"));
        }

        assertThat(runtime.scheduled()).isZero();
    }

    // ---- scanners

    @Test
    void scannersOnlyDropsScannersWithoutLimits() {
        FakeHooks hooks = FakeHooks.of(FloodGuard.builder().scannersOnly().build(), runtime);
        for (int i = 0; i < 2_000; i++) {
            assertThat(hooks.sendAsStranger(register("192.0.2.7"))).isSameAs(Verdict.proceed());
        }

        assertThat(hooks.send(FakeStageContext.at(runtime.now(), Requests.register("User-Agent: sipvicious"))
                        .from("192.0.2.7")))
                .isSameAs(Verdict.discard());
        assertThatThrownBy(() -> FloodGuard.builder()
                        .scannersOnly()
                        .global(new RateLimit(1, 1))
                        .build())
                .hasMessageContaining("global");
    }

    @Test
    void scannerIsDetectedInAnyUserAgentLine() {
        FakeHooks hooks = FakeHooks.of(guard().build(), runtime);

        assertThat(hooks.send(FakeStageContext.at(
                                runtime.now(),
                                Requests.register(
                                        "User-Agent: Snom/8.7", "Subject: x", "User-Agent: VaxSIPUserAgent/3.1"))
                        .from("192.0.2.7")))
                .isSameAs(Verdict.discard());
        assertThat(hooks.send(FakeStageContext.at(
                                runtime.now(), Requests.register("User-Agent: Snom/8.7\n  (friendly-scanner)"))
                        .from("192.0.2.7")))
                .isSameAs(Verdict.discard());
    }

    @Test
    void shortSignMatchesOnlyAsAWord() {
        FakeHooks hooks = FakeHooks.of(guard().build(), runtime);
        for (String phone : List.of("Plasmap/1.0", "Kiwari 2", "smapper", "SIPp", "Zoiper sipclient")) {
            assertThat(hooks.send(FakeStageContext.at(runtime.now(), Requests.register("User-Agent: " + phone))
                            .from("192.0.2.7")))
                    .as(phone)
                    .isSameAs(Verdict.proceed());
        }
        for (String scanner : List.of("smap 0.6.0", "SMAP", "x (iWar)", "sivus/1")) {
            assertThat(hooks.send(FakeStageContext.at(runtime.now(), Requests.register("User-Agent: " + scanner))
                            .from("192.0.2.8")))
                    .as(scanner)
                    .isSameAs(Verdict.discard());
        }
    }

    @Test
    void scannerGetsNoResponse() throws UnknownHostException {
        FloodGuard guard = guard().build();
        FakeHooks hooks = FakeHooks.of(guard, runtime);
        FakeStageContext scan = FakeStageContext.at(
                        runtime.now(), Requests.register("User-Agent: Friendly-SCANNER/1.0"))
                .from("192.0.2.7");
        FakeStageContext phone = FakeStageContext.at(runtime.now(), Requests.register("User-Agent: Snom/8.7"))
                .from("192.0.2.7");

        assertThat(hooks.send(scan)).isSameAs(Verdict.discard());
        assertThat(hooks.send(phone)).isSameAs(Verdict.proceed());
        assertThat(runtime.events())
                .singleElement()
                .isInstanceOfSatisfying(
                        ScannerSeen.class, e -> assertThat(e.evidence()).isEqualTo("User-Agent friendly-scanner"));
        assertThat(guard.bans()).isEmpty();
    }

    @Test
    void banIsListedAndExpiresOrIsRemoved() throws UnknownHostException {
        FloodGuard guard = guard().scanners(ScannerPolicy.BAN)
                .banTime(Duration.ofMinutes(1))
                .build();
        FakeHooks hooks = FakeHooks.of(guard, runtime);
        hooks.send(FakeStageContext.at(runtime.now(), Requests.register("User-Agent: sipcli/v1.8"))
                .from("192.0.2.7"));
        guard.ban(InetAddress.getByName("192.0.2.8"), Duration.ofHours(1));

        assertThat(guard.bans())
                .containsEntry(CidrBlock.parse("192.0.2.7"), runtime.now().plusSeconds(60))
                .hasSize(2);
        assertThat(hooks.isFiltered(register("192.0.2.7"))).isTrue();
        assertThat(hooks.acceptsConnection("192.0.2.8")).isFalse();

        runtime.advance(Duration.ofSeconds(61));
        assertThat(hooks.isFiltered(register("192.0.2.7"))).isFalse();
        assertThat(guard.unban(InetAddress.getByName("192.0.2.8"))).isTrue();
        assertThat(hooks.isFiltered(register("192.0.2.8"))).isFalse();
        assertThat(guard.bans()).isEmpty();
    }

    @Test
    void sourceThatTriesManyUnknownUsersIsReported() throws UnknownHostException {
        FakeHooks hooks = FakeHooks.of(guard().unknownUsers(3).build(), runtime);
        for (int i = 0; i < 3; i++) {
            hooks.publish(failed("user" + i % 2, "UNKNOWN_USER"));
            hooks.publish(failed("user" + i, "WRONG_PASSWORD"));
        }
        assertThat(runtime.events()).isEmpty();

        hooks.publish(failed("user3", "UNKNOWN_USER"));
        hooks.publish(failed("user4", "UNKNOWN_USER"));

        assertThat(runtime.events()).singleElement().isInstanceOf(ScannerSeen.class);
    }

    private static SecurityEvent failed(String user, String reason) {
        return new SecurityEvent.AuthenticationFailed(
                new SecurityEvent.Origin(new InetSocketAddress("192.0.2.7", 5060), TransportKind.UDP, "REGISTER"),
                user,
                reason);
    }

    @Test
    void millionsOfForgedSourcesNeitherGrowTheTableNorEvictAnEmptyBucket() {
        BucketTable table = new BucketTable(new RateLimit(50, 100));
        long flooder = 0x0123456789abcdefL;
        for (int i = 0; i < 100; i++) {
            table.take(flooder, 0, 1_000);
        }
        long hash = 1;
        for (int i = 0; i < 2_000_000; i++) {
            hash = hash * 6364136223846793005L + 1442695040888963407L;
            // a million per second
            table.take(hash ^ hash >>> 29, 0, 1_000 + i / 1_000_000);
        }

        assertThat(table.level(flooder, 1_001)).isLessThan(1);
    }

    @Test
    void numberOfBansIsLimited() throws UnknownHostException {
        BanList bans = new BanList(SourcePrefix.DEFAULT);
        for (int i = 0; i < BanList.MAX + 100; i++) {
            bans.add(
                    InetAddress.getByAddress(new byte[] {10, 0, (byte) (i >> 8), (byte) i}),
                    1_000 + i,
                    Duration.ofMinutes(1));
        }

        assertThat(bans.list(2_000)).hasSize(BanList.MAX);
        assertThat(bans.contains(InetAddress.getByName("10.0.0.1"), 2_000)).isFalse();
    }

    @Test
    void valuesHaveRanges() {
        assertThatThrownBy(() -> new RateLimit(0, 1)).hasMessageContaining("perSecond: 0.0");
        assertThatThrownBy(() -> new RateLimit(1, 0)).hasMessageContaining("burst: 0");
        assertThatThrownBy(() -> FloodGuard.builder()
                        .banTime(Duration.ZERO)
                        .unknownUsers(0)
                        .scannerUserAgents(List.of("x"))
                        .sourcePrefix(33, 64)
                        .build())
                .hasMessageContaining("banTime")
                .hasMessageContaining("unknownUsers")
                .hasMessageContaining("scannerUserAgents")
                .hasMessageContaining("sourcePrefix");
        assertThat(List.of(new RateLimit(0.5, 1).toString(), new RateLimit(5, 9).toString()))
                .containsExactly("0.5/s, 1 at once", "5/s, 9 at once");
    }

    @Test
    void replacedLimitsApplyAndUnchangedOnesKeepTheirCounts() {
        FloodGuard guard = guard().build();
        FakeHooks hooks = FakeHooks.of(guard, runtime);
        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(20);

        guard.replaceWith(guard().banTime(Duration.ofHours(1)).build());
        assertThat(in(hooks, "192.0.2.7", null)).isZero();

        guard.replaceWith(FloodGuard.builder().scannersOnly().build());
        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(100);

        guard.replaceWith(FloodGuard.builder().perSource(new RateLimit(1, 5)).build());
        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(5);

        guard.replaceWith(FloodGuard.builder()
                .perSource(new RateLimit(1, 5))
                .exempt(CidrBlock.parse("192.0.2.7"))
                .build());
        assertThat(in(hooks, "192.0.2.7", null)).isEqualTo(100);
    }
}
