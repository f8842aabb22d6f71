package org.sipproxy.nat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.NameAddress;
import org.sipproxy.api.message.ParseLimits;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipResponse;

/**
 * A plain phone, also a program of its own for a namespace ({@link PhoneProcess}). It writes the private address that it
 * believes to have into Via and Contact, answers every call, repeats what gets no answer, and is strict: a request whose
 * Request-URI is not the Contact that it wrote is refused with 404.
 */
final class TestPhone implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(8);
    private static final long T1_MILLIS = 500;
    private static final AtomicInteger COUNT = new AtomicInteger();

    private interface Wire {
        void send(byte[] bytes) throws IOException;

        void close() throws IOException;
    }

    private final String user;
    private final String claimed;
    private final String transport;
    private final Wire wire;
    private final Map<String, BlockingQueue<SipResponse>> waiting = new ConcurrentHashMap<>();
    private final Map<String, Call> calls = new ConcurrentHashMap<>();
    private final BlockingQueue<Call> incoming = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> mapped = new LinkedBlockingQueue<>();
    private final AtomicReference<String> mapping = new AtomicReference<>("");
    /** What the strict phone did not like. */
    final Queue<String> complaints = new ConcurrentLinkedQueue<>();

    final AtomicInteger pinged = new AtomicInteger();
    final AtomicInteger registrations = new AtomicInteger();
    private final String registrationId = unique("reg");
    private final AtomicInteger registrationCSeq = new AtomicInteger();
    private volatile boolean deaf;
    private volatile boolean closed;

    private TestPhone(String user, String claimed, String transport, Wire wire) {
        this.user = user;
        this.claimed = claimed;
        this.transport = transport;
        this.wire = wire;
    }

    /**
     * A phone that speaks UDP.
     *
     * @param claimed the host and port that it believes to have
     */
    static TestPhone udp(String user, InetSocketAddress local, InetSocketAddress proxy, String claimed) {
        try {
            DatagramSocket socket = new DatagramSocket(local);
            TestPhone phone = new TestPhone(user, claimed, "UDP", new Wire() {
                @Override
                public void send(byte[] bytes) throws IOException {
                    socket.send(new DatagramPacket(bytes, bytes.length, proxy));
                }

                @Override
                public void close() {
                    socket.close();
                }
            });
            phone.start(() -> phone.readDatagrams(socket));
            return phone;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A phone that speaks TCP over one connection, and listens nowhere. */
    static TestPhone tcp(String user, InetSocketAddress proxy, String claimed) {
        try {
            Socket socket = new Socket(proxy.getAddress(), proxy.getPort());
            TestPhone phone = new TestPhone(user, claimed, "TCP", new Wire() {
                @Override
                public synchronized void send(byte[] bytes) throws IOException {
                    socket.getOutputStream().write(bytes);
                }

                @Override
                public void close() throws IOException {
                    socket.close();
                }
            });
            phone.start(() -> phone.readStream(socket));
            return phone;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void start(Runnable work) {
        Thread thread = new Thread(work, "phone-" + user);
        thread.setDaemon(true);
        thread.start();
    }

    private static String unique(String prefix) {
        return prefix + COUNT.incrementAndGet() + "x"
                + Long.toString(ThreadLocalRandom.current().nextLong() >>> 1, 36);
    }

    String contact() {
        return "sip:" + user + "@" + claimed + (transport.equals("TCP") ? ";transport=tcp" : "");
    }

    /** It hears nothing any more, as if it were switched off. */
    void deaf() {
        deaf = true;
    }

    @Override
    public void close() {
        closed = true;
        try {
            wire.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- registration and keepalives

    SipResponse register(int expires) {
        int number = registrationCSeq.incrementAndGet();
        SipResponse response = exchange(
                "REGISTER",
                unique("z9hG4bK"),
                "REGISTER sip:sip.test SIP/2.0",
                "From: <sip:" + user + "@sip.test>;tag=r",
                "To: <sip:" + user + "@sip.test>",
                "Call-ID: " + registrationId,
                "CSeq: " + number + " REGISTER",
                "Contact: <" + contact() + ">",
                "Expires: " + expires);
        expect(response, 200, "REGISTER");
        registrations.incrementAndGet();
        return response;
    }

    void keepAliveByCrlf() {
        send("\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Asks by STUN how the proxy sees it. */
    String stun() {
        mapped.clear();
        for (int attempt = 0; attempt < 6; attempt++) {
            byte[] request = ByteBuffer.allocate(20)
                    .putShort((short) 1)
                    .putShort((short) 0)
                    .putInt(0x2112a442)
                    .putInt(7)
                    .putLong(ThreadLocalRandom.current().nextLong())
                    .array();
            send(request);
            try {
                String answer = mapped.poll(T1_MILLIS, TimeUnit.MILLISECONDS);
                if (answer != null) {
                    return answer;
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        throw new AssertionError(user + ": STUN was not answered");
    }

    /** As a phone does that is told so by RFC 5626 §4.4.2: when its mapping has changed, it registers again. True if it had. */
    boolean registerIfMappingChanged() {
        String now = stun();
        if (now.equals(mapping.getAndSet(now))) {
            return false;
        }
        register(300);
        return true;
    }

    // ---- calls

    Call call(String other) {
        Call call = new Call(unique("call"), unique("tag"), true);
        call.remoteParty = "<sip:" + other + "@sip.test>";
        call.localParty = "<sip:" + user + "@sip.test>;tag=" + call.localTag;
        call.remoteTarget = "sip:" + other + "@sip.test";
        calls.put(call.id, call);
        SipResponse response = call.invite();
        expect(response, 200, "INVITE to " + other);
        return call;
    }

    /** The status that calling gets. */
    int tryCall(String other) {
        Call call = new Call(unique("call"), unique("tag"), true);
        call.remoteParty = "<sip:" + other + "@sip.test>";
        call.localParty = "<sip:" + user + "@sip.test>;tag=" + call.localTag;
        call.remoteTarget = "sip:" + other + "@sip.test";
        return call.invite().statusCode();
    }

    /** The next call that came in and whose answer was acknowledged. */
    Call awaitCall() {
        try {
            Call call = incoming.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (call == null) {
                throw new AssertionError(user + ": no call came in and was acknowledged");
            }
            return call;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void expect(SipResponse response, int status, String what) {
        if (response.statusCode() != status) {
            throw new AssertionError(what + " was answered " + response.statusCode() + " " + response.reasonPhrase());
        }
    }

    /** A dialog. */
    final class Call {

        final String id;
        private final String localTag;
        private final boolean calling;
        private String localParty = "";
        private String remoteParty = "";
        volatile String remoteTarget = "";
        private volatile List<String> routes = List.of();
        private final AtomicInteger cseq = new AtomicInteger();
        private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        private volatile boolean acknowledged;

        Call(String id, String localTag, boolean calling) {
            this.id = id;
            this.localTag = localTag;
            this.calling = calling;
        }

        /** An INVITE, the first or a later one, with its ACK. */
        private SipResponse invite() {
            int number = cseq.incrementAndGet();
            SipResponse response =
                    exchange("INVITE", unique("z9hG4bK"), lines("INVITE", number, "Contact: <" + contact() + ">"));
            if (response.isSuccess()) {
                learn(response);
                ack(number);
            }
            return response;
        }

        void ack(int number) {
            TestPhone.this.send(unique("z9hG4bK"), lines("ACK", number));
        }

        void reinvite() {
            expect(invite(), 200, user + "'s re-INVITE");
        }

        void update() {
            SipResponse response = request("UPDATE", "Contact: <" + contact() + ">");
            expect(response, 200, user + "'s UPDATE");
            learn(response);
        }

        void hangUp() {
            expect(request("BYE"), 200, user + "'s BYE");
            calls.remove(id);
        }

        private SipResponse request(String method, String... more) {
            return exchange(method, unique("z9hG4bK"), lines(method, cseq.incrementAndGet(), more));
        }

        /** Waits until the other side has done something: {@code INVITE}, {@code ACK}, {@code BYE}, {@code UPDATE}. */
        void await(String method) {
            try {
                for (String event = poll(); event != null; event = poll()) {
                    if (event.equals(method)) {
                        return;
                    }
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            throw new AssertionError(
                    user + ": no " + method + " came; target is " + remoteTarget + ", complaints: " + complaints);
        }

        private String poll() throws InterruptedException {
            return events.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        }

        private String[] lines(String method, int number, String... more) {
            List<String> lines = new ArrayList<>();
            lines.add(method + " " + remoteTarget + " SIP/2.0");
            routes.forEach(route -> lines.add("Route: " + route));
            lines.add("From: " + localParty);
            lines.add("To: " + remoteParty);
            lines.add("Call-ID: " + id);
            lines.add("CSeq: " + number + " " + method);
            lines.addAll(List.of(more));
            return lines.toArray(new String[0]);
        }

        /** The dialog's remote half from a response. */
        private void learn(SipResponse response) {
            try {
                if (response.firstHeader(HeaderName.CONTACT) >= 0) {
                    remoteTarget = response.addresses(HeaderName.CONTACT).get(0).uriText();
                }
                if (routes.isEmpty() && response.firstHeader(HeaderName.RECORD_ROUTE) >= 0) {
                    List<String> set = new ArrayList<>();
                    for (NameAddress route : response.addresses(HeaderName.RECORD_ROUTE)) {
                        set.add(0, route.toString());
                    }
                    routes = set;
                }
                remoteParty = response.to().toString();
            } catch (SipParseException e) {
                throw new AssertionError(e);
            }
        }

        private void learn(SipRequest invite) throws SipParseException {
            if (invite.firstHeader(HeaderName.CONTACT) >= 0) {
                remoteTarget = invite.addresses(HeaderName.CONTACT).get(0).uriText();
            }
            if (routes.isEmpty() && invite.firstHeader(HeaderName.RECORD_ROUTE) >= 0) {
                routes = invite.addresses(HeaderName.RECORD_ROUTE).stream()
                        .map(NameAddress::toString)
                        .toList();
            }
        }
    }

    // ---- transactions

    private SipResponse exchange(String method, String branch, String... lines) {
        BlockingQueue<SipResponse> responses = new LinkedBlockingQueue<>();
        waiting.put(branch, responses);
        try {
            long limit = System.nanoTime() + PATIENCE.toNanos();
            long wait = transport.equals("TCP") ? PATIENCE.toMillis() : T1_MILLIS;
            boolean heard = false;
            while (System.nanoTime() < limit) {
                if (!heard) {
                    send(branch, lines);
                }
                long until = System.nanoTime() + wait * 1_000_000;
                for (long left = wait; left > 0; left = (until - System.nanoTime()) / 1_000_000) {
                    SipResponse response = responses.poll(left, TimeUnit.MILLISECONDS);
                    if (response != null && response.statusCode() >= 200) {
                        acknowledgeFailure(response, method, branch, lines);
                        return response;
                    }
                    heard |= response != null;
                }
                wait = Math.min(wait * 2, 4_000);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            waiting.remove(branch);
        }
        throw new AssertionError(user + ": " + lines[0] + " got no final response");
    }

    private void acknowledgeFailure(SipResponse response, String method, String branch, String... lines) {
        if (method.equals("INVITE") && response.statusCode() >= 300) {
            String[] ack = lines.clone();
            for (int i = 0; i < ack.length; i++) {
                ack[i] = ack[i].startsWith("To: ")
                        ? "To: " + response.header(HeaderName.TO).orElseThrow()
                        : ack[i].replace("INVITE", "ACK");
            }
            send(branch, ack);
        }
    }

    private void send(String branch, String... lines) {
        StringBuilder text = new StringBuilder(lines[0])
                .append("\r\nVia: SIP/2.0/")
                .append(transport)
                .append(' ')
                .append(claimed)
                .append(";rport;branch=")
                .append(branch)
                .append("\r\nMax-Forwards: 70\r\n");
        for (int i = 1; i < lines.length; i++) {
            text.append(lines[i]).append("\r\n");
        }
        send(text.append("Content-Length: 0\r\n\r\n").toString().getBytes(StandardCharsets.UTF_8));
    }

    private void send(byte[] bytes) {
        try {
            wire.send(bytes);
        } catch (IOException e) {
            if (!closed) {
                complaints.add("could not send: " + e.getMessage());
            }
        }
    }

    // ---- what comes in

    private void readDatagrams(DatagramSocket socket) {
        byte[] buffer = new byte[65_536];
        while (!closed) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                received(java.util.Arrays.copyOf(buffer, packet.getLength()));
            } catch (IOException e) {
                // closed, or an ICMP error of an earlier send
            }
        }
    }

    private void readStream(Socket socket) {
        ByteArrayOutputStream held = new ByteArrayOutputStream();
        byte[] buffer = new byte[8_192];
        try (InputStream in = socket.getInputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                held.write(buffer, 0, n);
                String text = held.toString(StandardCharsets.ISO_8859_1);
                for (int end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
                    received(text.substring(0, end + 4)
                            .getBytes(StandardCharsets.ISO_8859_1)); // nobody here sends a body
                    text = text.substring(end + 4);
                }
                held.reset();
                held.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void received(byte[] bytes) {
        if (deaf) {
            return;
        }
        if (bytes.length >= 32 && bytes[0] == 1 && bytes[1] == 1) {
            ByteBuffer b = ByteBuffer.wrap(bytes);
            mapped.add((b.getInt(28) ^ 0x2112a442) + ":" + ((b.getShort(26) ^ 0x2112) & 0xffff));
            return;
        }
        if (bytes.length < 20) {
            pinged.incrementAndGet();
            return;
        }
        try {
            SipMessage message = SipMessage.parse(bytes, ParseLimits.DEFAULT);
            if (message instanceof SipRequest request) {
                accept(request);
            } else if (message instanceof SipResponse response) {
                accept(response);
            }
        } catch (SipParseException e) {
            complaints.add("could not read: " + e.getMessage());
        }
    }

    private void accept(SipResponse response) throws SipParseException {
        BlockingQueue<SipResponse> responses = waiting.get(response.topVia().branch());
        if (responses != null) {
            responses.add(response);
            return;
        }
        Call call = calls.get(response.callId());
        if (call != null
                && response.isSuccess()
                && response.cseq().method().name().equals("INVITE")) {
            call.ack((int) response.cseq().number()); // the ACK was lost
        }
    }

    private void accept(SipRequest request) throws SipParseException {
        String method = request.getMethod();
        if (method.equals("OPTIONS")) {
            pinged.incrementAndGet();
            reply(request, 200, "");
            return;
        }
        if (!request.requestUri().toString().equals(contact())) {
            complaints.add(method + " " + request.requestUri() + " is not for " + contact());
            reply(request, 404, "");
            return;
        }
        Call call = calls.get(request.callId());
        switch (method) {
            case "INVITE" -> {
                if (call == null) {
                    call = new Call(request.callId(), unique("tag"), false);
                    call.localParty = request.to() + ";tag=" + call.localTag;
                    call.remoteParty = request.from().toString();
                    calls.put(call.id, call);
                }
                call.learn(request);
                call.events.add(method);
                if (!request.hasToTag()) {
                    reply(request, 180, call.localTag);
                }
                reply(request, 200, call.localTag);
            }
            case "ACK" -> {
                if (call != null) {
                    if (!call.acknowledged && !call.calling) {
                        incoming.add(call);
                    }
                    call.acknowledged = true;
                    call.events.add(method);
                }
            }
            case "BYE" -> {
                if (call != null) {
                    call.events.add(method);
                    calls.remove(call.id);
                }
                reply(request, 200, "");
            }
            default -> {
                if (call != null) {
                    call.learn(request);
                    call.events.add(method);
                }
                reply(request, 200, "");
            }
        }
    }

    private void reply(SipRequest request, int status, String toTag) {
        StringBuilder text = new StringBuilder("SIP/2.0 " + status + " Whatever\r\n");
        for (String via : request.headers(HeaderName.VIA)) {
            text.append("Via: ").append(via).append("\r\n");
        }
        for (String route : request.headers(HeaderName.RECORD_ROUTE)) {
            text.append("Record-Route: ").append(route).append("\r\n");
        }
        String to = request.header(HeaderName.TO).orElseThrow();
        text.append("From: ").append(request.header(HeaderName.FROM).orElseThrow());
        text.append("\r\nTo: ")
                .append(to)
                .append(to.contains(";tag=") ? "" : ";tag=" + (toTag.isEmpty() ? "t" : toTag));
        text.append("\r\nCall-ID: ").append(request.header(HeaderName.CALL_ID).orElseThrow());
        text.append("\r\nCSeq: ").append(request.header(HeaderName.CSEQ).orElseThrow());
        text.append("\r\nContact: <").append(contact()).append(">\r\nContent-Length: 0\r\n\r\n");
        send(text.toString().getBytes(StandardCharsets.UTF_8));
    }
}
