package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Wall-clock steps while the proxy runs: only times written into headers may change. */
class ClockStepTest {

    private static final byte[] SECRET = new byte[16];

    private final Node node = new Node(FakeStageContext.START);

    /** A proxy with digest authentication, and its two clocks. */
    private static final class Node {

        final FakeRuntime runtime;
        final DigestAuthentication authentication = DigestAuthentication.builder()
                .credentials(InMemoryCredentials.of(Credential.ofPassword("1001", "example.org", "secret")))
                .secret(SECRET)
                .lockout(Lockout.builder()
                        .userFailures(3)
                        .sourceFailures(8)
                        .first(Duration.ofMinutes(10))
                        .longest(Duration.ofMinutes(10))
                        .answer(Lockout.Answer.CHALLENGE)
                        .build())
                .build();

        Node(Instant start) {
            runtime = new FakeRuntime(start);
            authentication.start(runtime);
        }

        Verdict handle(String request) {
            return authentication.handle(
                    FakeStageContext.at(runtime.now(), request).wallClock(runtime.wallClock()));
        }

        String nonce() {
            String line = ((Verdict.Respond) handle(Requests.register()))
                    .headerLines()
                    .get(0);
            int start = line.indexOf("nonce=\"") + 7;
            return line.substring(start, line.indexOf('"', start));
        }

        Verdict register(DigestCredentials phone) {
            return handle(Requests.register("Authorization: " + phone.value()));
        }

        boolean accepts(String nonce, int count) {
            return register(Requests.credentials(nonce).with("nc", "%08x".formatted(count))) == Verdict.proceed();
        }
    }

    private static boolean isStale(Verdict verdict) {
        return verdict instanceof Verdict.Respond respond
                && respond.statusCode() == 401
                && respond.headerLines().get(0).contains("stale=true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-P3650D", "P3650D", "-PT2S", "PT2S"})
    void nonceIsAcceptedBeforeAndAfterAStep(Duration step) {
        String inUse = node.nonce();
        assertThat(node.accepts(inUse, 1)).isTrue();

        node.runtime.stepWallClock(step);

        assertThat(node.accepts(node.nonce(), 1))
                .as("nonce from after the step")
                .isTrue();
        assertThat(node.accepts(inUse, 2)).as("nonce from before the step").isTrue();
        assertThat(node.accepts(inUse, 1)).as("replay").isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-PT30M", "-P3650D", "P3650D"})
    void usedNonceIsNeverAcceptedAgain(Duration step) {
        String used = node.nonce();
        assertThat(node.accepts(used, 1)).isTrue();
        node.runtime.stepWallClock(step);
        for (int i = 0; i < 130; i++) {
            node.runtime.advance(Duration.ofMinutes(1)); // past its lifetime and past the recurrence of its date
            assertThat(node.accepts(used, 1)).as("after %s minutes", i + 1).isFalse();
            assertThat(node.accepts(node.nonce(), 1)).isTrue();
        }
        node.runtime.stepWallClock(step.negated());
        assertThat(node.accepts(used, 1)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H"})
    void nonceOfAnotherProxyUsedBeforeAStepIsStaleWhenItsDateRecurs(Duration step) {
        Node other = new Node(FakeStageContext.START);
        node.nonce();
        for (Node each : List.of(node, other)) {
            each.runtime.advance(Duration.ofMinutes(30));
        }
        String nonce = other.nonce();
        assertThat(node.accepts(nonce, 1)).isTrue();
        node.runtime.advance(Duration.ofHours(1));
        node.accepts(node.nonce(), 1); // evicts expired entries

        node.runtime.stepWallClock(step);
        for (int minute = 0; minute < 70; minute++) {
            assertThat(node.accepts(nonce, 1)).as("after %s minutes", minute).isFalse();
            node.runtime.advance(Duration.ofMinutes(1));
        }
    }

    @Test
    void proxyAcceptsNoncesOfOthersOnceItsClockIsCorrected() {
        Node other = new Node(FakeStageContext.START);
        Node ahead = new Node(FakeStageContext.START.plus(Duration.ofDays(3650)));
        other.runtime.advance(Duration.ofMinutes(1));
        ahead.runtime.advance(Duration.ofMinutes(1));
        assertThat(isStale(ahead.register(Requests.credentials(other.nonce())))).isTrue();

        ahead.runtime.stepWallClock(Duration.ofDays(-3650));

        assertThat(ahead.accepts(other.nonce(), 1)).isTrue();
        assertThat(other.accepts(ahead.nonce(), 1)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-P3650D", "P3650D"})
    void lockoutKeepsItsDuration(Duration step) {
        for (int i = 0; i < 3; i++) {
            node.register(Requests.credentials(node.nonce()).password("guess"));
        }
        node.runtime.stepWallClock(step);
        node.runtime.advance(Duration.ofMinutes(9));
        assertThat(node.accepts(node.nonce(), 1)).as("locked out").isFalse();

        node.runtime.advance(Duration.ofMinutes(2));

        assertThat(node.accepts(node.nonce(), 1)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-P3650D", "P3650D"})
    void rateLimitAndBanKeepTheirDuration(Duration step) throws UnknownHostException {
        FakeRuntime runtime = node.runtime;
        FloodGuard guard = FloodGuard.builder().perSource(new RateLimit(5, 10)).build();
        FakeHooks hooks = FakeHooks.of(guard, runtime);
        assertThat(burst(hooks)).isEqualTo(10);
        guard.ban(InetAddress.getByName("203.0.113.5"), Duration.ofMinutes(5));

        runtime.stepWallClock(step);

        assertThat(burst(hooks)).as("a step refills nothing").isZero();
        assertThat(guard.bans().values()).containsExactly(runtime.wallClock().plus(Duration.ofMinutes(5)));
        runtime.advance(Duration.ofSeconds(8));
        assertThat(burst(hooks)).isEqualTo(10);
        assertThat(guard.bans()).hasSize(1);
        runtime.advance(Duration.ofMinutes(5));
        assertThat(guard.bans()).isEmpty();
    }

    /** Returns how many of 15 requests pass. */
    private int burst(FakeHooks hooks) {
        int passed = 0;
        for (int i = 0; i < 15; i++) {
            FakeStageContext request = FakeStageContext.at(node.runtime.now(), Requests.register())
                    .wallClock(node.runtime.wallClock())
                    .from("192.0.2.7");
            passed += hooks.send(request) == Verdict.proceed() ? 1 : 0;
        }
        return passed;
    }
}
