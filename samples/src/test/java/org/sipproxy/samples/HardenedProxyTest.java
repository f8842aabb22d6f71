package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.PhoneException;
import org.sipproxy.server.phone.RiPhone;

@Timeout(60)
class HardenedProxyTest {

    private final List<SecurityEvent> events = new CopyOnWriteArrayList<>();
    private SipProxy proxy;
    private InetSocketAddress address;

    @BeforeEach
    void start() throws Exception {
        proxy = HardenedProxy.create(
                Endpoint.udp("127.0.0.1", 0),
                InMemoryCredentials.of(Credential.ofPassword("1001", "sip.test", "test1234")),
                CidrBlock.parse("192.0.2.0/28"),
                "a secret of this test".getBytes(StandardCharsets.UTF_8),
                events::add);
        proxy.start();
        address = new InetSocketAddress(
                InetAddress.getLoopbackAddress(), proxy.boundEndpoints().get(0).port());
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void phoneRegistersAndWrongPasswordsAreReportedAndLockedOut() throws Exception {
        try (RiPhone phone = phone("test1234")) {
            phone.register(Duration.ofMinutes(5));
        }
        for (int i = 0; i < 5; i++) {
            try (RiPhone guess = phone("guess")) {
                assertThatThrownBy(() -> guess.register(Duration.ofMinutes(5)))
                        .isInstanceOf(PhoneException.class)
                        .hasMessageContaining("401");
            }
        }
        try (RiPhone phone = phone("test1234")) {
            assertThatThrownBy(() -> phone.register(Duration.ofMinutes(5))).hasMessageContaining("401");
        }
        assertThat(events)
                .hasAtLeastOneElementOfType(SecurityEvent.AuthenticationFailed.class)
                .hasAtLeastOneElementOfType(SecurityEvent.AuthenticationLocked.class);
    }

    private RiPhone phone(String password) throws Exception {
        return RiPhone.open(
                new Account("1001", password, "sip.test"),
                InetAddress.getLoopbackAddress(),
                address,
                Duration.ZERO,
                Duration.ofSeconds(10));
    }

    @Test
    void scannerGetsNoResponse() throws Exception {
        try (DatagramSocket scanner = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            byte[] text = ("OPTIONS sip:100@sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + scanner.getLocalPort()
                            + ";branch=z9hG4bK1;rport\r\nFrom: <sip:100@1.1.1.1>;tag=1\r\nTo: <sip:100@1.1.1.1>\r\n"
                            + "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nUser-Agent: friendly-scanner\r\n"
                            + "Content-Length: 0\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
            scanner.send(new DatagramPacket(text, text.length, address));

            Awaitility.await()
                    .untilAsserted(
                            () -> assertThat(events).hasAtLeastOneElementOfType(SecurityEvent.ScannerSeen.class));
            scanner.setSoTimeout(200);
            assertThatThrownBy(() -> scanner.receive(new DatagramPacket(new byte[2_000], 2_000)))
                    .isInstanceOf(java.net.SocketTimeoutException.class);
        }
    }
}
