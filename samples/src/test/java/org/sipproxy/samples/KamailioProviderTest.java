package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.gateway.TrunkState;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** A Kamailio as the provider of the sample {@link ProviderTrunk}. Skipped if Kamailio is not installed. */
@Timeout(90)
class KamailioProviderTest {

    private static final Path EXECUTABLE = Path.of("/usr/sbin/kamailio");
    private static final String ACCOUNT = "4930123";
    private static final String OUTSIDE = "004940555";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @RegisterExtension
    @Order(1)
    final Kamailio kamailio = new Kamailio();

    private final Messages messages = new Messages();
    private @Nullable Trunk trunk;
    /** Its password is wrong; numbers in Austria go over it. */
    private @Nullable Trunk wrong;

    @RegisterExtension
    @Order(2)
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("1001", "test1001")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .wireListener(messages)
            .configure(this::withTrunk)
            .build();

    private void withTrunk(SipProxyBuilder proxy) {
        SipUri provider = SipUri.of("sip:127.0.0.1:" + kamailio.port());
        wrong = Trunk.builder("wrong", provider)
                .addressOfRecord(SipUri.of("sip:4930999@carrier.test"))
                .login(DigestLogin.ofPassword("4930999", "mistyped"))
                .recognize(SourceMatch.OFF)
                .prefix("+43")
                .build();
        proxy.component(wrong);
        trunk = ProviderTrunk.trunk(provider, SipUri.of("sip:" + ACCOUNT + "@carrier.test"), "secret")
                .recognize(SourceMatch.ADDRESS_AND_PORT) // everything here is at one address
                .retry(Duration.ofSeconds(1), Duration.ofMinutes(5))
                .build();
        ProviderTrunk.addTo(proxy, trunk);
    }

    /** A Kamailio for one test. */
    static final class Kamailio implements BeforeEachCallback, AfterEachCallback {

        private @Nullable Path directory;
        private @Nullable Process process;
        private int port;

        int port() {
            return port;
        }

        @Override
        public void beforeEach(ExtensionContext context) throws Exception {
            assumeTrue(Files.isExecutable(EXECUTABLE), () -> EXECUTABLE + " is not installed");
            directory = Files.createTempDirectory("kamailio");
            try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                port = probe.getLocalPort();
            }
            start();
        }

        void start() throws IOException, URISyntaxException {
            Path run = Objects.requireNonNull(directory);
            Path config = Path.of(Objects.requireNonNull(getClass().getResource("/kamailio/provider.cfg"))
                    .toURI());
            File log = run.resolve("kamailio.log").toFile();
            Process started = new ProcessBuilder(
                            EXECUTABLE.toString(),
                            "-DD",
                            "-E",
                            "-n",
                            "1",
                            "-Y",
                            run.toString(),
                            "-P",
                            run.resolve("pid").toString(),
                            "-f",
                            config.toString(),
                            "-A",
                            "MAX_EXPIRES=3",
                            "-A",
                            "NONCE_EXPIRE=3",
                            "-l",
                            "udp:127.0.0.1:" + port)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                    .start();
            process = started;
            await("Kamailio, whose log is " + log).atMost(PATIENCE).until(() -> started.isAlive() && isBound());
        }

        private boolean isBound() {
            try (DatagramSocket probe = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort() < 0;
            } catch (IOException e) {
                return true;
            }
        }

        void stop() throws InterruptedException {
            Process running = process;
            if (running != null) {
                process = null;
                List<ProcessHandle> workers = running.descendants().toList();
                running.destroy();
                if (!running.waitFor(15, TimeUnit.SECONDS)) {
                    running.destroyForcibly().waitFor();
                    workers.forEach(ProcessHandle::destroyForcibly); // they have the socket too
                }
                await().atMost(PATIENCE).until(() -> !isBound());
            }
        }

        @Override
        public void afterEach(ExtensionContext context) throws Exception {
            stop();
            Path used = directory;
            if (used != null) {
                try (var files = Files.list(used)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
                Files.delete(used);
            }
        }
    }

    /** What the proxy received and sent. */
    private static final class Messages implements WireListener {

        private final List<SipMessage> received = new CopyOnWriteArrayList<>();
        private final List<SipMessage> sent = new CopyOnWriteArrayList<>();

        @Override
        public void onMessage(WireMessage message) {
            message.message().ifPresent((message.isReceived() ? received : sent)::add);
        }

