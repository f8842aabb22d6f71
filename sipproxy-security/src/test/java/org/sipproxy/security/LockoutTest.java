package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.event.SecurityEvent.AuthenticationLocked;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class LockoutTest {

    private static final Instant START = FakeStageContext.START;
    private static final Lockout POLICY = Lockout.builder()
            .userFailures(3)
            .sourceFailures(8)
            .first(Duration.ofSeconds(30))
            .longest(Duration.ofMinutes(10))
            .answer(Lockout.Answer.CHALLENGE)
            .build();

    private final InMemoryCredentials users = InMemoryCredentials.of();
    private final List<SecurityEvent> events = new ArrayList<>();
    private DigestAuthentication authentication = with(POLICY);
    private Instant now = START;
    private int port = 40_000;

    LockoutTest() {
        for (int user = 1000; user < 1100; user++) {
            users.put(Credential.ofPassword("" + user, "example.org", "secret"));
        }
    }

    private DigestAuthentication with(Lockout policy) {
        return DigestAuthentication.builder().credentials(users).lockout(policy).build();
    }

    private Verdict handle(FakeStageContext context, String source) {
        Verdict verdict = authentication.handle(context.from(source, port));
        events.addAll(context.events());
        return verdict;
    }

    private Verdict register(String user, String source, DigestCredentials phone) {
        String address = "<sip:" + user + "@example.org>";
        return handle(
                FakeStageContext.at(
                        now,
                        Requests.request(
                                "REGISTER sip:example.org",
                                address,
                                address,
                                "Authorization: " + phone.with("username", user).value())),
                source);
    }

    private String nonce(String source) {
        Verdict challenge = handle(FakeStageContext.at(now, Requests.register()), source);
        String line = ((Verdict.Respond) challenge).headerLines().get(0);
        int start = line.indexOf("nonce=\"") + 7;
        return line.substring(start, line.indexOf('"', start));
    }

    private Verdict right(String user, String source) {
        return register(user, source, Requests.credentials(nonce(source)));
    }

    private Verdict wrong(String user, String source) {
        return register(user, source, Requests.credentials(nonce(source)).password("guess"));
    }

    private static boolean isChallenge(Verdict verdict) {
        return verdict instanceof Verdict.Respond respond
                && respond.statusCode() == 401
                && !respond.headerLines().get(0).contains("stale");
    }

    @Test
    void operatorsSeeLockoutsAndEndThem() {
        assertThat(authentication.lockouts()).as("before the start").isEmpty();
        authentication.start(new FakeRuntime(now));
        for (int i = 0; i < 3; i++) {
            wrong("1001", "192.0.2.1");
            wrong("1002", "2001:db8::1");
        }
        assertThat(isChallenge(right("1001", "192.0.2.1"))).as("locked out").isTrue();

        assertThat(authentication.lockouts())
                .satisfiesExactly(
                        first -> {
                            assertThat(first.user()).isEqualTo("1001");
                            assertThat(first.source()).isEqualTo(CidrBlock.parse("192.0.2.1"));
                            assertThat(first.remaining()).isPositive().isLessThanOrEqualTo(Duration.ofSeconds(30));
                            assertThat(first.isProven()).isTrue();
                        },
                        second -> assertThat(second.source()).isEqualTo(CidrBlock.parse("2001:db8::/64")));

        assertThat(authentication.endLockouts(lockout -> lockout.user().equals("1003")))
                .isZero();
        assertThat(authentication.endLockouts(lockout -> lockout.user().equals("1001")))
                .isOne();

        assertThat(authentication.lockouts()).extracting(ActiveLockout::user).containsExactly("1002");
        assertThat(isChallenge(right("1001", "192.0.2.1"))).as("locked out").isFalse();
        assertThat(isChallenge(right("1002", "2001:db8::1"))).as("locked out").isTrue();
    }

    @Test
    void lockoutOfAWholeSourceIsListedWithoutAUser() {
        authentication.start(new FakeRuntime(now));
        for (int user = 1000; user < 1008; user++) {
            wrong("" + user, "192.0.2.1");
        }

        assertThat(authentication.lockouts())
                .singleElement()
                .satisfies(lockout -> assertThat(lockout.user()).isEmpty());
        assertThat(authentication.endLockouts(lockout -> true)).isOne();
        assertThat(isChallenge(right("1050", "192.0.2.1"))).isFalse();
    }

    @Test
    void lockedOutUserGetsTheUsualChallenge() {
        for (int i = 0; i < 3; i++) {
            assertThat(isChallenge(wrong("1001", "192.0.2.7"))).isTrue();
        }

        assertThat(isChallenge(right("1001", "192.0.2.7"))).isTrue();
        assertThat(right("1001", "192.0.2.8")).isSameAs(Verdict.proceed());
        assertThat(right("1002", "192.0.2.7")).isSameAs(Verdict.proceed());
        assertThat(events.stream()
                        .filter(AuthenticationLocked.class::isInstance)
                        .map(AuthenticationLocked.class::cast))
                .singleElement()
                .satisfies(locked -> {
                    assertThat(locked.user()).isEqualTo("1001");
                    assertThat(locked.seconds()).isEqualTo(30);
                });
    }

    @Test
    void unknownUserIsLockedOutJustLikeAKnownOne() {
        for (int i = 0; i < 3; i++) {
            assertThat(isChallenge(wrong("9999", "192.0.2.7"))).isTrue();
        }

        assertThat(isChallenge(wrong("9999", "192.0.2.7"))).isTrue();
        assertThat(events.stream().filter(AuthenticationLocked.class::isInstance))
                .hasSize(1);
    }

    @Test
    void lockoutEndsAndTheNextOneIsTwiceAsLong() {
        for (int i = 0; i < 3; i++) {
            wrong("1001", "192.0.2.7");
        }
        now = now.plusSeconds(29);
        assertThat(isChallenge(right("1001", "192.0.2.7"))).isTrue();
        now = now.plusSeconds(2);
        wrong("1001", "192.0.2.7");

        now = now.plusSeconds(59);
        assertThat(isChallenge(right("1001", "192.0.2.7"))).isTrue();
        now = now.plusSeconds(2);
        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
    }

    @Test
    void successResetsTheCount() {
        for (int i = 0; i < 10; i++) {
            wrong("1001", "192.0.2.7");
            wrong("1001", "192.0.2.7");
            assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
            right("1002", "192.0.2.7");
        }
    }

    @Test
    void sourceThatTriesManyUsersIsLockedOutAsAWhole() {
        for (int i = 0; i < 8; i++) {
            assertThat(isChallenge(wrong("nobody-" + i, "192.0.2.7"))).isTrue();
        }

        assertThat(isChallenge(right("1001", "192.0.2.7"))).isTrue();
        assertThat(right("1001", "192.0.2.8")).isSameAs(Verdict.proceed());
        assertThat(events)
                .anySatisfy(e -> assertThat(e)
                        .isInstanceOfSatisfying(
                                AuthenticationLocked.class,
                                l -> assertThat(l.user()).isEmpty()));
    }

    /** As a client behind the same NAT does. */
    private Verdict wrongFromOtherPort(String user, String source) {
        int honest = port;
        port = 50_000;
        Verdict verdict = wrong(user, source);
        port = honest;
        return verdict;
    }

    @Test
    void userWhoProvedThePasswordAtTheSourceIsNotAffectedByItsLockout() {
        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
        for (int i = 0; i < 101; i++) {
            wrongFromOtherPort("nobody-" + i, "192.0.2.7");
        }

        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
        port = 40_001; // a new connection
        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
        assertThat(isChallenge(right("1002", "192.0.2.7")))
                .as("a user without a proof there waits")
                .isTrue();
        now = now.plus(Duration.ofHours(23));
        for (int i = 0; i < 101; i++) {
            wrongFromOtherPort("nobody-" + i, "192.0.2.7");
        }
        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
    }

    @Test
    void proofExpiresAfterADay() {
        right("1001", "192.0.2.7");
        now = now.plus(Duration.ofHours(25));
        for (int i = 0; i < 8; i++) {
            wrongFromOtherPort("nobody-" + i, "192.0.2.7");
        }

        assertThat(isChallenge(right("1001", "192.0.2.7"))).isTrue();
    }

    @Test
    void guessesAtARegisteredUserFromTheSameAddressLockOutTheGuesserOnly() {
        right("1001", "192.0.2.7");
        for (int i = 0; i < 20; i++) {
            wrongFromOtherPort("1001", "192.0.2.7");
        }

        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
        port = 50_000;
        assertThat(isChallenge(right("1001", "192.0.2.7")))
                .as("the guesser does not learn the right password")
                .isTrue();
    }

    @Test
    void flowOfAProofHasItsOwnCount() {
        right("1001", "192.0.2.7");
        for (int i = 0; i < 3; i++) {
            wrong("1001", "192.0.2.7");
        }

        assertThat(isChallenge(right("1001", "192.0.2.7"))).isTrue();
        now = now.plusSeconds(31);
        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
    }

    @Test
    void reRegistrationsOfAPhoneDoNotAllowMoreGuessesFromItsAddress() {
        right("1001", "192.0.2.7");
        wrongFromOtherPort("1001", "192.0.2.7");
        wrongFromOtherPort("1001", "192.0.2.7");
        right("1001", "192.0.2.7");
        wrongFromOtherPort("1001", "192.0.2.7");
        right("1001", "192.0.2.7");

        port = 50_000;
        assertThat(isChallenge(right("1001", "192.0.2.7"))).isTrue();
        assertThat(events.stream().filter(AuthenticationLocked.class::isInstance))
                .hasSize(1);
    }

    @Test
    void lockoutOfASourceStopsGuessingAtAllOthers() {
        for (int i = 0; i < 8; i++) {
            wrong("nobody-" + i, "192.0.2.7");
        }
        for (int user = 1000; user < 1100; user++) {
            assertThat(isChallenge(right("" + user, "192.0.2.7"))).isTrue();
        }
    }

    @Test
    void guessesAtExemptUsersDoNotProlongTheLockoutOfOthers() {
        right("1001", "192.0.2.7");
        for (int i = 0; i < 8; i++) {
            wrongFromOtherPort("nobody-" + i, "192.0.2.7");
        }
        wrongFromOtherPort("1001", "192.0.2.7");
        wrongFromOtherPort("1001", "192.0.2.7");
        now = now.plusSeconds(31);

        assertThat(right("1002", "192.0.2.7")).isSameAs(Verdict.proceed());
    }

    @Test
    void phoneWithANewAddressOfItsSlash64IsStillExemptFromTheLockout() {
        right("1001", "2001:db8::1");
        for (int i = 0; i < 101; i++) {
            wrongFromOtherPort("nobody-" + i, "2001:db8::2");
        }

        assertThat(right("1001", "2001:db8::1234")).isSameAs(Verdict.proceed());
    }

    @Test
    void proofTableDoesNotGrowAndEvictsTheOldestFirst() {
        ProofTable table = new ProofTable();
        long first = 0x0123456789abcdefL;
        table.add(first, 1_000);
        for (long i = 1; i <= 8; i++) {
            table.add(first + (i << 9), 2_000);
        }

        assertThat(table.contains(first, 3_000)).isFalse();
        for (long i = 1; i <= 8; i++) {
            assertThat(table.contains(first + (i << 9), 3_000)).isTrue();
        }
    }

    @Test
    void ipv6HostIsKnownByItsNetworkOf64Bits() {
        for (int i = 0; i < 3; i++) {
            wrong("1001", "2001:db8::" + i);
        }

        assertThat(isChallenge(right("1001", "2001:db8::ffff"))).isTrue();
        assertThat(right("1001", "2001:db8:0:1::1")).isSameAs(Verdict.proceed());
    }

    @Test
    void manyPhonesBehindOneAddressCauseNoLockoutAfterARestart() {
        authentication.start(new FakeRuntime(now));
        for (int phone = 0; phone < 10_000; phone++) {
            String user = "" + (1000 + phone % 100);
            // first the earlier credentials, whose nonces are unknown here
            Verdict stale =
                    register(user, "192.0.2.7", Requests.credentials("a nonce of the proxy that was here before"));
            String line = ((Verdict.Respond) stale).headerLines().get(0);
            assertThat(line).contains("stale=true");
            int start = line.indexOf("nonce=\"") + 7;
            assertThat(register(
                            user, "192.0.2.7", Requests.credentials(line.substring(start, line.indexOf('"', start)))))
                    .isSameAs(Verdict.proceed());
        }
        assertThat(events).isEmpty();
    }

    @Test
    void wrongPasswordsOfSomePhonesBehindOneAddressLockOutOnlyThem() {
        for (int round = 0; round < 50; round++) {
            wrong("1000", "192.0.2.7");
            for (int user = 1001; user < 1005; user++) {
                assertThat(right("" + user, "192.0.2.7")).isSameAs(Verdict.proceed());
            }
        }
    }

    @Test
    void forgedSourceAddressDoesNotLockOutItsRealUsers() {
        for (int i = 0; i < 100; i++) {
            register(
                    "1001",
                    "192.0.2.7",
                    Requests.credentials("never sent to that address").password("guess"));
        }

        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.proceed());
    }

    @Test
    void passwordCannotBeGuessedWithForeignNonces() {
        for (int i = 0; i < 3; i++) {
            register("1001", "192.0.2.7", Requests.credentials("made up").password("guess"));
        }

        Verdict verdict = register("1001", "192.0.2.7", Requests.credentials("made up"));

        assertThat(isChallenge(verdict))
                .as("no stale=true, which would disclose that the password is right")
                .isTrue();
    }

    @Test
    void responseToALockedOutUserIsConfigurable() {
        authentication =
                with(POLICY.toBuilder().answer(Lockout.Answer.FORBIDDEN).build());
        for (int i = 0; i < 3; i++) {
            wrong("1001", "192.0.2.7");
        }
        assertThat(right("1001", "192.0.2.7"))
                .isInstanceOfSatisfying(
                        Verdict.Respond.class, r -> assertThat(r.statusCode()).isEqualTo(403));

        authentication = with(POLICY.toBuilder().answer(Lockout.Answer.SILENCE).build());
        for (int i = 0; i < 3; i++) {
            wrong("1001", "192.0.2.7");
        }
        assertThat(right("1001", "192.0.2.7")).isSameAs(Verdict.discard());
    }

    @Test
    void failureTableDoesNotGrowAndKeepsTheMostFailures() {
        FailureTable table = new FailureTable(30_000, 600_000);
        long culprit = 0x0123456789abcdefL;
        for (int i = 0; i < 5; i++) {
            table.failed(culprit, 5, 1);
        }
        // all other keys of the same set, which an attacker could not find
        for (long i = 1; i < 100_000; i++) {
            table.failed(culprit + (i << 9 & 0x3ff_ffff_ffff_ffffL), 5, 2);
        }

        assertThat(table.isLocked(culprit, 3)).isTrue();
    }

    @Test
    void valuesHaveRanges() {
        assertThatThrownBy(Lockout.builder().userFailures(0).sourceFailures(1_000_001)::build)
                .hasMessage("lockout: userFailures: 0 (expected 1 to 1,000)\n"
                        + "lockout: sourceFailures: 1000001 (expected 1 to 1,000,000)");
        assertThatThrownBy(Lockout.builder().first(Duration.ofDays(2))::build)
                .hasMessage("lockout: first: 2d (expected 1s to 24h)\nlockout: longest: 1h (expected 2d to 7d)");
        Lockout all = Lockout.builder()
                .userFailures(2)
                .sourceFailures(3)
                .first(Duration.ofSeconds(4))
                .longest(Duration.ofSeconds(5))
                .answer(Lockout.Answer.SILENCE)
                .build();
        assertThat(all.toBuilder().build()).usingRecursiveComparison().isEqualTo(all);
    }
}
