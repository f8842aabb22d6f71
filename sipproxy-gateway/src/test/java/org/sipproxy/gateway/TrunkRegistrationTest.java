package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRequestClient;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class TrunkRegistrationTest {

    private static final Duration FIRST = Duration.ofMillis(250);

    private final FakeRuntime proxy = new FakeRuntime(FakeStageContext.START);
    private final List<TrunkChange> changes = new ArrayList<>();
    private Trunk trunk = trunk().build();

    private Trunk.Builder trunk() {
        return Trunk.builder("carrier", SipUri.of("sip:192.0.2.20"))
                .account("4930123")
                .retry(Duration.ofSeconds(10), Duration.ofMinutes(10))
                .onChange(changes::add);
    }

    private void start() {
        FakeHooks.of(trunk, proxy);
        proxy.advance(FIRST);
    }

    private List<FakeRequestClient.Sent> sent() {
        return proxy.requests().sent();
    }

    private FakeRequestClient.Sent latest() {
        return sent().get(sent().size() - 1);
    }

    private static String header(OutgoingRequest request, HeaderName name) {
        return request.headers().stream()
                .filter(header -> header.name().equals(name))
                .findFirst()
                .orElseThrow()
                .value();
    }

    private String contact() {
        return header(sent().get(0).request(), HeaderName.CONTACT);
    }

    private void registered(int seconds) {
        latest().respond(200, "Contact: " + contact() + ";expires=" + seconds);
    }

    @Test
    void registersTheAccountWithAContactOfThisProxy() {
        start();

        OutgoingRequest register = latest().request();
        assertThat(register.method()).isEqualTo(Method.REGISTER);
        assertThat(register.target().orElseThrow().uri()).hasToString("sip:192.0.2.20");
        assertThat(register.from().orElseThrow()).hasToString("<sip:4930123@192.0.2.20>");
        assertThat(register.to()).hasToString(register.from().toString());
        assertThat(contact()).matches("<sip:trunk-[0-9a-f]{24}@192\\.0\\.2\\.1:5060>");
        assertThat(header(register, HeaderName.EXPIRES)).isEqualTo("3600");
        assertThat(trunk.status().state()).isEqualTo(TrunkState.REGISTERING);
    }

    @Test
    void firstRegisterWaitsForTheStartDelay() {
        Trunk late = Trunk.builder("late", SipUri.of("sip:192.0.2.20"))
                .account("4930123")
                .startDelay(Duration.ofSeconds(20))
                .build();
        FakeHooks.of(late, proxy);

        proxy.advance(Duration.ofSeconds(20));
        assertThat(sent()).isEmpty();
        proxy.advance(Duration.ofSeconds(1));
        assertThat(sent()).hasSize(1);
    }

    @Test
    void refreshesAt80To90PercentWithTheSameCallIdAndAHigherCSeq() {
        start();
        String callId = latest().request().callId().orElseThrow();
        registered(100);
        assertThat(trunk.status().state()).isEqualTo(TrunkState.REGISTERED);
        assertThat(trunk.status().registeredUntil()).contains(proxy.wallClock().plusSeconds(100));

        proxy.advance(Duration.ofSeconds(79));
        assertThat(sent()).hasSize(1);
        proxy.advance(Duration.ofSeconds(12));
        assertThat(sent()).hasSize(2);
        assertThat(latest().request().callId()).contains(callId);
        assertThat(latest().request().cseq()).isEqualTo(2);
        assertThat(header(latest().request(), HeaderName.CONTACT)).isEqualTo(contact());
        registered(100);
        assertThat(changes).extracting(TrunkChange::now).containsExactly(TrunkState.REGISTERING, TrunkState.REGISTERED);
    }

    @Test
    void expiresHeaderCountsIfTheContactHasNone() {
        start();
        latest().respond(200, "Contact: " + contact(), "Expires: 50");
        assertThat(trunk.status().registeredUntil()).contains(proxy.wallClock().plusSeconds(50));
    }

    @Test
    void otherContactsOfTheAccountDoNotCount() {
        start();
        latest().respond(200, "Contact: <sip:other@192.0.2.9>;expires=5, " + contact() + ";expires=70");
        assertThat(trunk.status().registeredUntil()).contains(proxy.wallClock().plusSeconds(70));
    }

    @Test
    void longerTimeIsRequestedAfter423() {
        start();
        latest().respond(423, "Min-Expires: 7200");
        proxy.advance(Duration.ofMillis(20));

        assertThat(header(latest().request(), HeaderName.EXPIRES)).isEqualTo("7200");
        latest().respond(423, "Min-Expires: 7200"); // a registrar that cannot be satisfied
        proxy.advance(Duration.ofSeconds(1));
        assertThat(sent()).hasSize(2);
        assertThat(trunk.status().state()).isEqualTo(TrunkState.FAILED);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 404, 407})
    void rejectedLoginIsNotRepeatedSoon(int status) {
        start();
        latest().respond(status);

        assertThat(trunk.status().state()).isEqualTo(TrunkState.REJECTED);
        assertThat(trunk.status().reason()).startsWith(status + " ");
        proxy.advance(Duration.ofMinutes(10).minusSeconds(1));
        assertThat(sent()).hasSize(1);
        proxy.advance(Duration.ofSeconds(2));
        assertThat(sent()).hasSize(2);
        latest().respond(status);
        assertThat(changes).extracting(TrunkChange::now).endsWith(TrunkState.REGISTERING, TrunkState.REJECTED);
    }

    @Test
    void operatorCanRegisterAtOnce() {
        start();
        latest().respond(403);
        trunk.registerNow();
        proxy.advance(Duration.ofMillis(20));
        assertThat(sent()).hasSize(2);
        registered(100);
        assertThat(trunk.status().state()).isEqualTo(TrunkState.REGISTERED);
    }

    @Test
    void failuresAreRepeatedAfterAGrowingTimeAndReportedOnce() {
        start();
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            latest().fail(Reason.TIMED_OUT);
            waits.add(Duration.between(
                            proxy.wallClock(), trunk.status().nextAttempt().orElseThrow())
                    .toSeconds());
            proxy.advance(Duration.ofMinutes(10));
        }
        assertThat(waits.get(0)).isBetween(5L, 10L);
        assertThat(waits.get(2)).isBetween(20L, 40L);
        assertThat(waits.get(7)).isBetween(300L, 600L);
        assertThat(changes).extracting(TrunkChange::now).containsExactly(TrunkState.REGISTERING, TrunkState.FAILED);
        assertThat(trunk.status().reason()).isEqualTo("no response to REGISTER");

        registered(60);
        latest();
        proxy.advance(Duration.ofSeconds(60));
        latest().fail(Reason.UNREACHABLE);
        assertThat(trunk.status().nextAttempt().orElseThrow())
                .as("back to the first time")
                .isBefore(proxy.wallClock().plusSeconds(11));
        assertThat(trunk.trunkFigures()).singleElement().satisfies(figures -> {
            assertThat(figures.isRegistered()).isFalse();
            assertThat(figures.failedRegistrations()).isGreaterThan(1);
        });
    }

    @Test
    void registrationThatExpiresDuringItsRefreshHasFailed() {
        start();
        registered(10);
        proxy.advance(Duration.ofMillis(9_500));
        assertThat(sent()).hasSize(2);
        assertThat(trunk.status().state()).isEqualTo(TrunkState.REGISTERED);

        proxy.advance(Duration.ofSeconds(1));
        assertThat(trunk.status().state()).isEqualTo(TrunkState.FAILED);
        assertThat(trunk.status().registeredUntil()).isEmpty();
        registered(10);
        proxy.advance(Duration.ofSeconds(5)); // the earlier end has no effect
        assertThat(trunk.status().state()).isEqualTo(TrunkState.REGISTERED);
    }

    @Test
    void retryAfterIsObeyed() {
        start();
        latest().respond(503, "Retry-After: 120 (maintenance)");
        proxy.advance(Duration.ofSeconds(119));
        assertThat(sent()).hasSize(1);
        proxy.advance(Duration.ofSeconds(2));
        assertThat(sent()).hasSize(2);
        assertThat(changes.get(1).reason()).isEqualTo("503 Service Unavailable");
    }

    @Test
    void noGrantedTimeIsAFailure() {
        start();
        latest().respond(200, "Contact: " + contact() + ";expires=0");
        assertThat(trunk.status().state()).isEqualTo(TrunkState.FAILED);
    }

    @Test
    void registrationEndsWhenTheProxyStops() {
        start();
        registered(100);
        trunk.stopping();

        assertThat(sent()).hasSize(2);
        assertThat(header(latest().request(), HeaderName.EXPIRES)).isEqualTo("0");
        assertThat(header(latest().request(), HeaderName.CONTACT)).isEqualTo(contact());
        assertThat(latest().request().cseq()).isEqualTo(2);
        latest().respond(200);
        proxy.advance(Duration.ofHours(2));
        assertThat(sent()).hasSize(2);
        assertThat(trunk.status().state()).isEqualTo(TrunkState.UNREGISTERED);
        trunk.close();
    }

    @Test
    void nothingIsSentAtTheEndWithoutARegistration() {
        start();
        latest().respond(403);
        trunk.stopping();
        assertThat(sent()).hasSize(1);
    }

    @Test
    void trunkWithoutRegistrationSendsNothing() {
        trunk = Trunk.builder("carrier", SipUri.of("sip:192.0.2.20"))
                .withoutRegistration()
                .build();
        start();
        proxy.advance(Duration.ofHours(2));
        assertThat(sent()).isEmpty();
        assertThat(trunk.status().state()).isEqualTo(TrunkState.UNREGISTERED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void failingListenerDoesNotEndTheRegistration(boolean error) {
        trunk = trunk().onChange(change -> {
                    if (error) {
                        throw new LinkageError("host");
                    }
                    throw new IllegalStateException("host");
                })
                .build();
        start();
        registered(100);
        assertThat(trunk.status().state()).isEqualTo(TrunkState.REGISTERED);
    }
}
