package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.ReducedClassPath;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.TlsSettings;

/** Proxy on a class path without Netty, or without one of its modules. */
@Timeout(60)
class WithoutNettyTest {

    @Test
    void aProxyWithOnlyUdpServes() throws Exception {
        assertThat(run("udp:127.0.0.1:0", "netty-")).startsWith("SIP/2.0 200 OK");
    }

    @Test
    void anyOtherTransportNamesWhatIsMissing() {
        assertThatThrownBy(() -> run("tcp:127.0.0.1:0", "netty-"))
                .isInstanceOf(InvocationTargetException.class)
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "netty: not on the class path; TCP, TLS, WebSocket and the DNS need Netty 4.1 or 4.2");
    }

    @ParameterizedTest
    @CsvSource({
        "tls, netty-handler-",
        "ws, netty-codec-http-",
        "tcp, netty-transport-classes-epoll-",
    })
    void aTransportWithoutAModuleOfNettyIsRefusedAtTheStart(String transport, String module) {
        assertThatThrownBy(() -> run(transport + ":127.0.0.1:0", module))
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching(
                        "netty: the version on the class path \\(4\\..*\\) does not work: .*;.* all modules that"
                                + " sipproxy-core depends on.*");
    }

    private static String run(String endpoint, String leftOut) throws Exception {
        try (URLClassLoader withoutNetty = ReducedClassPath.without(leftOut)) {
            return (String) Class.forName(Host.class.getName(), true, withoutNetty)
                    .getMethod("serve", String.class)
                    .invoke(null, endpoint);
        }
    }

    /** Loaded by a separate class loader. */
    public static final class Host {

        private Host() {}

        /** Registers a phone and returns the response. */
        public static String serve(String endpoint) throws Exception {
            SipProxyBuilder builder = SipProxy.builder()
                    .listen(Endpoint.parse(endpoint))
                    .domain("sip.test")
                    .noAuthentication();
            if (Endpoint.parse(endpoint).kind().isSecure()) {
                TestCertificate certificate = TestCertificate.of("dns:sip.test");
                builder.tls(TlsSettings.builder()
                        .certificate(certificate.chain(), certificate.key())
                        .build());
            }
            try (SipProxy proxy = builder.build();
                    DatagramSocket phone = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
                proxy.start();
                byte[] request = String.join(
                                "\r\n",
                                "REGISTER sip:sip.test SIP/2.0",
                                "Via: SIP/2.0/UDP 127.0.0.1:" + phone.getLocalPort() + ";branch=z9hG4bKa;rport",
                                "From: <sip:bob@sip.test>;tag=a",
                                "To: <sip:bob@sip.test>",
                                "Call-ID: a",
                                "CSeq: 1 REGISTER",
                                "Max-Forwards: 70",
                                "Contact: <sip:bob@127.0.0.1:" + phone.getLocalPort() + ">",
                                "Content-Length: 0",
                                "",
                                "")
                        .getBytes(StandardCharsets.US_ASCII);
                phone.setSoTimeout(10_000);
                phone.send(new DatagramPacket(
                        request,
                        request.length,
                        InetAddress.getByName("127.0.0.1"),
                        proxy.boundEndpoints().get(0).port()));
                DatagramPacket response = new DatagramPacket(new byte[4_096], 4_096);
                phone.receive(response);
                return new String(response.getData(), 0, response.getLength(), StandardCharsets.US_ASCII);
            }
        }
    }
}
