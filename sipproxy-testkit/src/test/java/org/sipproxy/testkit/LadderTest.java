package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(30)
class LadderTest {

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.create();

    @Test
    void callOfAPhoneBehindTwoNatsIsDrawnWithItsName() {
        NatRouter home = sip.closing(NatRouter.of(NatKind.PORT_RESTRICTED));
        NatRouter carrier = sip.closing(NatRouter.of(NatKind.SYMMETRIC));
        Phone alice = sip.phone("alice", phone -> phone.behind(home, carrier));
        Phone bob = sip.registeredPhone("bob", Phone.Builder::answering);
        sip.ladder().clear();

        alice.call("bob").awaitAnswer();
        bob.awaitCall().awaitAck();

        assertThat(sip.ladder().arrows())
                .contains("alice -> proxy: INVITE", "proxy -> bob: INVITE", "bob -> proxy: 180 Ringing")
                .contains("bob -> proxy: 200 OK", "proxy -> alice: 200 OK", "alice -> proxy: ACK", "proxy -> bob: ACK");
        String drawing = sip.ladder().toString();
        assertThat(drawing.lines().map(line -> line.substring(Math.min(line.length(), 10))))
                .startsWith(
                        "alice                     proxy                       bob",
                        "  |                          |                          |",
                        "  |-- INVITE --------------->|                          |  sip:bob@sip.test")
                .contains(
                        "  |                          |-- INVITE --------------->|  " + bob.contact(),
                        "  |<------------- 200 OK -- |                          |  to INVITE".replace("- |", "-|"));
        assertThat(drawing).contains(" ms");
    }

    @Test
    void peersAreCalledByTheirAddressesAndRepetitionsAreMarked() {
        Ladder ladder = new Ladder();

        assertThat(ladder).hasToString("nothing went over the proxy's wire\n");
    }

    @Test
    void longLabelIsCut() {
        sip.phone("bob").replyWith("MESSAGE", 407);
        Phone bob = sip.registeredPhone("bob");
        bob.replyWith("MESSAGE", 513);

        sip.phone("a-user-with-a-name-that-is-longer-than-the-gap").message("bob", "hi");

        assertThat(sip.ladder().toString()).contains("513 Message Too Large");
        assertThat(sip.ladder().toString().lines().findFirst().orElseThrow()).contains("longer-than-the-gap proxy");
    }
}
