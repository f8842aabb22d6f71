package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.message.HeaderName;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;
import org.sipproxy.testkit.TestClock;

/** Digest authentication of phones, and expiry of bindings. */
@Timeout(60)
class PhoneRegistrationTest {

    private final TestClock clock = new TestClock();

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("alice", "secret")
            .user("bob", "hidden")
            .authentication(users -> DigestAuthentication.builder()
                    .credentials(users)
                    .algorithms(DigestAlgorithm.SHA_512_256, DigestAlgorithm.SHA_256, DigestAlgorithm.MD5)
                    .build())
            .configure(proxy -> proxy.clock(clock))
            .build();

    @Test
    void phoneUsesTheFirstChallengeThatItSupports() {
        for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
            sip.registeredPhone("alice", phone -> phone.algorithms(algorithm));
        }

        assertThat(sip.bindings("alice")).hasSize(3);
        assertThat(sip.ladder().arrows())
                .startsWith(
                        "alice -> proxy: REGISTER",
                        "proxy -> alice: 401 Unauthorized",
                        "alice -> proxy: REGISTER",
                        "proxy -> alice: 200 OK");
    }

    @Test
    void callAndItsByePassChallenges() {
        Phone bob = sip.registeredPhone("bob", Phone.Builder::answering);

        sip.phone("alice").call("bob").awaitAnswer().hangUp();

        bob.awaitCall().awaitHangUp();
        assertThat(sip.ladder().arrows()).contains("proxy -> alice: 407 Proxy Authentication Required");
    }

    @Test
    void wrongPasswordIsRefusedAfterOneAttempt() {
        Phone mallory = sip.phone("alice", phone -> phone.password("guess"));

        assertThat(mallory.tryRegister(Duration.ofMinutes(1), parts -> {}).statusCode())
                .isEqualTo(401);

        assertThat(sip.ladder().arrows().stream().filter(arrow -> arrow.contains("REGISTER")))
                .hasSize(2);
        assertThatThrownBy(mallory::register)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("alice: REGISTER got 401 Unauthorized");
    }

    @Test
    void phoneWithoutAPasswordDoesNotTry() {
        Phone carol = sip.phone("carol");

        assertThat(carol.tryRegister(Duration.ofMinutes(1), parts -> {}).statusCode())
                .isEqualTo(401);

        assertThat(sip.ladder().arrows()).hasSize(2);
    }

    @Test
    void bindingExpiresWhenTheClockIsAdvanced() {
        Phone alice = sip.phone("alice");
        alice.register(Duration.ofHours(1));

        clock.advance(Duration.ofMinutes(59));
        assertThat(sip.bindings("alice")).hasSize(1);
        clock.advance(Duration.ofMinutes(1).plusSeconds(1));
        assertThat(sip.bindings("alice")).isEmpty();

        alice.register(Duration.ofHours(1)); // the nonce was valid for 5 min
        assertThat(sip.bindings("alice"))
                .singleElement()
                .satisfies(b -> assertThat(b.expiresAt()).isAfter(clock.now().plusSeconds(3_500)));
        assertThatThrownBy(() -> clock.advance(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void headersOfTheTestReplaceThoseOfThePhone() {
        Phone alice = sip.phone("alice");

        assertThat(alice.tryRegister(
                                Duration.ofHours(1),
                                parts -> parts.header("Expires", "120").header("User-Agent", "mine"))
                        .header(HeaderName.CONTACT))
                .hasValueSatisfying(contact -> assertThat(contact).endsWith("expires=120"));
        assertThat(sip.bindings("alice"))
                .singleElement()
                .satisfies(b -> assertThat(b.userAgent()).isEqualTo("mine"));
        assertThatThrownBy(() -> alice.tryRegister(Duration.ofHours(1), parts -> parts.header("CSeq", "1 X")))
                .hasMessage("header: CSeq is written by the phone; omit it");
        assertThatThrownBy(() -> alice.tryRegister(Duration.ofHours(1), parts -> parts.header("X-Y", "a\r\nb")))
                .hasMessage("header: the value of X-Y contains a line end");
    }
}
