package org.sipproxy.testkit.assertj;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.testkit.assertj.SipAssertions.assertThat;

import java.net.URLClassLoader;
import java.time.Duration;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.ReducedClassPath;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.core.trace.RecordedMessage;
import org.sipproxy.message.Method;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** Assertions about one call, which both sides have ended. */
@Timeout(60)
class SipAssertionsTest {

    private static final Ladder LADDER = new Ladder();

    @RegisterExtension
    static final SipProxyExtension SIP =
            SipProxyExtension.builder().wireListener(LADDER).build();

    private static Phone alice;
    private static Phone bob;
    private static OutgoingCall outgoing;
    private static IncomingCall incoming;

    @BeforeAll
    static void call() {
        alice = SIP.phone("alice");
        bob = SIP.registeredPhone("bob");
        outgoing = alice.call("bob", invite -> invite.header("Subject", "lunch").body("text/plain", "twelve"));
        incoming = bob.awaitCall().ring().answer();
        outgoing.awaitAnswer();
        incoming.awaitAck();
        outgoing.hangUp();
        incoming.awaitHangUp();
    }

    @AfterAll
    static void forget() {
        LADDER.clear();
    }

    private static String at(Phone phone) {
        return "127.0.0.1:" + phone.localAddress().getPort();
    }

    /** Asserts that the assertion fails with a text, which draws a ladder. */
    private static void assertFails(ThrowingCallable assertion, String... parts) {
        assertThatThrownBy(assertion)
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(parts)
                .hasMessageContaining(" INVITE -------");
    }

    @Test
    void messagesOfTheProxyAreFoundInTheirOrder() {
        String first = at(alice) + " -> proxy: INVITE";
        String second = "proxy -> " + at(bob) + ": INVITE";

        assertThat(LADDER)
                .contains(second, first)
                .containsSubsequence(first, second, "proxy -> " + at(alice) + ": 200 OK")
                .doesNotContain(at(bob) + " -> proxy: INVITE")
                .containsRequest(Method.BYE)
                .containsRequest(Method.INVITE, invite -> assertThat(invite).hasHeader("Max-Forwards", "69"))
                .containsResponse(180)
                .doesNotContainRequest(Method.CANCEL)
                .doesNotContainResponse(487);
        LadderAssert now = assertThat(LADDER).within(Duration.ZERO);
        assertFails(() -> now.contains(first, first), "Expected the messages", "but these are missing:\n  " + first);
        assertFails(() -> now.containsSubsequence(second, first), "\"" + first + "\" did not follow");
        assertFails(
                () -> now.doesNotContain(second), "Expected none of these messages, but they were sent:\n  " + second);
        assertFails(() -> now.containsRequest(Method.CANCEL), "Expected a request CANCEL, but it was not sent");
        assertFails(
                () -> now.containsRequest(
                        Method.INVITE, invite -> assertThat(invite).hasHeader("X-Missing")),
                "Expected a request INVITE that satisfies the requirements, but of the last one: ",
                "Expected a header X-Missing, but there is none");
        assertFails(
                () -> now.containsRequest(Method.CANCEL, cancel -> {}),
                "Expected a request CANCEL that satisfies the requirements, but there is none");
        assertFails(() -> now.containsResponse(487), "Expected a response 487, but it was not sent");
        assertFails(
                () -> now.doesNotContainRequest(Method.BYE),
                "Expected no request BYE, but these were sent:\n  " + at(alice) + " -> proxy: BYE");
        assertFails(() -> now.doesNotContainResponse(180), "Expected no response 180, but these were sent:\n  ");
    }

