package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.gateway.CallerIdentity;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.message.SipUri;

/** A provider that knows its customer by From: the caller does not notice. */
@Timeout(60)
class TrunkFromTest {

    private final List<String> log = Collections.synchronizedList(new ArrayList<>());
    private WireClient provider;
    private ProxyUnderTest proxy;
    private WireClient alice;
    private String account;

    /** Lets every caller call out. */
    private static final class Trusting implements RequestStage {
        @Override
        public Verdict handle(StageContext context) {
            context.trust();
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    @BeforeEach
    void start() throws IOException {
        int port;
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        provider = WireClient.udp("provider", new InetSocketAddress(InetAddress.getLoopbackAddress(), port), log);
        account = "<sip:4930123@127.0.0.1>"; // the domain of the provider, without its port
        Trunk trunk = Trunk.builder("carrier", SipUri.of("sip:" + provider.hostPort()))
                .account("4930123")
                .login(DigestLogin.ofPassword("4930123", "secret"))
                .withoutRegistration()
                .identity(CallerIdentity.FROM)
                .recognize(SourceMatch.ADDRESS_AND_PORT)
                .fallback()
                .build();
        proxy = ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", port))
                .domain("sip.test")
                .noAuthentication()
                .timers(ProxyUnderTest.QUICK)
                .beforeRouting(new Trusting())
                .calls(CallSettings.DEFAULT)
                .component(trunk));
        alice = proxy.udp("alice");
    }

    @AfterEach
    void close() {
        provider.close();
        proxy.close();
    }

    private static String uri(String header) {
        return header.replaceAll(";tag=.*", "");
    }

    private Request invite() {
        return alice.request("INVITE", "sip:0301@sip.test").with("P-Asserted-Identity: <sip:boss@sip.test>");
    }

    private CallScene.Established establish() {
        Request invite = alice.send(invite());
        WireMessage received = provider.awaitRequest("INVITE");
        WireMessage ok = provider.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        WireMessage ack = provider.awaitRequest("ACK");
        assertThat(uri(ack.header("From"))).isEqualTo(account);
        return new CallScene.Established(caller, Dialog.ofCallee(provider, received, ok));
    }

    @Test
    void theProviderSeesTheAccountAndTheCallerItsOwnFromInEveryMessage() {
        Request invite = alice.send(invite());
        WireMessage received = provider.awaitRequest("INVITE");
        assertThat(uri(received.header("From"))).isEqualTo(account);
        assertThat(received.header("From")).endsWith(invite.from().replaceAll(".*;tag=", ";tag="));
        assertThat(received.lines("P-Asserted-Identity")).isEmpty();
        provider.respond(received, 180);
        assertThat(alice.awaitResponse(invite, 180).header("From")).isEqualTo(invite.from());
        WireMessage ok = provider.respond(received, 200);
        WireMessage answer = alice.awaitResponse(invite, 200);
        assertThat(answer.header("From")).isEqualTo(invite.from());
        Dialog caller = Dialog.ofCaller(alice, answer);
        Dialog callee = Dialog.ofCallee(provider, received, ok);
        alice.send(caller.ack());
        assertThat(uri(provider.awaitRequest("ACK").header("From"))).isEqualTo(account);

        Request refresh = alice.send(caller.request("INVITE"));
        WireMessage refreshed = provider.awaitRequest("INVITE");
        assertThat(uri(refreshed.header("From"))).isEqualTo(account);
        provider.respond(refreshed, 200);
        assertThat(alice.awaitResponse(refresh, 200).header("From")).isEqualTo(refresh.from());
        alice.send(caller.ack());
        provider.awaitRequest("ACK");

        Request info = provider.send(callee.request("INFO"));
        assertThat(uri(info.to())).isEqualTo(account);
        WireMessage atAlice = alice.awaitRequest("INFO");
        assertThat(atAlice.header("To")).isEqualTo(invite.from());
        alice.respond(atAlice, 200);
        assertThat(provider.awaitResponse(info, 200).header("To")).isEqualTo(info.to());

        Request bye = provider.send(callee.request("BYE"));
        WireMessage ended = alice.awaitRequest("BYE");
        assertThat(ended.header("To")).isEqualTo(invite.from());
        alice.respond(ended, 200);
        assertThat(provider.awaitResponse(bye, 200).header("To")).isEqualTo(bye.to());
    }

    @Test
    void aChallengeAndAFailureAreNotSeenByTheCallerEither() {
        Request invite = alice.send(invite());
        WireMessage first = provider.awaitRequest("INVITE");
        provider.respond(first, 407, "Proxy-Authenticate: Digest realm=\"carrier.test\", nonce=\"n1\", qop=\"auth\"");
        WireMessage second = provider.await(
                "INVITE with credentials",
                m -> !m.isResponse()
                        && m.method().equals("INVITE")
                        && !m.lines("Proxy-Authorization").isEmpty());
        assertThat(second.header("From")).isEqualTo(first.header("From"));
        provider.respond(second, 486);
        assertThat(alice.awaitResponse(invite, 486).header("From")).isEqualTo(invite.from());
    }

    @Test
    void aCancelHasTheFromOfItsInvite() {
        Request invite = alice.send(invite());
        WireMessage received = provider.awaitRequest("INVITE");
        provider.respond(received, 180);
        alice.awaitResponse(invite, 180);
        alice.send(invite.cancel());
        WireMessage cancel = provider.awaitRequest("CANCEL");
        assertThat(cancel.header("From")).isEqualTo(received.header("From"));
        provider.respond(cancel, 200);
        provider.respond(received, 487);
        assertThat(alice.awaitResponse(invite, 487).header("From")).isEqualTo(invite.from());
        assertThat(provider.awaitRequest("ACK").header("From")).isEqualTo(received.header("From"));
    }

    @Test
    void whenTheProxyHangsUpEachSideSeesWhatItKnows() {
        CallScene.Established call = establish();
        Call tracked = proxy.proxy().calls().list().get(0);
        assertThat(tracked.caller().uri()).hasToString("sip:alice@sip.test");

        CompletableFuture<Call> ended = proxy.proxy().calls().hangUp(tracked, "over");
        WireMessage atAlice = alice.awaitRequest("BYE");
        WireMessage atProvider = provider.awaitRequest("BYE");
        alice.respond(atAlice, 200);
        provider.respond(atProvider, 200);

        CallScene.join(ended);
        assertThat(uri(atAlice.header("To")))
                .isEqualTo(uri(call.caller().request("BYE").from()));
        assertThat(uri(atProvider.header("From"))).isEqualTo(account);
    }

    @Test
    void callsOfOthersPassUnchanged() {
        WireClient bob = proxy.registered("bob");
        establish();
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.header("From")).isEqualTo(invite.from());
        bob.respond(received, 486);
        assertThat(alice.awaitResponse(invite, 486).header("From")).isEqualTo(invite.from());
    }
}
