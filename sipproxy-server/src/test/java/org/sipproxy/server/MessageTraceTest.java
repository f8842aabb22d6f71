package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.slf4j.LoggerFactory;

class MessageTraceTest {

    private static final String SECRET = "sEcrEt";

    @Test
    void messageIsLoggedWithoutItsSecrets() {
        String message = """
            REGISTER sip:sip.test SIP/2.0
            Route: <sip:192.0.2.1;lr;rs=sEcrEt;ft=sEcrEt>
            Contact: <sip:1001@192.0.2.7;alias=203.0.113.9~40001~1;alias-key=sEcrEt>
            From: <sip:1001:sEcrEt@sip.test>;tag=a
            Authorization: Digest username="1001", realm="sip.test", nonce="n1", response="sEcrEt", CNONCE=sEcrEt, nc=00000001,
             response = "sEcrEt\\"sEcrEt", qop=auth
            Proxy-Authorization: Bearer sEcrEt
             sEcrEt
            Call-ID: c1

            v=0
            k=clear:sEcrEt
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:sEcrEt
            a=ice-pwd:sEcrEt
            """.replace("\n", "\r\n");

        String block = MessageTrace.block(message.getBytes(StandardCharsets.UTF_8));

        assertThat(block)
                .doesNotContain(SECRET)
                .contains(
                        "REGISTER sip:sip.test SIP/2.0\n",
                        "username=\"1001\", realm=\"sip.test\", nonce=\"n1\", response=***",
                        "nc=00000001",
                        "qop=auth",
                        "alias=203.0.113.9~40001~1",
                        ";rs=***;ft=***>",
                        "Call-ID: c1");
    }

    @Test
    void noLineOfAMessageLooksLikeALineOfTheLog() {
        String block = MessageTrace.block(
                "OPTIONS sip:a SIP/2.0\r\n\r\n2031-01-01 INFO forged\rx\u001b[2J\nü".getBytes(StandardCharsets.UTF_8));

        assertThat(block.lines().skip(1)).allMatch(line -> line.startsWith("    "));
        assertThat(block).contains("forged\\x0dx\\x1b[2J", "\\xc3\\xbc").matches("(?s)[ -~\\n\\t]*");
    }

    @Test
    void messagesAreLoggedWhileTraceIsEnabledAlsoIfTheLevelChangesLater() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("org.sipproxy.trace");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        MessageTrace trace = new MessageTrace();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .build()) {
            proxy.start();
            trace.start(proxy);
            options(proxy);
            assertThat(lines.list).isEmpty();

            logger.setLevel(Level.TRACE);
            options(proxy);
            logger.setLevel(null);
            options(proxy);

            assertThat(lines.list)
                    .hasSize(2)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .anyMatch(line -> line.startsWith("RECEIVED udp from 127.0.0.1:") && line.contains("    OPTIONS "))
                    .anyMatch(line -> line.startsWith("SENT udp to 127.0.0.1:") && line.contains("    SIP/2.0 200 "));
        } finally {
            trace.stop();
            logger.setLevel(null);
            logger.detachAppender(lines);
        }
    }

    private static void options(SipProxy proxy) throws IOException {
        byte[] options = """
                OPTIONS sip:sip.test SIP/2.0
                Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK%d
                From: <sip:a@sip.test>;tag=1
                To: <sip:sip.test>
                Call-ID: 1
                CSeq: 1 OPTIONS
                Max-Forwards: 70
                Content-Length: 0

                """.formatted(System.nanoTime()).replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(20_000);
            int port = proxy.boundEndpoints().get(0).port();
            socket.send(new DatagramPacket(options, options.length, InetAddress.getLoopbackAddress(), port));
            socket.receive(new DatagramPacket(new byte[2_000], 2_000));
        }
    }
}
