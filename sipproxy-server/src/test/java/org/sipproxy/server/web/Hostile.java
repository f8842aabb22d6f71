package org.sipproxy.server.web;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/** Message whose texts would do harm in a page that takes them for markup. */
final class Hostile {

    static final String SCRIPT = "<script>document.title='owned'</script>";
    static final String IMAGE = "<img src=x onerror=\"document.title='owned'\">";

    private Hostile() {}

    /** Sends an OPTIONS with markup, control characters, bytes that are not UTF-8, and a long line. */
    static void send(int port, String callId) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        text(message, "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK" + callId);
        text(message, "\r\nFrom: \"" + IMAGE.replace("\"", "\\\"") + "\" <sip:1001@sip.test>;tag=1");
        text(message, "\r\nTo: <sip:sip.test>\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nCall-ID: " + callId);
        text(message, "\r\nUser-Agent: " + SCRIPT + "\u202e\u001b[2J\u0007");
        message.write(new byte[] {(byte) 0xff, (byte) 0xfe, (byte) 0xc3});
        text(message, "\r\nSubject: " + "x".repeat(4_000) + "\r\nContent-Length: 0\r\n\r\n");
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(20_000);
            socket.send(
                    new DatagramPacket(message.toByteArray(), message.size(), InetAddress.getLoopbackAddress(), port));
            socket.receive(new DatagramPacket(new byte[9_000], 9_000));
        }
    }

    private static void text(ByteArrayOutputStream to, String text) {
        to.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }
}
