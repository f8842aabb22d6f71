package org.sipproxy.jdbc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.core.SipProxy;

/** UDP phone that registers, sends requests, and responds to requests. Not thread-safe. */
final class SipClient implements AutoCloseable {

    /** Thrown if no response arrived in time. */
    static final int NO_ANSWER = 0;

    private static final AtomicLong COUNT = new AtomicLong();

    private final DatagramSocket socket;
    private final String callId = "call-" + COUNT.incrementAndGet() + "-" + System.nanoTime();
    /** The latest final response. */
    private String response = "";

    SipClient() {
        try {
            socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the UDP listening point of a proxy. */
    static InetSocketAddress addressOf(SipProxy proxy) {
        return new InetSocketAddress("127.0.0.1", proxy.boundEndpoints().get(0).port());
    }

    String hostPort() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    String callId() {
        return callId;
    }

    String response() {
        return response;
    }

    int register(InetSocketAddress proxy, String user, long cseq) {
        return register(proxy, user, cseq, "<sip:" + user + "@" + hostPort() + ">", Duration.ofSeconds(8));
    }

    /** Returns the status of the response. User-Agent is {@code ua-} and the CSeq. */
    int register(InetSocketAddress proxy, String user, long cseq, String contact, Duration patience) {
        return request(
                proxy,
                "REGISTER",
                "sip:sip.test",
                user,
                cseq,
                "Contact: " + contact + "\r\nExpires: 300\r\nUser-Agent: ua-" + cseq + "\r\n",
                patience);
    }

    int message(InetSocketAddress proxy, String user) {
        return request(
                proxy,
                "MESSAGE",
                "sip:" + user + "@sip.test",
                user,
                COUNT.incrementAndGet(),
                "Content-Type: text/plain\r\n",
                Duration.ofSeconds(8));
    }

    private int request(
            InetSocketAddress proxy,
            String method,
            String uri,
            String user,
            long cseq,
            String lines,
            Duration patience) {
        String branch = "z9hG4bK" + COUNT.incrementAndGet();
        send(
                proxy,
                method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP " + hostPort() + ";branch=" + branch
                        + "\r\nMax-Forwards: 70\r\nFrom: <sip:" + user + "@sip.test>;tag=t1\r\nTo: <sip:" + user
                        + "@sip.test>\r\nCall-ID: " + callId + "\r\nCSeq: " + cseq + " " + method + "\r\n" + lines
                        + "Content-Length: 0\r\n\r\n");
        long end = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() - end < 0) {
            String answer = receive(Duration.ofNanos(Math.max(1_000_000, end - System.nanoTime())));
            if (answer.startsWith("SIP/2.0 ") && !answer.startsWith("SIP/2.0 1") && answer.contains(branch)) {
                response = answer;
                return Integer.parseInt(answer.substring(8, 11));
            }
        }
        return NO_ANSWER;
    }

    /** Waits for a request of the method, responds with 200, and returns it; empty if none arrived. */
    String answer(String method, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() - end < 0) {
            DatagramPacket packet = next(Duration.ofNanos(Math.max(1_000_000, end - System.nanoTime())));
            String text = packet == null ? "" : text(packet);
            if (packet != null && text.startsWith(method + " ")) {
                StringBuilder ok = new StringBuilder("SIP/2.0 200 OK\r\n");
                for (String line : text.split("\r\n", -1)) {
                    if (line.matches("(Via|From|Call-ID|CSeq): .*")) {
                        ok.append(line).append("\r\n");
                    } else if (line.startsWith("To: ")) {
                        ok.append(line).append(";tag=callee\r\n");
                    }
                }
                send((InetSocketAddress) packet.getSocketAddress(), ok + "Content-Length: 0\r\n\r\n");
                return text + "\nfrom " + packet.getSocketAddress();
            }
        }
        return "";
    }

    private void send(InetSocketAddress to, String text) {
        byte[] bytes = text.getBytes(ISO_8859_1);
        try {
            socket.send(new DatagramPacket(bytes, bytes.length, to));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String receive(Duration patience) {
        DatagramPacket packet = next(patience);
        return packet == null ? "" : text(packet);
    }

    private static String text(DatagramPacket packet) {
        return new String(packet.getData(), 0, packet.getLength(), ISO_8859_1);
    }

    private DatagramPacket next(Duration patience) {
        DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        try {
            socket.setSoTimeout((int) Math.max(1, patience.toMillis()));
            socket.receive(packet);
            return packet;
        } catch (SocketTimeoutException e) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
