package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.SipProxyExtension;

/** Requests of strangers to a user. */
@Timeout(60)
class StrangerTest {

    private static final String GATEWAY = "127.0.0.20";
    private static final AtomicInteger BRANCHES = new AtomicInteger();
    private static final String FOREIGN = "<sip:x@elsewhere.test>";

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .domain("sip.test")
            .user("1001", "pw1001")
            .user("1002", "pw1002")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(proxy -> proxy.component(AccessList.builder()
                    .rules(AccessRule.trust(CidrBlock.parse(GATEWAY)))
                    .defaultPolicy(AccessRule.Action.ALLOW)
                    .build()))
            .withoutLeakCheck()
            .build();

    private RawPeer stranger;
    private RawPeer phone;

    @BeforeEach
    void register() {
        stranger = sip.closing(new RawPeer("127.0.0.9", sip.udp()));
        phone = sip.closing(new RawPeer("127.0.0.2", sip.udp()));
        phone.register("1001", "pw1001", "sip.test");
    }

    /** Sends a request as a stranger, and returns its branch. */
    private String send(RawPeer sender, String method, int cseq, String from, String to, String... lines) {
        String branch = "b" + BRANCHES.incrementAndGet();
        List<String> all = new ArrayList<>(List.of(
                method + " sip:1001@sip.test SIP/2.0",
                sender.via(branch),
                "From: " + from + ";tag=caller",
                "To: " + to,
                "Call-ID: call-" + sender.hostPort(),
                "CSeq: " + cseq + " " + method,
                "Contact: <sip:x@" + sender.hostPort() + ">",
                "Max-Forwards: 70"));
        all.addAll(List.of(lines));
        sender.send(all.toArray(new String[0]));
        return branch;
    }

    private String statusOf(String branch) {
        String response = stranger.await("SIP/2.0 ", "z9hG4bK" + branch);
        return response.startsWith("SIP/2.0 100") ? statusOf(branch) : response.substring(8, 11);
    }