    @Test
    void aMessageHasItsHeadersAndBody() {
        String arrow = "proxy -> " + at(bob) + ": INVITE";
        SipMessageAssert invite = assertThat(LADDER).message(arrow);

        invite.isRequest(Method.INVITE)
                .hasRequestUri(bob.contact())
                .hasHeader("Subject")
                .hasHeader("Subject", "lunch")
                .doesNotHaveHeader("X-Missing")
                .hasBody("twelve")
                .hasBodyContaining("elv");
        assertFails(() -> invite.isRequest(Method.BYE), "[" + arrow + "] Expected a request BYE, but it is INVITE");
        assertFails(() -> invite.isResponse(200), "Expected a response 200, but it is INVITE");
        assertFails(
                () -> invite.hasRequestUri("sip:x@y"), "Expected the Request-URI sip:x@y, but it is " + bob.contact());
        assertFails(() -> invite.hasHeader("X-Missing"), "Expected a header X-Missing, but there is none");
        assertFails(() -> invite.hasHeader("Subject", "a", "b"), "Expected Subject [a, b], but it is [lunch]");
        assertFails(() -> invite.doesNotHaveHeader("Subject"), "Expected no header Subject, but it is [lunch]");
        assertFails(() -> invite.hasBody("one"), "Expected the body\none\nof the message:\nINVITE " + bob.contact());
        assertFails(() -> invite.hasBodyContaining("one"), "Expected a body with \"one\"");
        assertThat(LADDER)
                .message("proxy -> " + at(alice) + ": 200 OK")
                .isResponse(200)
                .satisfies(ok -> assertThatThrownBy(() -> assertThat(ok).hasRequestUri("sip:x@y"))
                        .hasMessageContaining("but it is missing, in a response"));
    }

    @Test
    void bothSidesOfACallHaveItsMessages() {
        assertThat(outgoing)
                .hasStatuses(180, 200)
                .hasStatuses(100, 180, 200)
                .containsRequest(Method.ACK)
                .doesNotContainRequest(Method.CANCEL)
                .isOver();
        assertThat(outgoing).invite().hasHeader("Max-Forwards", "70");
        assertThat(incoming).hasStatuses(180, 200).containsRequest(Method.BYE).isOver();
        assertThat(incoming).invite().hasHeader("Max-Forwards", "69").hasHeader("Subject", "lunch");
        Assertions.assertThat(incoming.messages())
                .extracting(RecordedMessage::toString)
                .containsExactly(
                        "proxy -> bob: INVITE",
                        "bob -> proxy: 180 Ringing",
                        "bob -> proxy: 200 OK",
                        "proxy -> bob: ACK",
                        "proxy -> bob: BYE",
                        "bob -> proxy: 200 OK");
        CallAssert now = assertThat(outgoing).within(Duration.ZERO);
        assertFails(
                () -> now.hasStatuses(180, 486),
                "Expected the responses [180, 486] to the INVITE, but there are [180, 200]");
        assertFails(() -> now.containsRequest(Method.INFO), "Expected INFO in the call, but it was not sent");
        assertFails(() -> now.doesNotContainRequest(Method.BYE), "Expected no BYE in the call, but it was sent");
        assertFails(now::isNotOver, "Expected the call not to be over");
    }

    @Test
    void aCallThatRingsIsNotOver() {
        OutgoingCall calling = SIP.phone("carol").call("bob");
        IncomingCall ringing = bob.awaitCall().ring();

        assertThat(calling).hasStatuses(180).isNotOver();
        assertFails(
                () -> assertThat(ringing).within(Duration.ZERO).isOver(),
                "Expected the call to be over, but no BYE and no refusal was sent");
        ringing.busy();
        calling.awaitStatus(486);
        assertThat(calling).hasStatuses(180, 486).isOver();
    }

    @Test
    void theTestkitWorksWithoutAssertJ() throws Exception {
        try (URLClassLoader without = ReducedClassPath.without("assertj-core")) {
            Assertions.assertThat(without.getResource("org/assertj/core/api/Assertions.class"))
                    .isNull();
            Object status = Class.forName(Host.class.getName(), true, without)
                    .getMethod("call")
                    .invoke(null);
            Assertions.assertThat(status).isEqualTo(404);
        }
    }

    /** Loaded by a separate class loader. */
    public static final class Host {

        private Host() {}

        /** Makes a call and returns its status. */
        public static int call() {
            try (SipProxy proxy = SipProxy.builder()
                    .listen(org.sipproxy.api.transport.Endpoint.udp("127.0.0.1", 0))
                    .domain("sip.test")
                    .noAuthentication()
                    .build()) {
                proxy.start();
                try (Phone phone =
                        Phone.builder("alice").domain("sip.test").proxy(proxy).open()) {
                    return phone.call("missing").awaitFinal().statusCode();
                }
            }
        }
    }
}
