package org.sipproxy.server.flow;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.testkit.fakes.FakeFlow;

/** Messages for the tests of this package. */
final class Traced {

    static final Instant START = Instant.parse("2031-01-31T12:00:00.123456Z");

    private Traced() {}

    static String options(String callId, String... more) {
        return message("OPTIONS sip:1001@sip.test SIP/2.0", callId, "OPTIONS", "z9hG4bK1", more);
    }

    static String message(String startLine, String callId, String method, String branch, String... more) {
        return startLine + "\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=" + branch + "\r\n"
                + (more.length == 0 ? "" : String.join("\r\n", more) + "\r\n")
                + "From: <sip:1002@sip.test>;tag=1\r\nTo: <sip:1001@sip.test>\r\nCall-ID: " + callId + "\r\nCSeq: 1 "
                + method + "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    }

    static TracedMessage received(long number, String text) {
        return received(number, TransportKind.UDP, "192.0.2.7", text);
    }

    static TracedMessage received(long number, TransportKind kind, String ip, String text) {
        return new TracedMessage(
                number,
                START.plusMillis(number),
                true,
                kind,
                new InetSocketAddress(ip.contains(":") ? "2001:db8::1" : "192.0.2.1", kind.defaultPort()),
                new InetSocketAddress(ip, 40_001),
                text);
    }

    static TracedMessage sent(long number, int port, String text) {
        return new TracedMessage(
                number,
                START.plusMillis(number),
                false,
                TransportKind.UDP,
                new InetSocketAddress("192.0.2.1", 5060),
                new InetSocketAddress("192.0.2.8", port),
                text);
    }

    static WireMessage wire(String ip, String text) {
        return WireMessage.received(text.getBytes(StandardCharsets.ISO_8859_1), FakeFlow.udp(ip, 5060), START);
    }
}
