package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Transaction layer of one phone (RFC 3261 §17), with the timer of retransmissions. */
final class TransactionLayer implements Wire.Receiver, AutoCloseable {

    /** Transaction user: the phone. Called on the wire's thread; must not block. */
    interface User {

        /** Handles a new request, not a retransmission. The implementation must respond to it eventually. */
        void onRequest(ServerTransaction transaction) throws SipParseException;

        /** Handles the ACK of a 2xx, which is not part of a transaction. */
        void onAck(SipRequest ack) throws SipParseException;

        /** Handles a CANCEL and its INVITE, which is null if it is unknown. */
        void onCancel(ServerTransaction cancel, @Nullable ServerTransaction invite);

        /** Handles a response that belongs to no transaction, such as one to bytes that the test has sent. */
        void onStray(SipResponse response);

        /** Handles input that is not SIP: a keepalive or a STUN response. */
        void onOther(byte[] bytes);

        /** Reports a protocol error of the proxy. */
        void complain(String complaint);
    }

    /** T2 is 8*T1, and Timers B, F and H are 64*T1, as with the defaults of RFC 3261 §17.1.1.1 and §17.1.2.2. */
    private static final int T2_OF_T1 = 8;

    private static final int TIMEOUT_OF_T1 = 64;

    private final Wire wire;
    private final Identity identity;
    private final PhoneLog log;
    private final long t1Nanos;
    private final @Nullable TestClock clock;
    private final Timers timers;
    private final Map<String, ClientTransaction> clients = new ConcurrentHashMap<>();
    private final Map<String, ServerTransaction> servers = new ConcurrentHashMap<>();
    private volatile @Nullable User user;
    private volatile boolean unresponsive;

    TransactionLayer(Wire wire, Identity identity, PhoneLog log, Duration t1, @Nullable TestClock clock) {
        this.wire = wire;
        this.identity = identity;
        this.log = log;
        this.t1Nanos = t1.toNanos();
        this.clock = clock;
        this.timers = Timers.of(clock, "phone-" + identity.user() + "-timer");
    }

    void start(User above) {
        user = above;
        wire.start("phone-" + identity.user(), this);
    }

    // ---- for transactions

    long t1Nanos() {
        return t1Nanos;
    }

    long t2Nanos() {
        return T2_OF_T1 * t1Nanos;
    }

    long timeoutNanos() {
        return TIMEOUT_OF_T1 * t1Nanos;
    }

    boolean isReliable() {
        return wire.kind().isReliable();
    }

    String via(String branch) {
        return identity.via(branch);
    }

    String contact() {
        return identity.contact();
    }

    /** Returns a limit on the phone's clock. */
    Patience patience(Duration limit) {
        return new Patience(limit, clock);
    }

    private void touchClock() {
        TestClock ofTest = clock;
        if (ofTest != null) {
            ofTest.touch();
        }
    }

    void send(byte[] message) {
        touchClock();
        log.sent(message);
        wire.send(message);
    }

    void respond(byte[] message, InetSocketAddress source) {
        touchClock();
        log.sent(message);
        wire.respond(message, source);
    }

    /** Runs a task later, which checks whether it is still needed; not after the phone is closed. */
    void after(long nanos, Runnable task) {
        timers.after(nanos, task);
    }

    // ---- for the phone

    void start(ClientTransaction transaction) {
        clients.put(transaction.key(), transaction);
        transaction.start();
    }

    /** Returns the source of a received request; empty if it is an ACK, or not a request to this phone. */
    Optional<InetSocketAddress> sourceOf(SipRequest request) {
        return servers.values().stream()
                .filter(transaction -> transaction.request().equals(request))
                .findFirst()
                .map(ServerTransaction::source);
    }

    /** Ignores everything received from now on. */
    void stopResponding() {
        unresponsive = true;
    }

    // ---- received messages

    @Override
    public void received(byte[] bytes, InetSocketAddress source) {
        touchClock();
        User above = user;
        if (unresponsive || above == null) {
            return;
        }
        log.received(bytes);
        if (bytes.length == 0 || !Character.isLetter(bytes[0])) {
            above.onOther(bytes);
            return;
        }
        try {
            SipMessage message = SipMessage.parse(bytes, ParseLimits.DEFAULT);
            Optional<SipParseException> defect = message.defect();
            if (defect.isPresent()) {
                throw defect.get();
            }
            if (message instanceof SipRequest request) {
                received(request, source, above);
            } else if (message instanceof SipResponse response) {
                received(response, above);
            }
        } catch (SipParseException | RuntimeException e) {
            above.complain("a message could not be handled: " + e);
        }
    }

    private void received(SipResponse response, User above) throws SipParseException {
        String key = ClientTransaction.key(
                response.topVia().branch(), response.cseq().method().name());
        ClientTransaction transaction = clients.get(key);
        if (transaction != null) {
            transaction.received(response);
            if (transaction.isComplete()) {
                clients.remove(key); // so that a phone may send any number of requests
            }
        } else {
            log.note("   (stray response)");
            above.onStray(response);
        }
    }

    private void received(SipRequest request, InetSocketAddress source, User above) throws SipParseException {
        Method method = request.method();
        ServerTransaction invite = servers.get(ServerTransaction.key(request, Method.INVITE));
        if (method.equals(Method.ACK)) {
            if (invite != null && invite.isRefused()) {
                invite.acknowledge();
            } else {
                above.onAck(request);
            }
            return;
        }
        String key = ServerTransaction.key(request, method);
        ServerTransaction known = servers.get(key);
        if (known != null) {
            known.repeated();
            return;
        }
        request.cseq(); // a malformed CSeq is reported here, not later
        ServerTransaction transaction = new ServerTransaction(this, request, source);
        servers.put(key, transaction);
        if (method.equals(Method.CANCEL)) {
            above.onCancel(transaction, invite);
        } else {
            above.onRequest(transaction);
        }
    }

    @Override
    public void ended() {
        log.note("the connection was closed");
    }

    /** Closes the wire and ends both threads. Nothing is sent or received afterwards. */
    @Override
    public void close() {
        try {
            timers.close();
        } finally {
            wire.close();
        }
    }
}
