package org.sipproxy.testkit;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** The transactions of one phone over its wire (RFC 3261 §17), and the timer that repeats messages. */
final class TransactionLayer implements Wire.Receiver, AutoCloseable {

    /** What is above: the phone. Called by the wire's thread; it must not wait. */
    interface User {

        /** A request that is no repetition; it has to be answered at some time. */
        void onRequest(ServerTransaction transaction) throws SipParseException;

        /** An ACK that is a request of its own, for a 2xx. */
        void onAck(SipRequest ack) throws SipParseException;

        /** A CANCEL, with the INVITE that it is for; null if that is not known. */
        void onCancel(ServerTransaction cancel, @Nullable ServerTransaction invite);

        /** What is not SIP: a keepalive, or an answer to STUN. */
        void onOther(byte[] bytes);

        /** Something that a phone does not have to put up with. */
        void complain(String complaint);
    }

    /** RFC 3261 §17.1.2.2 and §17.1.1.1: T2 is 8 times T1, and Timers B, F and H 64 times, with the RFC's defaults. */
    private static final int T2_OF_T1 = 8;

    private static final int TIMEOUT_OF_T1 = 64;

    private final Wire wire;
    private final Identity identity;
    private final PhoneLog log;
    private final long t1Nanos;
    private final ScheduledThreadPoolExecutor timer;
    private final Map<String, ClientTransaction> clients = new ConcurrentHashMap<>();
    private final Map<String, ServerTransaction> servers = new ConcurrentHashMap<>();
    private volatile @Nullable User user;
    private volatile boolean deaf;

    TransactionLayer(Wire wire, Identity identity, PhoneLog log, Duration t1) {
        this.wire = wire;
        this.identity = identity;
        this.log = log;
        this.t1Nanos = t1.toNanos();
        this.timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "phone-" + identity.user() + "-timer");
            thread.setDaemon(true);
            return thread;
        });
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

    void send(byte[] message) {
        log.sent(message);
        wire.send(message);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a task looks whether it is still wanted
    void after(long nanos, Runnable task) {
        try {
            timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // closed: nothing is repeated any more
        }
    }

    // ---- for the phone

    void start(ClientTransaction transaction) {
        clients.put(transaction.key(), transaction);
        transaction.start();
    }

    /** From now on nothing is heard. */
    void deafen() {
        deaf = true;
    }

    // ---- what comes in

    @Override
    public void received(byte[] bytes) {
        User above = user;
        if (deaf || above == null) {
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
                received(request, above);
            } else if (message instanceof SipResponse response) {
                received(response);
            }
        } catch (SipParseException | RuntimeException e) {
            above.complain("could not take a message: " + e);
        }
    }

    private void received(SipResponse response) throws SipParseException {
        String key = ClientTransaction.key(
                response.topVia().branch(), response.cseq().method().name());
        ClientTransaction transaction = clients.get(key);
        if (transaction != null) {
            transaction.received(response);
        } else {
            log.note("   (belongs to no request)");
        }
    }

    private void received(SipRequest request, User above) throws SipParseException {
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
        request.cseq(); // malformed: complained of here, and not later
        ServerTransaction transaction = new ServerTransaction(this, request);
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

    /** Ends both threads; nothing is sent or heard afterwards. */
    @Override
    public void close() {
        timer.shutdownNow();
        wire.close();
        try {
            if (!timer.awaitTermination(2, TimeUnit.SECONDS)) {
                throw new IllegalStateException("close: the timer of phone " + identity.user() + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
