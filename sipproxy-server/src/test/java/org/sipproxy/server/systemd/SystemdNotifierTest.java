package org.sipproxy.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;

@Timeout(120)
@EnabledIf(value = "io.netty.channel.epoll.Epoll#isAvailable", disabledReason = "needs Netty's epoll library")
class SystemdNotifierTest {

    private static final String WATCHDOG_OF_400_MS = "400000";

    @TempDir
    private Path directory;

    @Test
    void reportsReadyReloadAndStop() throws Exception {
        try (NotificationReceiver systemd = new NotificationReceiver(socket());
                SipProxy proxy = proxy().build()) {
            SystemdNotifier notifier = SystemdNotifier.of(Map.of("NOTIFY_SOCKET", socket().toString()));
            proxy.start();
            notifier.start(proxy);
            assertThat(systemd.next())
                    .startsWith(
                            "READY=1\nSTATUS=serving " + proxy.boundEndpoints().get(0) + "; 0 requests received");

            AtomicBoolean reloaded = new AtomicBoolean();
            notifier.reload(() -> reloaded.set(true));
            assertThat(reloaded).isTrue();
            assertThat(systemd.next()).matches("RELOADING=1\nMONOTONIC_USEC=\\d+\nSTATUS=reloading");
            assertThat(systemd.next()).startsWith("READY=1\nSTATUS=serving ");

            notifier.stop();
            assertThat(systemd.next()).startsWith("STOPPING=1\n");
        }
    }

    @Test
    void serviceIsReadyAfterAReloadThatFailed() throws Exception {
        try (NotificationReceiver systemd = new NotificationReceiver(socket());
                SipProxy proxy = proxy().build()) {
            SystemdNotifier notifier = SystemdNotifier.of(Map.of("NOTIFY_SOCKET", socket().toString()));
            proxy.start();
            notifier.start(proxy);

            assertThatThrownBy(() -> notifier.reload(() -> {
                        throw new IllegalArgumentException("--allow: \"x\"\nis not a network");
                    }))
                    .isInstanceOf(IllegalArgumentException.class);

            systemd.await(message -> message.startsWith("RELOADING=1"));
            assertThat(systemd.next())
                    .startsWith("READY=1\nSTATUS=the latest reload failed: --allow: \"x\" is not a network; serving ");
            notifier.stop();
        }
    }

    @Test
    void watchdogIsNotFedWhileTheTimerThreadIsStuck() throws Exception {
        CountDownLatch stuck = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        SystemdNotifier notifier =
                SystemdNotifier.of(Map.of("NOTIFY_SOCKET", socket().toString(), "WATCHDOG_USEC", WATCHDOG_OF_400_MS));
        TimerBlocker blocker = new TimerBlocker(stuck, release);
        try (NotificationReceiver systemd = new NotificationReceiver(socket());
                SipProxy proxy = proxy().component(notifier.component().orElseThrow())
                        .component(blocker)
                        .build()) {
            proxy.start();
            notifier.start(proxy);
            systemd.await(message -> message.startsWith("WATCHDOG=1\n"));

            blocker.block();
            stuck.await();
            do {
                sendOptions(proxy); // changes the status, so that the next look has something to send
            } while (!systemd.next().startsWith("STATUS="));

            release.countDown();
            systemd.await(message -> message.startsWith("WATCHDOG=1\n"));
            notifier.stop();
        } finally {
            release.countDown();
        }
    }

    @Test
    void nothingIsSentOutsideSystemd() {
        SystemdNotifier notifier = SystemdNotifier.of(Map.of("WATCHDOG_USEC", WATCHDOG_OF_400_MS));
        AtomicBoolean reloaded = new AtomicBoolean();

        try (SipProxy proxy = proxy().build()) {
            proxy.start();
            notifier.start(proxy);
            notifier.reload(() -> reloaded.set(true));
            notifier.stop();
        }

        assertThat(notifier.component()).isEmpty();
        assertThat(reloaded).isTrue();
    }

    @Test
    void systemdThatDoesNotListenIsNoticedAndIgnored() {
        try (SipProxy proxy = proxy().build()) {
            SystemdNotifier notifier = SystemdNotifier.of(Map.of("NOTIFY_SOCKET", socket().toString()));
            proxy.start();

            notifier.start(proxy);
            notifier.stop();

            assertThat(proxy.state()).isEqualTo(SipProxy.State.RUNNING);
        }
    }

    @Test
    void addressOfAnotherKindIsIgnored() {
        assertThat(NotifySocket.open("vsock:2:1234")).isEmpty();
    }

    private Path socket() {
        return directory.resolve("notify");
    }

    private static SipProxyBuilder proxy() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication();
    }

    private static void sendOptions(SipProxy proxy) throws IOException {
        byte[] options = """
            OPTIONS sip:sip.test SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1
            From: <sip:a@sip.test>;tag=1
            To: <sip:sip.test>
            Call-ID: 1
            CSeq: 1 OPTIONS
            Max-Forwards: 70
            Content-Length: 0

            """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
        try (DatagramSocket client = new DatagramSocket()) {
            client.send(new DatagramPacket(
                    options,
                    options.length,
                    InetAddress.getLoopbackAddress(),
                    proxy.boundEndpoints().get(0).port()));
        }
    }

    /** Component that can block the timer thread, which a component must not do. */
    private static final class TimerBlocker implements ProxyComponent {

        private final CountDownLatch stuck;
        private final CountDownLatch release;
        private ProxyRuntime runtime;

        TimerBlocker(CountDownLatch stuck, CountDownLatch release) {
            this.stuck = stuck;
            this.release = release;
        }

        @Override
        public void install(ComponentHooks hooks) {}

        @Override
        public void start(ProxyRuntime proxy) {
            runtime = proxy;
        }

        void block() {
            runtime.schedule(Duration.ofMillis(1), () -> {
                stuck.countDown();
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
    }
}
