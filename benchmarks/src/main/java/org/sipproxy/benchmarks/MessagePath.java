package org.sipproxy.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongBiFunction;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.forwarding.FlowSource;
import org.sipproxy.core.internal.transport.DatagramPoint;
import org.sipproxy.core.internal.transport.InboundHandler;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.AuditLog;
import org.sipproxy.security.IdentityHeaders;

/**
 * A proxy with the components of the server, whose messages do not pass the network: {@link PathCosts} loads one for
 * each build. The messages are those of the load generator that compares it with Kamailio. They are written before the
 * time is taken, some dozens at a time, as they lie in a receiver's queue.
 */
public final class MessagePath implements ToLongBiFunction<String, long[]> {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** System property {@code users}, default 10,000. */
    private static final int USERS = Integer.getInteger("users", 10_000);

    private static final int BATCH = 50;
    private static final int REPETITIONS = 10;

    private static final String SDP = """
            v=0
            o=- 1 1 IN IP4 127.0.0.1
            s=-
            c=IN IP4 127.0.0.1
            t=0 0
            m=audio 40000 RTP/AVP 8 0 101
            a=rtpmap:8 PCMA/8000
            a=rtpmap:0 PCMU/8000
            a=rtpmap:101 telephone-event/8000
            a=sendrecv
            """.replace("\n", "\r\n");

    private final InboundHandler handler;
    private final Endpoint endpoint;
    private final SentBy sentBy;
    private final DatagramPoint point = PhoneFlow::new;
    private final PhoneFlow caller;
    private final PhoneFlow callee;

    /** What the proxy has sent: to the callers, and to the callees. */
    private final byte[][] sent = new byte[8 * BATCH][];

    private int sentCount;
    private final Thread sender = Thread.currentThread();
    private int number;
    private int cseq;
    /** False for the requests whose retransmissions are measured. */
    private boolean counts;

    private long nanos;
    private long bytes;

    /** Starts the proxy and registers the users. */
    public MessagePath() throws ReflectiveOperationException {
        SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("example.test")
                .noAuthentication()
                .component(AccessList.builder()
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .build())
                .component(IdentityHeaders.trusting())
                .listener(new AuditLog())
                .udpReceivers(1)
                .name("path")
                .build();
        proxy.start();
        endpoint = proxy.boundEndpoints().get(0);
        sentBy = SentBy.of(TransportKind.UDP, "127.0.0.1", endpoint.port());
        caller = new PhoneFlow(phone(7_000));
        callee = new PhoneFlow(phone(7_100));
        Object engine = field(proxy, "engine").get(proxy);
        handler = (InboundHandler) field(engine, "inbound").get(engine);
        Object forwarder = field(engine, "forwarder").get(engine);
        Field flows = field(forwarder, "flows");
        flows.set(forwarder, new Flows((FlowSource) flows.get(forwarder)));
        register(USERS);
    }

    private static Field field(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    private static InetSocketAddress phone(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /**
     * Sends transactions through the proxy.
     *
     * @param work the kind and the number of transactions
     * @param result gets the CPU time in nanoseconds, and the bytes allocated
     * @return the number of transactions, or of retransmissions
     */
    @Override
    public long applyAsLong(String work, long[] result) {
        String kind = work.substring(0, work.indexOf(' '));
        int count = Integer.parseInt(work.substring(work.indexOf(' ') + 1));
        nanos = 0;
        bytes = 0;
        counts = !kind.startsWith("again");
        switch (kind) {
            case "options" -> options(count);
            case "register" -> register(count);
            case "message" -> message(count, 0);
            case "invite" -> invite(count, 0);
            case "again-message" -> message(count / REPETITIONS, REPETITIONS);
            case "again-invite" -> invite(count / REPETITIONS, REPETITIONS);
            default -> throw new IllegalArgumentException("kind: " + kind);
        }
        result[0] = nanos;
        result[1] = bytes;
        return count;
    }

    // ---- transactions

    private void options(int count) {
        for (int left = count; left > 0; left -= BATCH) {
            List<byte[]> requests = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                requests.add(request("OPTIONS", "sip:example.test", number++, 1, "", ""));
            }
            expect(" 200 ", BATCH, feed(requests, caller));
        }
    }

    private void register(int count) {
        for (int left = count; left > 0; left -= BATCH) {
            List<byte[]> requests = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                requests.add(register());
            }
            expect(" 200 ", BATCH, feed(requests, caller));
        }
    }

