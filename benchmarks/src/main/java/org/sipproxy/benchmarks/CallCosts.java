package org.sipproxy.benchmarks;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;

/**
 * CPU and allocation of the proxy's threads for each call and live heap for each answered call, with and without
 * tracking of calls and a wire listener, measured with real proxies over loopback. The proxies take turns, so that
 * other load of the machine affects all of them. Usage: {@code CallCosts [ROUNDS [CALLS]]}. Default 60 rounds of 500
 * calls.
 */
public final class CallCosts {

    private static final String[] COPIED = {"Via:", "Record-Route:", "From:", "Call-ID:", "CSeq:"};

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private CallCosts() {}

    /** Prints the results. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 60;
        int calls = args.length > 1 ? Integer.parseInt(args[1]) : 500;
        List<Subject> subjects =
                List.of(new Subject("off"), new Subject("on"), new Subject("listener"), new Subject("wire"));
        for (int round = 0; round < 2 * rounds; round++) {
            for (Subject subject : subjects) {
                subject.round(calls, round >= rounds); // the first half loads and compiles the code
            }
        }
        for (Subject subject : subjects) {
            subject.print(rounds * calls);
        }
        subjects.forEach(Subject::close);
    }

    /** One proxy with its phones. */
    private static final class Subject {

        private final String name;
        private final SipProxy proxy;
        private final DatagramSocket caller = socket();
        private final DatagramSocket callee = socket();
        private final InetSocketAddress address;
        private final List<Double> micros = new ArrayList<>();
        private final List<Double> bytes = new ArrayList<>();
        private int number;

        Subject(String name) throws IOException {
            this.name = name;
            SipProxyBuilder builder = SipProxy.builder()
                    .listen(Endpoint.udp("127.0.0.1", 0))
                    .domain("example.test")
                    .noAuthentication()
                    .udpReceivers(1)
                    .name(name);
            if (name.equals("on") || name.equals("listener")) {
                builder.calls(CallSettings.DEFAULT);
            }
            AtomicLong events = new AtomicLong();
            if (name.equals("listener")) {
                builder.callListener(event -> events.incrementAndGet());
            }
            if (name.equals("wire")) {
                builder.wireListener(message -> events.incrementAndGet());
            }
            this.proxy = builder.build();
            proxy.start();
            this.address = new InetSocketAddress(
                    InetAddress.getLoopbackAddress(),
                    proxy.boundEndpoints().get(0).port());
            callee.setSoTimeout(0); // idle while the other proxies take their turns
            Thread phone = new Thread(() -> answer(callee), "callee");
            phone.setDaemon(true);
            phone.start();
            exchange(caller, address, register(callee.getLocalPort()), " 200 ");
        }

        void round(int calls, boolean counts) throws IOException {
            long cpu = cpuNanos(name + "-");
            long allocated = allocatedBytes(name + "-");
            for (int i = 0; i < calls; i++) {
                call(caller, address, "whole" + number++, true);
            }
            if (counts) {
                micros.add((cpuNanos(name + "-") - cpu) / 1_000.0 / calls);
                bytes.add((double) (allocatedBytes(name + "-") - allocated) / calls);
            }
        }

        void print(int calls) throws IOException, InterruptedException {
            Collections.sort(micros);
            Collections.sort(bytes);
            long before = liveHeap();
            for (int i = 0; i < calls; i++) {
                call(caller, address, "open" + i, false);
            }
            System.out.printf(
                    "%-8s CPU of a call: lower quartile %.1f us, median %.1f us; allocated: %.0f bytes; heap of an answered"
                            + " call: %d bytes%n",
                    name,
                    micros.get(micros.size() / 4),
                    micros.get(micros.size() / 2),
                    bytes.get(bytes.size() / 2),
                    (liveHeap() - before) / calls);
        }

        void close() {
            proxy.close();
            caller.close();
            callee.close();
        }
    }

    static DatagramSocket socket() throws IOException {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
        socket.setSoTimeout(5_000);
        return socket;
    }

    static void call(DatagramSocket caller, InetSocketAddress to, String id, boolean whole) throws IOException {
        String ok = exchange(caller, to, request("INVITE", "sip:bob@example.test", caller, id, "", "", 1), " 200 ");
        StringBuilder routes = new StringBuilder();
        for (String line : ok.split("\r\n", -1)) {
            if (line.startsWith("Record-Route:")) {
                routes.append("Route:").append(line.substring(13)).append("\r\n");
            }
        }
        String contact = header(ok, "Contact: <");
        String uri = contact.substring(0, contact.indexOf('>'));
        send(caller, to, request("ACK", uri, caller, id, ";tag=callee", routes.toString(), 1));
        if (whole) {
            exchange(caller, to, request("BYE", uri, caller, id, ";tag=callee", routes.toString(), 2), " 200 ");
        }
    }