        long registrationsAccepted() {
            return received.stream()
                    .filter(m -> m instanceof SipResponse response
                            && response.statusCode() == 200
                            && response.header(HeaderName.CSEQ).orElse("").endsWith("REGISTER"))
                    .count();
        }

        /** Without retransmissions. */
        List<SipRequest> sentCalls(int toPort) {
            Set<String> vias = new HashSet<>();
            return sent.stream()
                    .filter(SipRequest.class::isInstance)
                    .map(SipRequest.class::cast)
                    .filter(request -> Method.INVITE.equals(request.method())
                            && request.toString().contains("127.0.0.1:" + toPort))
                    .filter(request -> vias.add(request.header(HeaderName.VIA).orElseThrow()))
                    .toList();
        }
    }

    private Trunk trunk() {
        return Objects.requireNonNull(trunk);
    }

    private Trunk wrong() {
        return Objects.requireNonNull(wrong);
    }

    private void awaitState(TrunkState state) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(trunk().status().state()).isEqualTo(state));
    }

    private Phone outside() {
        Phone phone = sip.closing(Phone.builder(OUTSIDE)
                .domain("carrier.test")
                .password("secret")
                .proxy(new InetSocketAddress(InetAddress.getLoopbackAddress(), kamailio.port()))
                .open());
        phone.register();
        return phone;
    }

    private static void talk(OutgoingCall call, IncomingCall taken) {
        taken.ring();
        call.awaitRinging();
        taken.answer();
        call.awaitAnswer();
        taken.awaitAck();
    }

    @Test
    void registersAndRefreshes() {
        awaitState(TrunkState.REGISTERED);
        assertThat(trunk().status().reason()).isEqualTo("for 3 s");
        await().atMost(PATIENCE).until(() -> messages.registrationsAccepted() >= 3);
        assertThat(trunk().status().state()).isEqualTo(TrunkState.REGISTERED);
    }

    @Test
    void callOverTheProviderIsAnsweredWithCredentials() {
        Phone user = sip.registeredPhone("1001");

        Phone outside = outside();
        OutgoingCall call = user.call("040-555");
        IncomingCall taken = outside.awaitCall();
        talk(call, taken);
        assertThat(taken.invite().header(HeaderName.P_ASSERTED_IDENTITY))
                .contains("<sip:" + ACCOUNT + "@carrier.test>");
        call.hangUp();
        assertThat(messages.sentCalls(kamailio.port())).hasSize(2);
    }

    @Test
    void expiredNonceIsReplaced() throws InterruptedException {
        Phone user = sip.registeredPhone("1001");
        OutgoingCall first = user.call("040-555");
        first.awaitStatus(404); // the number has no phone
        int before = messages.sentCalls(kamailio.port()).size();
        TimeUnit.SECONDS.sleep(4); // Kamailio's clock of nonces

        Phone outside = outside();
        OutgoingCall call = user.call("040-555");
        IncomingCall taken = outside.awaitCall();
        talk(call, taken);
        taken.hangUp();
        List<SipRequest> sent = messages.sentCalls(kamailio.port());
        assertThat(sent.subList(before, sent.size()))
                .hasSize(2)
                .allMatch(invite -> invite.hasHeader(HeaderName.PROXY_AUTHORIZATION));
    }

    @Test
    void callToTheAccountReachesTheUser() {
        awaitState(TrunkState.REGISTERED);
        Phone user = sip.registeredPhone("1001");

        OutgoingCall call = outside().call(ACCOUNT);
        talk(call, user.awaitCall());
        call.hangUp();
    }

    @Test
    void providerThatStopsIsFoundAndItsReturnTooAndTheRegistrationEndsWithTheProxy() throws Exception {
        awaitState(TrunkState.REGISTERED);
        kamailio.stop();
        awaitState(TrunkState.FAILED);

        kamailio.start();
        awaitState(TrunkState.REGISTERED);
        Phone outside = outside();

        sip.proxy().close();
        assertThat(outside.call(ACCOUNT).awaitFinal().statusCode()).isEqualTo(404);
    }

    @Test
    void wrongPasswordIsRejectedForRegistrationsAndCalls() {
        Phone user = sip.registeredPhone("1001");

        user.call("sip:0043999@sip.test").awaitStatus(403);
        await().atMost(PATIENCE).until(() -> wrong().status().state() == TrunkState.REJECTED);
        assertThat(wrong().status().reason()).startsWith("401 ");
    }
}
