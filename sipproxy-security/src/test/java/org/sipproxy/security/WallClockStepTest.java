package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;
import org.sipproxy.testkit.TestClock;

/** Setting the wall clock of a running proxy does not affect phones. */
@Timeout(60)
class WallClockStepTest {

    private final TestClock clock = new TestClock();

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("alice", "secret")
            .user("bob", "hidden")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(proxy -> proxy.clock(clock))
            .build();

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-P3650D", "P3650D"})
    void callsAndRegistrationsGoOn(Duration step) {
        Phone bob = sip.registeredPhone("bob", Phone.Builder::answering);
        Phone alice = sip.phone("alice");
        OutgoingCall before = alice.call("bob").awaitAnswer();
        IncomingCall atBob = bob.awaitCall();

        clock.stepWallClock(step);

        before.hangUp();
        atBob.awaitHangUp();
        OutgoingCall after = alice.call("bob").awaitAnswer();
        after.hangUp();
        bob.awaitCall().awaitHangUp();
        sip.registeredPhone("alice");
        assertThat(sip.bindings("bob")).hasSize(1);
        clock.advance(Duration.ofDays(1));
        assertThat(sip.bindings("bob")).as("its lifetime has ended").isEmpty();
    }
}