    private static final String OFFER = """
            v=0
            o=- 1 1 IN IP4 127.0.0.1
            s=-
            c=IN IP4 127.0.0.1
            t=0 0
            m=audio 40000 RTP/AVP 0 8 101
            a=rtpmap:101 telephone-event/8000
            """.replace("\n", "\r\n");

    static String request(
            String method, String uri, DatagramSocket caller, String id, String toTag, String routes, int cseq) {
        String body = method.equals("INVITE") ? OFFER : "";
        return method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + caller.getLocalPort()
                + ";rport;branch=z9hG4bK-" + id + "-" + method + "\r\nMax-Forwards: 70\r\n" + routes
                + "From: \"Alice Liddell\" <sip:alice@example.test>;tag=tag-" + id
                + "\r\nTo: <sip:bob@example.test>" + toTag + "\r\nCall-ID: 5f0a63e1-7b0c-4c9e-" + id
                + "@127.0.0.1\r\nCSeq: " + cseq + " " + method + "\r\nContact: <sip:alice@127.0.0.1:"
                + caller.getLocalPort()
                + ">\r\nUser-Agent: Desk phone 7.1\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE\r\n"
                + "Content-Type: application/sdp\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    static String register(int port) {
        return "REGISTER sip:example.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bK-r\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:bob@example.test>;tag=r\r\nTo: <sip:bob@example.test>\r\n"
                + "Call-ID: register\r\nCSeq: 1 REGISTER\r\nContact: <sip:bob@127.0.0.1:" + port
                + ">\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n";
    }

    /** Rings and accepts each INVITE, and accepts each BYE. */
    static void answer(DatagramSocket callee) {
        byte[] buffer = new byte[4_096];
        while (!callee.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                callee.receive(packet);
                String request = new String(buffer, 0, packet.getLength(), StandardCharsets.ISO_8859_1);
                InetSocketAddress from = (InetSocketAddress) packet.getSocketAddress();
                if (request.startsWith("INVITE")) {
                    send(callee, from, response(request, "180 Ringing", callee));
                    send(callee, from, response(request, "200 OK", callee));
                } else if (request.startsWith("BYE")) {
                    send(callee, from, response(request, "200 OK", callee));
                }
            } catch (IOException e) {
                return;
            }
        }
    }

    private static String response(String request, String status, DatagramSocket callee) {
        StringBuilder out = new StringBuilder("SIP/2.0 ").append(status).append("\r\n");
        for (String line : request.split("\r\n", -1)) {
            for (String name : COPIED) {
                if (line.startsWith(name)) {
                    out.append(line).append("\r\n");
                }
            }
            if (line.startsWith("To:")) {
                out.append(line)
                        .append(line.contains(";tag=") ? "" : ";tag=callee")
                        .append("\r\n");
            }
        }
        return out + "Contact: <sip:bob@127.0.0.1:" + callee.getLocalPort() + ">\r\nContent-Length: 0\r\n\r\n";
    }

    private static String header(String message, String name) {
        return message.substring(message.indexOf(name) + name.length());
    }

    private static void send(DatagramSocket from, InetSocketAddress to, String text) throws IOException {
        byte[] wire = text.getBytes(StandardCharsets.ISO_8859_1);
        from.send(new DatagramPacket(wire, wire.length, to));
    }

    static String exchange(DatagramSocket from, InetSocketAddress to, String text, String awaited) throws IOException {
        send(from, to, text);
        byte[] buffer = new byte[4_096];
        while (true) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            from.receive(packet);
            String received = new String(buffer, 0, packet.getLength(), StandardCharsets.ISO_8859_1);
            if (received.substring(0, 16).contains(awaited)) {
                return received;
            }
        }
    }

    /** Returns the CPU time of one proxy's threads. */
    private static long cpuNanos(String prefix) {
        return sum(prefix, THREADS::getThreadCpuTime);
    }

    /** Returns the bytes that one proxy's threads have allocated. */
    private static long allocatedBytes(String prefix) {
        return sum(prefix, THREADS::getThreadAllocatedBytes);
    }

    private static long sum(String prefix, LongUnaryOperator ofThread) {
        long sum = 0;
        for (long id : THREADS.getAllThreadIds()) {
            @Nullable ThreadInfo info = THREADS.getThreadInfo(id);
            if (info != null && info.getThreadName().startsWith(prefix)) {
                sum += Math.max(0, ofThread.applyAsLong(id));
            }
        }
        return sum;
    }

    private static long liveHeap() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            Thread.sleep(50);
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }
}
