package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Forking to several phones of one AOR (RFC 3261 §16.6, §16.7). */
class ForkTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp alice = proxy.udp("alice");
    private final WireClient.Udp desk = proxy.udp("desk");
    private final WireClient.Udp mobile = proxy.udp("mobile");

    @BeforeEach
    void register() {
        proxy.register(desk, "bob", "");
        proxy.register(mobile, "bob", "");
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    private Request invite() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        alice.awaitResponse(invite, 100);
        return invite;
    }

    @Test
    void bothRingAtOnceEachOnItsOwnBranch() {
        invite();

        WireMessage first = desk.awaitRequest("INVITE");
        WireMessage second = mobile.awaitRequest("INVITE");

        assertThat(first.uri()).isEqualTo(desk.contact());
        assertThat(second.uri()).isEqualTo(mobile.contact());
        assertThat(first.branch()).isNotEqualTo(second.branch());
        assertThat(first.header("Call-ID")).isEqualTo(second.header("Call-ID"));
    }

    @Test
    void provisionalsOfBothAreForwarded() {
        Request invite = invite();
        desk.respond(desk.awaitRequest("INVITE"), 180);
        mobile.respond(mobile.awaitRequest("INVITE"), 180);

        Set<String> tags = Set.of(
                alice.awaitResponse(invite, 180).toTag(),
                alice.awaitResponse(invite, 180).toTag());

        assertThat(tags).hasSize(2);
    }

    @Test
    void firstSuccessWinsAndTheOtherIsCancelled() {
        Request invite = invite();
        WireMessage first = desk.awaitRequest("INVITE");
        WireMessage second = mobile.awaitRequest("INVITE");
        desk.respond(first, 180);
        mobile.respond(second, 180);
        desk.respond(first, 200);

        WireMessage ok = alice.awaitResponse(invite, 200);

        assertThat(WireMessage.uriOf(ok.header("Contact"))).isEqualTo(desk.contact());
        WireMessage cancel = mobile.awaitRequest("CANCEL");
        assertThat(cancel.branch()).isEqualTo(second.branch());
        assertThat(cancel.header("Reason")).startsWith("SIP").contains("cause=200");
        mobile.respond(cancel, 200);
        mobile.respond(second, 487);
        mobile.awaitRequest("ACK");
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() >= 200);
        assertThat(desk.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void bothSuccessesAreForwardedWhenTheyCross() {
        Request invite = invite();
        WireMessage first = desk.awaitRequest("INVITE");
        WireMessage second = mobile.awaitRequest("INVITE");
        desk.respond(first, 200);
        mobile.respond(second, 200);

        WireMessage one = alice.awaitResponse(invite, 200);
        WireMessage other = alice.awaitResponse(invite, 200);

        assertThat(Set.of(one.toTag(), other.toTag())).hasSize(2);
        alice.send(Dialog.ofCaller(alice, one).ack());
        alice.send(Dialog.ofCaller(alice, other).ack());
        desk.awaitRequest("ACK");
        mobile.awaitRequest("ACK");
    }

    @Test
    void branchWithoutAProvisionalIsCancelledWhenItHasOne() {
        Request invite = invite();
        WireMessage silent = mobile.awaitRequest("INVITE");
        desk.respond(desk.awaitRequest("INVITE"), 200);
        alice.awaitResponse(invite, 200);
        assertThat(mobile.pendingAfterRoundTrip()).noneMatch(m -> m.method().equals("CANCEL"));

        mobile.respond(silent, 180);

        mobile.awaitRequest("CANCEL");
    }

    @Test
    void failureWaitsForTheOtherBranch() {
        Request invite = invite();
        WireMessage second = mobile.awaitRequest("INVITE");
        mobile.respond(second, 180);
        desk.respond(desk.awaitRequest("INVITE"), 486);
        desk.awaitRequest("ACK");
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() >= 200);

        mobile.respond(second, 200);

        alice.awaitResponse(invite, 200);
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() == 486);
    }

    @ParameterizedTest
    @CsvSource({
        "486,404,404", "404,486,404", "486,500,486", "500,486,486", "302,486,302", "486,302,302", "603,486,603",
        "486,603,603", "408,401,401", "404,407,407", "480,415,415", "480,420,420", "480,484,484", "503,503,500",
        "503,486,486", "500,503,500", "600,603,600", "302,603,603",
    })
    void bestFailureIsForwarded(int first, int second, int best) {
        Request invite = invite();
        WireMessage atDesk = desk.awaitRequest("INVITE");
        WireMessage atMobile = mobile.awaitRequest("INVITE");
        desk.respond(atDesk, first);
        mobile.respond(atMobile, second);

        WireMessage failure = alice.awaitFinal(invite);

        if (best == 404 || best == 600 || best == 500) {
            // §16.7 step 6 lets the proxy choose within a class
            assertThat(failure.status() / 100).isEqualTo(best / 100);
            assertThat(failure.status()).isNotEqualTo(503);
        } else {
            assertThat(failure.status()).isEqualTo(best);
        }
        desk.awaitRequest("ACK");
        mobile.awaitRequest("ACK");
        alice.send(invite.ack(failure).text());
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() >= 200);
    }

    @Test
    void challengesOfAllBranchesAreCollected() {
        Request invite = invite();
        desk.respond(desk.awaitRequest("INVITE"), 401, "WWW-Authenticate: Digest realm=\"desk\", nonce=\"1\"");
        mobile.respond(mobile.awaitRequest("INVITE"), 407, "Proxy-Authenticate: Digest realm=\"mobile\", nonce=\"2\"");

        WireMessage failure = alice.awaitFinal(invite);

        assertThat(failure.status()).isIn(401, 407);
        assertThat(failure.header("WWW-Authenticate")).isEqualTo("Digest realm=\"desk\", nonce=\"1\"");
        assertThat(failure.header("Proxy-Authenticate")).isEqualTo("Digest realm=\"mobile\", nonce=\"2\"");
    }

    @Test
    void declineEverywhereCancelsTheOthersAndWaitsForThem() {
        Request invite = invite();
        WireMessage second = mobile.awaitRequest("INVITE");
        mobile.respond(second, 180);
        desk.respond(desk.awaitRequest("INVITE"), 603);

        mobile.respond(mobile.awaitRequest("CANCEL"), 200);
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() >= 200);
        mobile.respond(second, 487);

        alice.awaitResponse(invite, 603);
    }

    @Test
    void successAfterADeclineIsStillForwarded() {
        Request invite = invite();
        WireMessage second = mobile.awaitRequest("INVITE");
        mobile.respond(second, 180);
        desk.respond(desk.awaitRequest("INVITE"), 603);
        mobile.awaitRequest("CANCEL");

        mobile.respond(second, 200);

        alice.awaitResponse(invite, 200);
    }

    @Test
    void equalQRingsTogetherLowerQLater() {
        WireClient.Udp late = proxy.udp("late");
        WireClient.Udp later = proxy.udp("later");
        proxy.register(late, "bob", ";q=0.5");
        proxy.register(later, "bob", ";q=0.1");
        Request invite = invite();
        WireMessage first = desk.awaitRequest("INVITE");
        WireMessage second = mobile.awaitRequest("INVITE");
        assertThat(late.pendingAfterRoundTrip()).isEmpty();

        desk.respond(first, 486);
        assertThat(late.pendingAfterRoundTrip()).isEmpty();
        mobile.respond(second, 480);

        WireMessage third = late.awaitRequest("INVITE");
        assertThat(later.pendingAfterRoundTrip()).isEmpty();
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() >= 200);
        late.respond(third, 200);
        alice.awaitResponse(invite, 200);
        assertThat(later.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void equalQWrittenRingsTogether() {
        proxy.register(desk, "carol", ";q=0.7");
        proxy.register(mobile, "carol", ";q=0.70");

        alice.send(alice.request("INVITE", "sip:carol@sip.test"));

        desk.awaitRequest("INVITE");
        mobile.awaitRequest("INVITE");
    }

    @Test
    void declineEverywhereEndsTheSerialSearch() {
        WireClient.Udp late = proxy.udp("late");
        proxy.register(late, "bob", ";q=0.5");
        Request invite = invite();
        WireMessage second = mobile.awaitRequest("INVITE");
        desk.respond(desk.awaitRequest("INVITE"), 603);
        mobile.respond(second, 486);

        alice.awaitResponse(invite, 603);

        assertThat(late.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void firstSuccessOfAMessageIsForwardedAndLaterOnesAreDropped() {
        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "hello"));
        WireMessage first = desk.awaitRequest("MESSAGE");
        WireMessage second = mobile.awaitRequest("MESSAGE");
        mobile.respond(second, 200);
        alice.awaitResponse(message, 200);

        desk.respond(first, 202);
        desk.pendingAfterRoundTrip();

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
        assertThat(List.of(first.body(), second.body())).containsOnly("hello");
    }

    @Test
    void unreachablePhoneDoesNotKeepTheOtherFromRinging() {
        Request register = mobile.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@127.0.0.1:1;transport=tcp>");
        mobile.send(register);
        mobile.awaitResponse(register, 200);

        Request invite = invite();
        mobile.awaitRequest("INVITE");
        WireMessage atDesk = desk.awaitRequest("INVITE");
        desk.respond(atDesk, 200);

        alice.awaitResponse(invite, 200);
    }
}