    /** Asserts that no request was relayed: it would arrive before the message sent here. */
    private void assertPhoneGotNothing() {
        String branch = send(stranger, "MESSAGE", 99, FOREIGN, "<sip:1001@sip.test>");
        phone.respond(phone.await("MESSAGE ", "99 MESSAGE"), "200 OK");
        stranger.await("SIP/2.0 200", branch);
        assertThat(phone.pending()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PRACK", "SUBSCRIBE", "NOTIFY", "REFER", "INFO", "UPDATE", "BYE", "PUBLISH", "FOO", "message"})
    void methodsThatACallDoesNotStartWithAreRefused(String method) {
        assertThat(statusOf(send(stranger, method, 1, FOREIGN, "<sip:1001@sip.test>", "Event: check-sync;reboot=true")))
                .isEqualTo("403");
        assertPhoneGotNothing();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PRACK", "SUBSCRIBE", "NOTIFY", "REFER", "INFO", "UPDATE", "BYE", "INVITE", "MESSAGE"})
    void anInventedTagDoesNotMakeADialog(String method) {
        assertThat(statusOf(send(stranger, method, 1, FOREIGN, "<sip:1001@sip.test>;tag=invented")))
                .isEqualTo("481");
        assertThat(statusOf(send(
                        stranger,
                        method,
                        2,
                        FOREIGN,
                        "<sip:1001@sip.test>;tag=invented",
                        "Route: <sip:127.0.0.1:" + sip.udp().getPort() + ";lr>")))
                .isEqualTo("481");
        assertThat(statusOf(send(stranger, method, 3, "<sip:1002@sip.test>", "<sip:1001@sip.test>;tag=invented")))
                .isEqualTo("407");
        assertPhoneGotNothing();
    }

    @ParameterizedTest
    @CsvSource({
        "<sip:x@elsewhere.test>, <sip:1001@sip.test>;tag=invented",
        "<sip:x@elsewhere.test>, <sip:1001@sip.test>",
        "<sip:1002@sip.test>,    <sip:1001@sip.test>;tag=invented",
    })
    void anAckWithoutADialogIsDropped(String from, String to) {
        send(stranger, "ACK", 1, from, to);
        send(stranger, "ACK", 1, from, to, "Route: <sip:127.0.0.1:" + sip.udp().getPort() + ";lr>");

        assertPhoneGotNothing();
    }

    @Test
    void inDialogRequestsOfACallReachAnyUser() {
        send(stranger, "INVITE", 1, FOREIGN, "<sip:1001@sip.test>");
        String invite = phone.await("INVITE ", "1 INVITE");
        phone.respond(invite, "200 OK", "Contact: <sip:1001@sip.test>"); // an AOR of this proxy as remote target
        stranger.await("SIP/2.0 200", "1 INVITE");
        String route = "Route: " + RawPeer.header(invite, "Record-Route");
        String to = "<sip:1001@sip.test>;tag=callee";

        send(stranger, "ACK", 1, FOREIGN, to, route);
        phone.await("ACK ", "1 ACK");
        int cseq = 1;
        for (String method : List.of("INFO", "UPDATE", "PRACK", "MESSAGE", "INVITE", "BYE")) {
            String branch = send(stranger, method, ++cseq, FOREIGN, to, route);
            phone.respond(phone.await(method + " ", cseq + " " + method), "200 OK");
            stranger.await("SIP/2.0 200", branch);
        }
        // the signature does not name the user of the dialog, so it does not permit these methods to all users
        for (String method : List.of("REFER", "NOTIFY", "SUBSCRIBE", "PUBLISH")) {
            stranger.await("SIP/2.0 403", send(stranger, method, ++cseq, FOREIGN, to, route));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:1002@sip.test.>",
                "<sip:1002@SIP.Test>",
                "<sip:1002@localhost:PORT>",
                "<sip:1002@phone.localhost.:PORT>",
                "<sip:1002@127.0.0.1:PORT>",
                "<sip:1002@127.000.0.01:PORT>",
                "<sip:1002@127.0.0.1.:PORT>",
                "<sip:1002@[::ffff:127.0.0.1]:PORT>",
                "<sip:1002@[0:0:0:0:0:FFFF:7f00:1]:PORT>",
                "<sip:1002@0.0.0.0:PORT>",
                "<tel:1002>",
                "<tel:+1002;phone-context=elsewhere.test>",
                "<im:1002@sip.test>",
            })
    void fromOfAUserOfTheProxyIsChallenged(String from) {
        String branch = send(
                stranger,
                "MESSAGE",
                1,
                from.replace("PORT", String.valueOf(sip.udp().getPort())),
                "<sip:1001@sip.test>");

        assertThat(statusOf(branch)).isEqualTo("407");
        assertPhoneGotNothing();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:1002@127.1:PORT>",
                "<sip:1002@2130706433:PORT>",
                "<sip:1002@0x7f.1:PORT>",
                "<sip:1002@0x7f000001:PORT>",
                "<sip:1002@elsewhere.test;maddr=192.0.2.1;lr;maddr=192.0.2.2>",
                "<sip:1002@elsewhere.test>;tag=other",
            })
    void fromThatCannotBeUnderstoodIsMalformed(String from) {
        String branch = send(
                stranger,
                "MESSAGE",
                1,
                from.replace("PORT", String.valueOf(sip.udp().getPort())),
                "<sip:1001@sip.test>");

        assertThat(statusOf(branch)).isEqualTo("400");
        assertPhoneGotNothing();
    }

    /** As in SIPp scenarios without {@code rrs}: the ACK has the Request-URI of the INVITE and no Route. */
    @Test
    void ackOfAnAcceptedCallPassesWithoutARouteSetAndOnlyToItsCallee() {
        send(stranger, "INVITE", 1, FOREIGN, "<sip:1001@sip.test>");
        phone.respond(phone.await("INVITE ", "1 INVITE"), "200 OK", "Contact: <sip:1001@" + phone.hostPort() + ">");
        stranger.await("SIP/2.0 200", "1 INVITE");

        send(stranger, "ACK", 1, FOREIGN, "<sip:1001@sip.test>;tag=other");
        send(stranger, "ACK", 2, FOREIGN, "<sip:1001@sip.test>;tag=callee");
        assertPhoneGotNothing();

        send(stranger, "ACK", 1, FOREIGN, "<sip:1001@sip.test>;tag=callee");
        phone.await("ACK ", "1 ACK");
    }

    // ---- CANCEL of another sender, and INVITE of another sender with the same branch

    @Test
    void onlyTheSenderCancels() {
        String branch = send(stranger, "INVITE", 1, FOREIGN, "<sip:1001@sip.test>");
        String invite = phone.await("INVITE ", "1 INVITE");
        phone.respond(invite, "180 Ringing");
        stranger.await("SIP/2.0 180");
        RawPeer other = sip.closing(new RawPeer("127.0.0.10", sip.udp()));
        RawPeer rebound = sip.closing(new RawPeer("127.0.0.9", sip.udp())); // as after a NAT has changed the port
        String[] cancel = {
            "CANCEL sip:1001@sip.test SIP/2.0",
            stranger.via(branch),
            "From: " + FOREIGN + ";tag=caller",
            "To: <sip:1001@sip.test>",
            "Call-ID: call-" + stranger.hostPort(),
            "CSeq: 1 CANCEL",
            "Max-Forwards: 70"
        };

        other.send(cancel);
        other.await("SIP/2.0 481", "1 CANCEL");
        assertPhoneGotNothing();

        rebound.send(cancel);
        rebound.await("SIP/2.0 200", "1 CANCEL");
        phone.respond(phone.await("CANCEL ", "1 CANCEL"), "200 OK");
    }

    @Test
    void branchOfAnotherSenderDoesNotAbsorbAnInvite() {
        String branch = send(stranger, "INVITE", 1, FOREIGN, "<sip:1001@sip.test>");
        phone.await("INVITE ", "1 INVITE");
        RawPeer other = sip.closing(new RawPeer("127.0.0.10", sip.udp()));

        other.send(
                "INVITE sip:1001@sip.test SIP/2.0",
                stranger.via(branch),
                "From: <sip:y@elsewhere.test>;tag=other",
                "To: <sip:1001@sip.test>",
                "Call-ID: call-" + other.hostPort(),
                "CSeq: 1 INVITE",
                "Contact: <sip:y@" + other.hostPort() + ">",
                "Max-Forwards: 70");

        other.await("SIP/2.0 100", "call-" + other.hostPort());
        phone.await("INVITE ", "call-" + other.hostPort());
    }

    // ---- senders that are not strangers

    @ParameterizedTest
    @ValueSource(strings = {"NOTIFY", "REFER", "INFO", "SUBSCRIBE", "NEWTHING"})
    void aTrustedPeerSendsEveryMethodAlsoWithATelFrom(String method) {
        RawPeer gateway = sip.closing(new RawPeer(GATEWAY, sip.udp()));

        send(gateway, method, 1, "<tel:1002>", "<sip:1001@sip.test>");
        phone.respond(phone.await(method + " ", "1 " + method), "200 OK");

        gateway.await("SIP/2.0 200", "1 " + method);
    }

    @Test
    void aTrustedPeersAckNeedsNoRoute() {
        RawPeer gateway = sip.closing(new RawPeer(GATEWAY, sip.udp()));

        send(gateway, "ACK", 1, FOREIGN, "<sip:1001@sip.test>;tag=callee");

        phone.await("ACK ", "1 ACK");
    }

    @ParameterizedTest
    @CsvSource({
        "<sip:1002@sip.test>,    200",
        "<sip:1002@localhost:PORT>, 200",
        "<tel:1002>,             200",
        "<tel:1-0(0)2;x=y>,      200",
        "<tel:1003>,             403",
        "<im:1002@sip.test>,     403",
    })
    void aUserWhoProvesThePasswordSendsEveryMethodInTheOwnName(String from, String status) {
        String sender = from.replace("PORT", String.valueOf(sip.udp().getPort()));
        String nonce = RawPeer.nonceOf(
                stranger.await("SIP/2.0 407", send(stranger, "NOTIFY", 1, sender, "<sip:1001@sip.test>")));
        String proof = DigestCredentials.of("1002", "sip.test", "pw1002", nonce)
                .request("NOTIFY", "sip:1001@sip.test")
                .value();

        String branch = send(stranger, "NOTIFY", 2, sender, "<sip:1001@sip.test>", "Proxy-Authorization: " + proof);

        if (status.equals("200")) {
            String received = phone.await("NOTIFY ", "2 NOTIFY");
            assertThat(received).doesNotContain("Authorization");
            phone.respond(received, "200 OK");
        }
        assertThat(statusOf(branch)).isEqualTo(status);
    }
}
