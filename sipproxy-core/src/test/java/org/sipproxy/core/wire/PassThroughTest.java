package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Messages pass unchanged, well-formed or not, except for what the proxy acts on (RFC 3261 §16.3 step 1). Kamailio 5.6
 * relays all of them.
 */
class PassThroughTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp alice = proxy.registered("alice");
    private final WireClient.Udp bob = proxy.registered("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    // ---- calls that must be able to end

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:PBX#1000@HOST>",
                "<sip:bob@HOST;x-tiu=\"VGhdWA==\">",
                "<sip:bob@HOST;thinfo=VG8=>",
                "<sip:bob@HOST;lr=;transport=>",
                "Bob (x), Home <sip:bob[1]{2}|^`@HOST;;x>;y=",
                "<sip:b\"o\\b@HOST>",
                "<sip:100%@HOST?x=y>",
                "J\u00f6rg <sip:J\u00f6rg@HOST>",
            })
    void aCallWithAnUnusualContactIsAcknowledgedAndEndedByEitherSide(String form) {
        String callee = form.replace("HOST", bob.hostPort());
        Request invite = alice.request("INVITE", "sip:bob@sip.test").contact(form.replace("HOST", alice.hostPort()));
        alice.send(invite);
        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.header("Contact")).isEqualTo(form.replace("HOST", alice.hostPort()));
        WireMessage sent = bob.respond(received, 200, "Contact: " + callee);
        WireMessage ok = alice.awaitResponse(invite, 200);
        assertThat(ok.header("Contact")).isEqualTo(callee);
        Dialog caller = Dialog.ofCaller(alice, ok);

        alice.send(caller.ack());
        assertThat(bob.awaitRequest("ACK").uri()).isEqualTo(WireMessage.uriOf(callee));
        Request again = alice.send(caller.request("INVITE"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: " + callee);
        alice.awaitResponse(again, 200);
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request bye = bob.send(Dialog.ofCallee(bob, received, sent).request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.awaitResponse(bye, 200);
    }

    // ---- parts for the receiver only

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Contact: <sip:a@h",
                "Contact: Bob (x) <sip:a@h>",
                "Contact: <sip:call er@h>",
                "Contact:",
                "Route:",
                "Record-Route: <sip:1.2.3.4;lr>;x=",
                "Record-Route: <sip:1.2",
                "Via: SIP/2.0/UDP [fe80::1%eth0];branch=z9hG4bKx",
                "Content-Length: 0",
                "Expires: soon",
                "Subject: \u00e9",
                "Date: yesterday",
                "Warning: garbage",
                "Supported:",
                "X-Spaced \t: x",
            })
    void aRequestPassesWithIt(String line) {
        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with(line));

        WireMessage received = bob.awaitRequest("MESSAGE");

        assertThat(received.text()).contains("\r\n" + line + "\r\n");
        bob.respond(received, 200);
        alice.awaitResponse(message, 200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "John (Sales) <sip:alice@sip.test>;tag=1",
                "Doe, John <sip:alice@sip.test>;tag=1",
                "Virtu\u00e1lis <sip:alice@sip.test>;tag=1",
                "<sip:PBX#1000@sip.test>;tag=1;x=",
            })
    void aRequestPassesFromIt(String from) {
        Request message = alice.send(
                alice.request("MESSAGE", "sip:bob@sip.test").from(from).to(from.replace("tag=1", "x")));

        WireMessage received = bob.awaitRequest("MESSAGE");

        assertThat(received.header("From")).isEqualTo(from);
        bob.respond(received, 200);
        alice.awaitResponse(message, 200);
    }

    @Test
    void longHeadersAndManyHopsPass() {
        String identity = "Identity: " + "x".repeat(9_000);
        Request message = alice.request("MESSAGE", "sip:bob@sip.test").with(identity);
        for (int i = 0; i < 254; i++) {
            message.with("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK" + i);
        }

        alice.send(message);

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertThat(received.text()).contains(identity);
        assertThat(received.lines("Via")).hasSize(256);
    }

    @Test
    void rportWithAnEmptyValueIsFilled() {
        Request message = alice.request("MESSAGE", "sip:bob@sip.test");
        alice.send(message.text().replace(";rport", "").replace(";branch", ";rport=;branch"));

        WireMessage received = bob.awaitRequest("MESSAGE");

        assertThat(WireMessage.parameter(received.elements("Via").get(1), "rport"))
                .contains(String.valueOf(alice.port()));
        bob.respond(received, 200);
        alice.awaitResponse(message, 200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "To: Bob (x) <sip:bob@sip.test>;tag=t",
                "To: J\u00f6rg <sip:bob@sip.test>;tag=t",
                "Content-Length: 0",
                "Record-Route: <sip:x",
                "Contact: <sip:bob",
                "Expires: x",
            })
    void aResponseIsNotLostForIt(String line) {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        String text = Response.of(bob, received, 200).text();

        bob.send(
                line.startsWith("To:")
                        ? text.replaceFirst("To: .*", line.replace("$", ""))
                        : text.replace("Content-Length: 0", "Content-Length: 0\r\n" + line));

        assertThat(alice.awaitResponse(invite, 200).text()).contains("\r\n" + line + "\r\n");
    }

    /** A call whose ACK and BYE would be refused could never end. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Contact: <sip:b ob@HOST>",
                "Contact: <sip:bob@HOST;a=b c>",
                "Contact: <sip:bob@HOST",
                "Contact: sip:bob@HOST>",
                "Contact: <sip:bob@h@HOST>",
                "Contact: <sip:bob@[fe80::1%eth0]>",
                "Contact: <sip:bob@HOST;maddr=192.0.2.1;maddr=192.0.2.2>",
                "Contact: *",
                "Contact: <tel:+49301234>",
                "Contact: tel:+49301234;x=y",
                "Contact: <im:bob@sip.test>",
                "To: \"Bob <sip:bob@sip.test>;tag=t",
                "To: <sip:bob@sip.test>;tag=t;tag=u",
                "To: <>;tag=t",
            })
    void aCallThatCouldNotBeEndedIsNotSetUp(String line) {
        String form = line.replace("HOST", bob.hostPort());
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        String text = form.startsWith("To:")
                ? Response.of(bob, received, 200).text().replaceFirst("To: .*", form)
                : Response.of(bob, received, 200, form).text();

        bob.send(text);

        assertThat(alice.awaitFinal(invite).status()).isEqualTo(502);
        bob.send(text);
        assertThat(alice.pendingAfterRoundTrip())
                .as("neither is its retransmission forwarded")
                .noneMatch(message -> message.isResponse()
                        && message.status() == 200
                        && message.branch().equals(invite.branch()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Contact: Bob \"Q\" <sip:bob@HOST>;;x=\"",
                "Contact: <sip:bob@HOST>;",
                "Contact: < sip:bob@HOST >",
                "Contact: \"<sip:x y>\" <sip:bob@HOST>, <sip:b ob@HOST>",
                "Contact: sip:bob@HOST?x=y",
                "Contact:",
            })
    void textAroundTheUriOfAContactIsForTheCaller(String line) {
        String form = line.replace("HOST", bob.hostPort());
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        bob.respond(bob.awaitRequest("INVITE"), 200, form);

        assertThat(alice.awaitResponse(invite, 200).text()).contains("\r\n" + form);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "My Header: x\r\n",
                ": x\r\n",
                "X-Control: a\u0001b\r\n",
                "X-Nul: a\u0000b\r\n",
                "X-Bare: a\nb: c\r\n",
                "Call-ID: second\r\n",
                "CSeq: 9 INVITE\r\n",
                "Content-Length: x\r\n",
            })
    void aMalformedFinalResponseEndsItsTransactionAndIsNotForwarded(String lines) {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.send(malformed(Response.of(bob, received, 180).text(), lines)); // a provisional one is dropped
        bob.send(malformed(Response.of(bob, received, 200).text(), lines));
        assertThat(alice.awaitFinal(invite).status()).isEqualTo(502);

        Request busy = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.send(malformed(Response.of(bob, bob.awaitRequest("INVITE"), 486).text(), lines));
        WireMessage response = alice.awaitFinal(busy);
        assertThat(response.status()).isEqualTo(486);
        assertThat(response.text()).doesNotContain(lines.strip());
        assertThat(bob.awaitRequest("ACK").branch()).isNotEmpty();

        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        bob.send(malformed(Response.of(bob, bob.awaitRequest("MESSAGE"), 200).text(), lines));
        assertThat(alice.awaitFinal(message).status()).isEqualTo(502);

        Request moved = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.send(malformed(Response.of(bob, bob.awaitRequest("INVITE"), 302).text(), lines));
        assertThat(alice.awaitFinal(moved).status()).isEqualTo(502);
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(one -> one.isResponse() && one.status() == 180);
    }

    /** The datagram was cut in the network; the retransmission is whole. */
    @ParameterizedTest
    @ValueSource(ints = {4, 60})
    void aTruncatedFinalResponseIsDiscarded(int missing) {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        String whole = Response.of(bob, received, 200)
                .text()
                .replace("Content-Length: 0\r\n\r\n", "Content-Length: 40\r\n\r\n" + "v=0\r\n".repeat(8));
        bob.send(whole.substring(0, whole.length() - missing));

        bob.send(whole);

        assertThat(alice.awaitFinal(invite).status()).isEqualTo(200);
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(one -> one.isResponse() && one.status() == 502);
    }

    @Test
    void aFinalResponseWithAForgedLowerViaIsDiscarded() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        String busy = Response.of(bob, received, 486).text();
        String forged = busy.replace("Via: SIP/2.0/UDP " + alice.hostPort(), "Via: SIP/2.0/UDP 255.255.255.255:5060");
        assertThat(forged).isNotEqualTo(busy);
        bob.send(forged);

        bob.respond(received, 200);

        assertThat(alice.awaitFinal(invite).status()).isEqualTo(200);
    }

    private static String malformed(String text, String lines) {
        return text.replace("Content-Length: 0\r\n", lines + "Content-Length: 0\r\n");
    }

    /** The Request-URI of the BYE is for that proxy, which may know what to do with it. */
    @Test
    void aContactThatIsNotASipUriIsForAProxyBehindThisOne() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        String behind = "Record-Route: <sip:" + bob.hostPort() + ";lr>\r\nContact: <tel:+49301234>\r\n";
        String text = Response.of(bob, received, 200).text();

        bob.send(text.replaceFirst("Contact: .*\r\n", "").replaceFirst("Record-Route: ", behind + "Record-Route: "));
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request bye = alice.send(caller.request("BYE"));

        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
    }

    @Test
    void aForkContinuesWithoutThePhoneThatCannotBeEnded() {
        WireClient.Udp other = proxy.udp("other");
        proxy.register(other, "bob", "");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200, "Contact: <sip:b ob@" + bob.hostPort() + ">");

        other.respond(other.awaitRequest("INVITE"), 200);

        assertThat(alice.awaitFinal(invite).status()).isEqualTo(200);
    }

    @Test
    void aViaWithAnUnusableRportGetsAResponse() {
        Request message = alice.request("MESSAGE", "sip:bob@sip.test");
        alice.send(message.text().replace(";rport", "").replace(";branch", ";rport=abc;branch"));

        bob.respond(bob.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(message, 200);
    }

    @Test
    void aClientThatNamesItsZoneGetsAResponse() {
        Request message = alice.request("MESSAGE", "sip:bob@sip.test");
        alice.send(message.text().replaceFirst("UDP [^;]*;", "UDP [fe80::1%eth0]:5060;"));

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertThat(WireMessage.parameter(received.elements("Via").get(1), "received"))
                .contains("127.0.0.1");
        bob.respond(received, 200);
        alice.awaitResponse(message, 200);
    }

    // ---- users of phones

    @ParameterizedTest
    @ValueSource(strings = {"9901#1", "*21#", "PBX#1000", "a|b"})
    void aUserIsRegisteredAndFoundByIt(String user) {
        WireClient.Udp door = proxy.udp("door");
        proxy.register(door, user, ";x=");

        for (String called : new String[] {user, user.replace("#", "%23").replace("|", "%7C")}) {
            Request message = alice.send(alice.request("MESSAGE", "sip:" + called + "@sip.test"));
            door.respond(door.awaitRequest("MESSAGE"), 200);
            alice.awaitResponse(message, 200);
        }
    }

    // ---- input that two parsers could read differently

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 1",
                "Route: <sip:a@h@g>",
                "Route: sip:x <sip:bob@sip.test;lr>",
                "Subject: a\u0000b",
                "Subject: a\nX: b",
                "Subject: a\rX: b",
                "Via: SIP/2.0/UDP h,, SIP/2.0/UDP g",
            })
    void ambiguousInputIsRefused(String line) {
        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with(line));

        assertThat(alice.awaitFinal(message).status()).isEqualTo(400);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }
}