    private void message(int count, int repetitions) {
        for (int left = count; left > 0; left -= BATCH) {
            List<byte[]> requests = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                requests.add(request("MESSAGE", called(number), number++, 1, "", ""));
            }
            List<byte[]> relayed = feed(requests, caller);
            expect("MESSAGE ", BATCH, relayed);
            repeat(requests, repetitions);
            expect(" 200 ", BATCH, feed(responses(relayed, "200 OK", "MESSAGE"), callee));
        }
    }

    private void invite(int count, int repetitions) {
        for (int left = count; left > 0; left -= BATCH) {
            int first = number;
            List<byte[]> requests = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                requests.add(request("INVITE", called(number), number++, 1, "", ""));
            }
            List<byte[]> relayed = feed(requests, caller);
            relayed.removeIf(wire -> wire[0] == 'S'); // the 100s
            expect("INVITE ", BATCH, relayed);
            expect(" 180 ", BATCH, feed(responses(relayed, "180 Ringing", "INVITE"), callee));
            repeat(requests, repetitions);
            List<byte[]> accepted = feed(responses(relayed, "200 OK", "INVITE"), callee);
            expect(" 200 ", BATCH, accepted);
            List<byte[]> acks = new ArrayList<>();
            List<byte[]> byes = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                String routes = routes(text(accepted.get(i)));
                acks.add(request("ACK", "sip:callee@127.0.0.1:7100", first + i, 1, ";tag=t1", routes));
                byes.add(request("BYE", "sip:callee@127.0.0.1:7100", first + i, 2, ";tag=t1", routes));
            }
            expect("ACK ", BATCH, feed(acks, caller));
            List<byte[]> ended = feed(byes, caller);
            expect("BYE ", BATCH, ended);
            expect(" 200 ", BATCH, feed(responses(ended, "200 OK", "BYE"), callee));
        }
    }

    private void repeat(List<byte[]> requests, int repetitions) {
        counts = true;
        for (int i = 0; i < repetitions; i++) {
            feed(requests, caller);
        }
        counts = repetitions == 0;
    }

    /** Passes the messages to the proxy and measures it. Returns what it has sent. */
    private List<byte[]> feed(List<byte[]> messages, TransportFlow from) {
        byte[][] wires = messages.toArray(new byte[0][]);
        sentCount = 0;
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long start = THREADS.getCurrentThreadCpuTime();
        for (byte[] wire : wires) {
            handler.onMessage(wire, from);
        }
        if (counts) {
            nanos += THREADS.getCurrentThreadCpuTime() - start;
            bytes += THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        return new ArrayList<>(Arrays.asList(sent).subList(0, sentCount));
    }

    private static void expect(String text, int count, List<byte[]> messages) {
        if (messages.size() != count) {
            throw new IllegalStateException(messages.size() + " messages instead of " + count);
        }
        for (byte[] message : messages) {
            if (!text(message).contains(text)) {
                throw new IllegalStateException(text(message));
            }
        }
    }

    // ---- messages

    private static String called(int number) {
        return "sip:u" + number % USERS + "@example.test";
    }

    private byte[] register() {
        int user = cseq % USERS;
        String aor = "sip:u" + user + "@example.test";
        return bytes(
                "REGISTER sip:example.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:7000;rport;branch=z9hG4bK1234567.1."
                        + number++ + ".1\r\nMax-Forwards: 70\r\nFrom: <" + aor + ">;tag=f" + number + "\r\nTo: <" + aor
                        + ">\r\nCall-ID: r1234567.u" + user + "@127.0.0.1\r\nCSeq: " + (1 + cseq++ / USERS)
                        + " REGISTER\r\nContact: <sip:u" + user
                        + "@127.0.0.1:7100>\r\nExpires: 3600\r\nUser-Agent: sipload\r\nContent-Length: 0\r\n\r\n");
    }

    private static byte[] request(String method, String uri, int id, int cseq, String toTag, String routes) {
        String from = "<sip:u" + (id + 1) % USERS + "@example.test>;tag=f" + id;
        String to = toTag.isEmpty() ? "<" + uri + ">" : "<" + called(id) + ">" + toTag;
        String contact = method.equals("MESSAGE") || !toTag.isEmpty() ? "" : "Contact: <sip:u1@127.0.0.1:7000>\r\n";
        String body = method.equals("INVITE") ? SDP : method.equals("MESSAGE") ? "Hello, world." : "";
        String type = body.isEmpty()
                ? ""
                : "Content-Type: " + (method.equals("INVITE") ? "application/sdp" : "text/plain") + "\r\n";
        return bytes(method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:7000;rport;branch=z9hG4bK1234567.1."
                + id + "." + method.charAt(0) + "\r\nMax-Forwards: 70\r\n" + routes + "From: " + from + "\r\nTo: " + to
                + "\r\nCall-ID: 1234567.1." + id + "@127.0.0.1\r\nCSeq: " + cseq + " " + method + "\r\n" + contact
                + "User-Agent: sipload\r\n" + type + "Content-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private static String routes(String response) {
        StringBuilder routes = new StringBuilder();
        for (String line : response.split("\r\n", -1)) {
            if (line.startsWith("Record-Route:")) {
                routes.append("Route:").append(line.substring(13)).append("\r\n");
            }
        }
        return routes.toString();
    }

    private static List<byte[]> responses(List<byte[]> requests, String status, String method) {
        List<byte[]> responses = new ArrayList<>();
        for (byte[] request : requests) {
            StringBuilder out = new StringBuilder("SIP/2.0 ").append(status).append("\r\n");
            for (String line : text(request).split("\r\n", -1)) {
                if (line.startsWith("Via:")
                        || line.startsWith("Record-Route:")
                        || line.startsWith("From:")
                        || line.startsWith("Call-ID:")
                        || line.startsWith("CSeq:")) {
                    out.append(line).append("\r\n");
                } else if (line.startsWith("To:")) {
                    out.append(line).append(line.contains(";tag=") ? "\r\n" : ";tag=t1\r\n");
                }
            }
            if (method.equals("INVITE")) {
                out.append("Contact: <sip:callee@127.0.0.1:7100>\r\n");
            }
            if (method.equals("INVITE") && status.startsWith("200")) {
                out.append("Content-Type: application/sdp\r\nContent-Length: ")
                        .append(SDP.length())
                        .append("\r\n\r\n")
                        .append(SDP);
            } else {
                out.append("Content-Length: 0\r\n\r\n");
            }
            responses.add(bytes(out.toString()));
        }
        return responses;
    }

    private static String text(byte[] wire) {
        return new String(wire, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    // ---- the network

    /** Flow of a phone. What is sent on it is collected. */
    private final class PhoneFlow implements TransportFlow {

        private final InetSocketAddress remote;

        PhoneFlow(InetSocketAddress remote) {
            this.remote = remote;
        }

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            handler.onSend(wire, this);
            if (Thread.currentThread() == sender) { // not the timer thread's retransmissions, if the machine is slow
                sent[sentCount++] = wire;
            }
        }

        @Override
        public SentBy advertised() {
            return sentBy;
        }

        @Override
        public Optional<Long> connectionId() {
            return Optional.empty();
        }

        @Override
        public TransportKind kind() {
            return TransportKind.UDP;
        }

        @Override
        public Endpoint endpoint() {
            return endpoint;
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return remote;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public DatagramPoint point() {
            return point;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof PhoneFlow flow && remote.equals(flow.remote);
        }

        @Override
        public int hashCode() {
            return remote.hashCode();
        }
    }

    /** The flows of the proxy, except that nothing is sent on them. */
    private final class Flows implements FlowSource {

        private final FlowSource real;

        Flows(FlowSource real) {
            this.real = real;
        }

        @Override
        public @Nullable TransportFlow flowTo(
                NextHop hop, TransportFlow inbound, @Nullable Endpoint point, Sender sender)
                throws RefusedAddressException {
            TransportFlow flow = real.flowTo(hop, inbound, point, sender);
            return flow == null ? null : new PhoneFlow(flow.remoteAddress());
        }

        @Override
        public @Nullable Endpoint pointNamed(Endpoint socket) {
            return real.pointNamed(socket);
        }
    }
}
