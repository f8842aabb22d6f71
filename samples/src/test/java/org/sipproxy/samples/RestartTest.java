package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipResponse;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.testkit.Call;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.NatKind;
import org.sipproxy.testkit.NatRouter;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/**
 * Calls continue after a restart of a proxy that keeps its secret and loses everything else, including registrations:
 * requests of both sides pass without a password. {@code -Dsipproxy.test.restarts=100} is the acceptance run.
 */
@Timeout(600)
class RestartTest {

    private static final int RESTARTS = Integer.getInteger("sipproxy.test.restarts", 5);
    private static final byte[] SECRET = "a secret that stays".getBytes(StandardCharsets.US_ASCII);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Queue<String> refusals = new ConcurrentLinkedQueue<>();
    private SipProxy proxy = start(SECRET, 0);
    private final int port = proxy.boundEndpoints().get(0).port();

    private SipProxy start(byte[] secret, int atPort) {
        SipProxy made = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", atPort))
                .domain("sip.test")
                .authentication(DigestAuthentication.builder()
                        .credentials(InMemoryCredentials.of(
                                Credential.ofPassword("1001", "sip.test", "a"),
                                Credential.ofPassword("1002", "sip.test", "b")))
                        .build())
                .component(NatTraversal.builder().build())
                .secret(secret)
                .wireListener(message -> {
                    if (!message.isReceived()
                            && message.message().orElse(null) instanceof SipResponse response
                            && response.statusCode() >= 300) {
                        refusals.add(response.statusCode() + " " + response.reasonPhrase());
                    }
                })
                .build();
        made.start();
        return made;
    }

    @AfterEach
    void close() throws Exception {
        proxy.close();
        for (AutoCloseable one : opened) {
            one.close();
        }
    }

    private void restart(byte[] secret) {
        proxy.close();
        proxy = start(secret, port);
    }

    private Phone phone(String user, String domain, String password, boolean behindNat) {
        Phone.Builder options = Phone.builder(user)
                .domain(domain)
                .proxy(new InetSocketAddress("127.0.0.1", port))
                .patience(Duration.ofSeconds(20));
        if (!password.isEmpty()) {
            options.password(password);
        }
        if (behindNat) {
            NatRouter router = NatRouter.of(NatKind.PORT_RESTRICTED);
            opened.add(router);
            options.behind(router);
        }
        Phone phone = options.open();
        opened.add(0, phone);
        return phone;
    }

    /** Call in progress, with the sides of caller and callee. */
    private record Pair(OutgoingCall caller, IncomingCall callee) {}

    private static Pair call(Phone from, Phone to, String target) {
        OutgoingCall calling = from.call(target);
        IncomingCall called = to.awaitCall().ring().answer();
        calling.awaitAnswer();
        called.awaitAck();
        return new Pair(calling, called);
    }

    @Test
    void everyCallCanBeChangedAndEndedFromBothSides() {
        Phone open = phone("1001", "sip.test", "a", false);
        Phone nat = phone("1002", "sip.test", "b", true);
        Phone foreign = phone("x", "elsewhere.test", "", false);
        Phone foreignNat = phone("y", "elsewhere.test", "", true);
        for (int i = 0; i < RESTARTS; i++) {
            open.register();
            nat.register();
            List<Pair> calls = List.of(
                    call(open, nat, "1002"),
                    call(nat, open, "1001"),
                    call(foreign, open, "sip:1001@sip.test"),
                    call(foreign, nat, "sip:1002@sip.test"),
                    call(foreignNat, open, "sip:1001@sip.test"),
                    call(foreignNat, nat, "sip:1002@sip.test"),
                    call(open, foreign, foreign.contact()),
                    call(nat, foreign, foreign.contact()));
            refusals.clear();

            restart(SECRET);

            for (int n = 0; n < calls.size(); n++) {
                Pair pair = calls.get(n);
                boolean callerEnds = (n + i) % 2 == 0;
                changeAndEnd(callerEnds ? pair.caller() : pair.callee(), callerEnds ? pair.callee() : pair.caller());
            }
            assertThat(refusals).as("after restart %d", i + 1).isEmpty();
        }
    }

    private static void changeAndEnd(Call one, Call other) {
        other.reinvite();
        one.awaitRequest("ACK");
        other.update();
        assertThat(other.send("INFO").statusCode()).isEqualTo(200);
        one.hangUp();
        other.awaitHangUp();
    }

    @Test
    void dialogsOfAnotherSecretAreUnknown() {
        Phone open = phone("1001", "sip.test", "a", false);
        Phone foreign = phone("x", "elsewhere.test", "", false);
        open.register();
        Pair pair = call(foreign, open, "sip:1001@sip.test");

        restart("another secret than before".getBytes(StandardCharsets.US_ASCII));

        assertThat(pair.caller().send("BYE").statusCode()).isEqualTo(403);
        pair.callee()
                .send("BYE"); // the user is authenticated, so the BYE goes to the Contact, including its unknown alias
        assertThat(foreign.complaints()).anyMatch(complaint -> complaint.contains("alias="));
    }

    /** A nonce from before the restart may have been used, because its counts are not known. */
    @Test
    void aNonceFromBeforeTheRestartIsStale() {
        Phone open = phone("1001", "sip.test", "a", false);
        open.register();

        restart(SECRET);
        refusals.clear();
        open.register();

        assertThat(refusals).containsExactly("401 Unauthorized");
    }
}
