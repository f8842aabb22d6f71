package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.security.InMemoryCredentials;

@Timeout(60)
class SecureProxyTest {

    private static final TestCertificate OURS = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");
    private static final TestCertificate PROVIDER = TestCertificate.of("dns:provider.example");

    @Test
    void providerIsIdentifiedByItsCertificateAndBrowsersMayConnect() throws Exception {
        InMemoryCredentials users = InMemoryCredentials.of(Credential.ofPassword("1001", "sip.test", "test1001"));
        TlsSettings tls = SecureProxy.tls(OURS.chain(), OURS.key())
                .trust(PROVIDER.chain())
                .build();
        try (SipProxy proxy =
                SecureProxy.proxy(users, tls, Endpoint.tls("127.0.0.1", 0), Endpoint.wss("127.0.0.1", 0))) {
            proxy.start();
            int port = proxy.boundEndpoints().get(0).port();

            assertThat(answerToACall(OURS, port, PROVIDER)).startsWith("SIP/2.0 404 ");
            assertThat(answerToACall(OURS, port, null)).startsWith("SIP/2.0 407 ");
            SecureProxy.renew(proxy);
            WebSocket browser = HttpClient.newBuilder()
                    .sslContext(TestCertificate.contextWithout(OURS))
                    .build()
                    .newWebSocketBuilder()
                    .subprotocols("sip")
                    .buildAsync(
                            URI.create("wss://127.0.0.1:"
                                    + proxy.boundEndpoints().get(1).port()),
                            new WebSocket.Listener() {})
                    .join();
            assertThat(browser.getSubprotocol()).isEqualTo("sip");
            browser.abort();
        }
    }

    /** Returns the status line of the response to an INVITE for an unknown user of the domain. */
    private static String answerToACall(TestCertificate proxy, int port, TestCertificate own) throws Exception {
        try (SSLSocket socket = (SSLSocket) (own == null ? TestCertificate.contextWithout(proxy) : own.context(proxy))
                .getSocketFactory()
                .createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream()
                    .write(("INVITE sip:1002@sip.test SIP/2.0\r\n"
                                    + "Via: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK" + System.nanoTime()
                                    + "\r\nMax-Forwards: 70\r\n"
                                    + "From: <sip:1001@sip.test>;tag=1\r\nTo: <sip:1002@sip.test>\r\n"
                                    + "Call-ID: " + System.nanoTime() + "\r\nCSeq: 1 INVITE\r\n"
                                    + "Contact: <sip:127.0.0.1;transport=tls>\r\nContent-Length: 0\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            StringBuilder line = new StringBuilder();
            for (int b = in.read(); b != '\r'; b = in.read()) {
                line.append((char) b);
            }
            return line.toString();
        }
    }
}
