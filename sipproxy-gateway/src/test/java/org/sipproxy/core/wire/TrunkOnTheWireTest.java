package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.gateway.TrunkState;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipUri;

/** A provider whose every message the test writes. */
@Timeout(60)
class TrunkOnTheWireTest {

    private static final HeaderName PROOF = HeaderName.of("X-Proof");

    private final List<String> log = Collections.synchronizedList(new ArrayList<>());
    private InetSocketAddress proxyAddress;
    private WireClient provider;
    private ProxyUnderTest proxy;
    private Trunk trunk;
    private WireClient alice;

    @BeforeEach
    void openProvider() throws IOException {
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            proxyAddress = new InetSocketAddress(InetAddress.getLoopbackAddress(), probe.getLocalPort());
        }
        provider = WireClient.udp("provider", proxyAddress, log);
    }

    private void start(UnaryOperator<Trunk.Builder> options) {
        start("127.0.0.1", options);
    }

    private void start(String host, UnaryOperator<Trunk.Builder> options) {
        trunk = options.apply(Trunk.builder("carrier", SipUri.of("sip:" + provider.hostPort()))
                        .account("4930123")
                        .login(DigestLogin.ofPassword("4930123", "secret").forRealm("carrier.test"))
                        .retry(Duration.ofSeconds(1), Duration.ofMinutes(1))
                        .recognize(SourceMatch.ADDRESS_AND_PORT)
                        .incomingTo(SipUri.of("sip:alice@sip.test"))
                        .fallback())
                .build();
        proxy = ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.udp(host, proxyAddress.getPort()))
                .domain("sip.test")
                .noAuthentication()
                .timers(ProxyUnderTest.QUICK)
                .beforeRouting(new TrustByHeader())
                .component(trunk));
        alice = proxy.udp("alice");
    }

    private static final class TrustByHeader implements RequestStage {
        @Override
        public Verdict handle(StageContext context) {
            if (context.request().hasHeader(PROOF)) {
                context.trust();
            }
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    @AfterEach
    void close() {
        provider.close();
        if (proxy != null) {
            proxy.close();
        }
    }

    private static String challenge(String header, String nonce, String... more) {
        String parameters = more.length == 0 ? "" : ", " + String.join(", ", more);
        return header + ": Digest realm=\"carrier.test\", nonce=\"" + nonce + "\", qop=\"auth\"" + parameters;
    }

    private static String proxyChallenge(String nonce, String... more) {
        return challenge("Proxy-Authenticate", nonce, more);
    }

    private static String parameter(String credentials, String name) {
        Matcher found =
                Pattern.compile("[ ,]" + name + "=(\"([^\"]*)\"|[^ ,]+)").matcher(credentials);
        assertThat(found.find()).as("%s in %s", name, credentials).isTrue();
        return found.group(2) != null ? found.group(2) : found.group(1);
    }

    private WireMessage accept(WireMessage register, int seconds) {
        return provider.respond(register, 200, "Contact: " + register.header("Contact") + ";expires=" + seconds);
    }

    /** Waits for a request with credentials; a retransmission of the one before has none, or another nonce. */
    private WireMessage authorized(String method, String nonce) {
        String header = method.equals("REGISTER") ? "Authorization" : "Proxy-Authorization";
        return provider.await(
                method + " with nonce " + nonce,
                m -> !m.isResponse()
                        && m.method().equals(method)
                        && m.lines(header).stream().anyMatch(line -> line.contains("nonce=\"" + nonce + "\"")));
    }

    private void awaitState(TrunkState state) {
        await().untilAsserted(() -> assertThat(trunk.status().state()).isEqualTo(state));
    }

    @Test
    void aTelephoneNumberIsCalledWithoutADomain() {
        start(trunk -> trunk.withoutRegistration());
        Request invite = alice.send(alice.request("INVITE", "tel:+49-30-999").with("X-Proof: yes"));
        WireMessage received = provider.awaitRequest("INVITE");
        assertThat(received.uri()).startsWith("sip:+49").contains("999@" + "127.0.0.1");
        provider.respond(received, 486);
        alice.awaitResponse(invite, 486);
        Request fax = alice.send(alice.request("INVITE", "fax:+4930999").with("X-Proof: yes"));
        alice.awaitResponse(fax, 416);
    }

    private Request invite(String number) {
        return alice.request("INVITE", "sip:" + number + "@sip.test").with("X-Proof: yes");
    }

    // ---- registration

    @Test
    void registersWithCredentialsAndUnregistersWhenTheProxyCloses() {
        start(trunk -> trunk);
        WireMessage first = provider.awaitRequest("REGISTER");
        provider.respond(first, 401, challenge("WWW-Authenticate", "n1"));
        WireMessage second = authorized("REGISTER", "n1");
        assertThat(second.header("Call-ID")).isEqualTo(first.header("Call-ID"));
        assertThat(second.header("CSeq")).isEqualTo("2 REGISTER");
        assertThat(parameter(second.header("Authorization"), "nonce")).isEqualTo("n1");
        accept(second, 60);
        awaitState(TrunkState.REGISTERED);

        CompletableFuture<Void> closed =
                CompletableFuture.runAsync(() -> proxy.proxy().close());
        WireMessage farewell = provider.await(
                "REGISTER with Expires: 0",
                m -> !m.isResponse() && m.lines("Expires").contains("0"));
        provider.respond(farewell, 401, challenge("WWW-Authenticate", "n2"));
        WireMessage last = authorized("REGISTER", "n2");
        assertThat(last.header("Expires")).isEqualTo("0");
        assertThat(last.header("Contact")).isEqualTo(first.header("Contact"));
        assertThat(last.header("CSeq")).isEqualTo("4 REGISTER");
        assertThat(parameter(last.header("Authorization"), "nonce")).isEqualTo("n2");
        provider.respond(last, 200);

        closed.orTimeout(10, TimeUnit.SECONDS).join();
        assertThat(trunk.status().state()).isEqualTo(TrunkState.UNREGISTERED);
    }

    @Test
    void contactOfAWildcardListeningPointHasTheAddressOfVia() {
        start("0.0.0.0", trunk -> trunk);

        WireMessage register = provider.awaitRequest("REGISTER");
        String address = register.topVia().replaceAll("SIP/2.0/UDP ([^;]+);.*", "$1");
        assertThat(address).endsWith(":" + proxyAddress.getPort()).doesNotContain("0.0.0.0");
        assertThat(register.header("Contact")).endsWith("@" + address + ">");
    }

    @Test
    void contactHasTheConfiguredHost() {
        start("0.0.0.0", trunk -> trunk.contactHost("sip.test"));

        assertThat(provider.awaitRequest("REGISTER").header("Contact"))
                .endsWith("@sip.test:" + proxyAddress.getPort() + ">");
    }

    @Test
    void silentProviderDoesNotKeepTheProxyFromClosing() {
        start(trunk -> trunk);
        accept(provider.awaitRequest("REGISTER"), 60);
        awaitState(TrunkState.REGISTERED);

        CompletableFuture.runAsync(() -> proxy.proxy().close())
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
        provider.awaitRequest("REGISTER");
    }

    @Test
    void refreshesAndRecoversAfterTheProviderWasDown() {
        start(trunk -> trunk);
        accept(provider.awaitRequest("REGISTER"), 2);
        awaitState(TrunkState.REGISTERED);
        WireMessage refresh = provider.awaitRequest("REGISTER"); // and no response until Timer F
        awaitState(TrunkState.FAILED); // expired
        await().untilAsserted(() -> assertThat(trunk.status().reason()).isEqualTo("no response to REGISTER"));
        provider.discardPending();

        WireMessage again = provider.awaitRequest("REGISTER");
        assertThat(again.header("Call-ID")).isEqualTo(refresh.header("Call-ID"));
        accept(again, 60);
        awaitState(TrunkState.REGISTERED);
    }

    @Test
    void wrongPasswordIsNotRepeated() {
        start(trunk -> trunk);
        provider.respond(provider.awaitRequest("REGISTER"), 401, challenge("WWW-Authenticate", "n1"));
        provider.respond(authorized("REGISTER", "n1"), 401, challenge("WWW-Authenticate", "n2"));

        awaitState(TrunkState.REJECTED);
        assertThat(trunk.status().nextAttempt().orElseThrow())
                .isAfter(java.time.Instant.now().plusSeconds(50));
    }

    // ---- calls

    private Dialog answered(String number, String nonce) {
        Request invite = alice.send(invite(number));
        WireMessage first = provider.awaitRequest("INVITE");
        provider.respond(first, 407, proxyChallenge(nonce));
        provider.awaitRequest("ACK");
        WireMessage second = authorized("INVITE", nonce);
        assertThat(second.header("CSeq")).isEqualTo(first.header("CSeq"));
        assertThat(second.header("Call-ID")).isEqualTo(first.header("Call-ID"));
        assertThat(second.header("From")).isEqualTo(first.header("From"));
        assertThat(second.branch()).isNotEqualTo(first.branch());
        assertThat(second.uri()).isEqualTo("sip:" + number + "@" + provider.hostPort());
        assertThat(parameter(second.header("Proxy-Authorization"), "uri")).isEqualTo(second.uri());
        provider.respond(second, 180);
        alice.awaitResponse(invite, 180);
        provider.respond(second, 200);
        WireMessage ok = alice.awaitResponse(invite, 200);
        assertThat(alice.pending()).noneMatch(m -> m.isResponse() && m.status() == 407);
        Dialog dialog = Dialog.ofCaller(alice, ok);
        alice.send(dialog.ack());
        provider.awaitRequest("ACK");
        return dialog;
    }

    @Test
    void challengedCallIsRepeatedWithCredentialsAndTheCallerSeesNoChallenge() {
        start(Trunk.Builder::withoutRegistration);
        Dialog dialog = answered("0301", "n1");

        Request bye = alice.send(dialog.request("BYE"));
        WireMessage first = provider.awaitRequest("BYE");
        assertThat(parameter(first.header("Proxy-Authorization"), "nc")).isEqualTo("00000002");
        provider.respond(first, 407, proxyChallenge("n2", "stale=true"));
        WireMessage second = authorized("BYE", "n2");
        assertThat(parameter(second.header("Proxy-Authorization"), "nonce")).isEqualTo("n2");
        provider.respond(second, 200);
        alice.awaitResponse(bye, 200);
    }

    @Test
    void secondCallBeginsWithCredentials() {
        start(Trunk.Builder::withoutRegistration);
        answered("0301", "n1");

        Request invite = alice.send(invite("0302"));
        WireMessage received =
                provider.await("INVITE to 0302", m -> !m.isResponse() && m.uri().startsWith("sip:0302@"));
        assertThat(parameter(received.header("Proxy-Authorization"), "nonce")).isEqualTo("n1");
        provider.respond(received, 486);
        alice.awaitResponse(invite, 486);
    }

    @Test
    void failureAfterTheChallengeIsTheResponse() {
        start(Trunk.Builder::withoutRegistration);
        Request invite = alice.send(invite("0301"));
        provider.respond(provider.awaitRequest("INVITE"), 407, proxyChallenge("n1"));
        provider.respond(authorized("INVITE", "n1"), 486);

        assertThat(alice.awaitFinal(invite).status()).isEqualTo(486);
    }

    @Test
    void callersGetNoChallengeForARejectedLogin() {
        start(Trunk.Builder::withoutRegistration);
        Request invite = alice.send(invite("0301"));
        provider.respond(provider.awaitRequest("INVITE"), 407, proxyChallenge("n1"));
        provider.respond(authorized("INVITE", "n1"), 407, proxyChallenge("n2"));

        WireMessage response = alice.awaitFinal(invite);
        assertThat(response.status()).isEqualTo(403);
        assertThat(response.has("Proxy-Authenticate")).isFalse();
    }

    @Test
    void challengeOfACalleeReachesTheCaller() {
        start(Trunk.Builder::withoutRegistration);
        Request invite = alice.send(invite("0301"));
        provider.respond(
                provider.awaitRequest("INVITE"), 401, "WWW-Authenticate: Digest realm=\"callee.test\", nonce=\"1\"");

        assertThat(alice.awaitFinal(invite).header("WWW-Authenticate")).contains("callee.test");
    }

    @Test
    void callerWhoHangsUpDuringTheChallengeGetsA487() {
        start(Trunk.Builder::withoutRegistration);
        Request invite = alice.send(invite("0301"));
        provider.respond(provider.awaitRequest("INVITE"), 407, proxyChallenge("n1"));
        WireMessage second = authorized("INVITE", "n1");
        provider.respond(second, 180);
        alice.awaitResponse(invite, 180);

        alice.send(invite.cancel());
        provider.respond(provider.awaitRequest("CANCEL"), 200);
        provider.respond(second, 487);
        assertThat(alice.awaitFinal(invite).status()).isEqualTo(487);
    }

    @Test
    void callOfTheProviderToTheContactReachesAUser() {
        start(trunk -> trunk);
        WireMessage register = provider.awaitRequest("REGISTER");
        accept(register, 60);
        proxy.register(alice, "alice", "");

        String contact = register.header("Contact").replaceAll("[<>]", "");
        Request call = provider.send(provider.request("INVITE", contact).to("<sip:4930123@carrier.test>"));
        alice.respond(alice.awaitRequest("INVITE"), 486);
        provider.awaitResponse(call, 486);
    }
}
