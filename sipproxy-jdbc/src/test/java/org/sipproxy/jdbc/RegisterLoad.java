package org.sipproxy.jdbc;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.sipproxy.testkit.Phone;

/** Phones that register one after another without pause, with the bindings that were acknowledged to each of them. */
final class RegisterLoad implements AutoCloseable {

    /** Latest acknowledgement of a phone: its CSeq and time. */
    record Acknowledged(long cseq, long atNanos) {}

    /** Status of a request that got no response in time. */
    private static final int NO_ANSWER = 0;

    private static final int USERS_OF_A_PHONE = 20;

    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, List<Acknowledged>> acknowledged = new ConcurrentHashMap<>();
    private final Map<Integer, AtomicInteger> answers = new ConcurrentHashMap<>();
    private volatile boolean stopped;

    /** Starts phones that continue without a response after their patience. */
    RegisterLoad(InetSocketAddress proxy, int phones, Duration patience) {
        for (int i = 0; i < phones; i++) {
            int phone = i;
            Thread thread = new Thread(() -> run(proxy, phone, patience), "phone-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private void run(InetSocketAddress proxy, int number, Duration patience) {
        // no retransmissions, which would hide a lost request
        try (Phone phone = Phone.builder("load")
                .proxy(proxy)
                .t1(patience.multipliedBy(2))
                .patience(patience)
                .open()) {
            for (long cseq = 1; !stopped; cseq++) {
                String user = "u" + number + "x" + cseq % USERS_OF_A_PHONE;
                int status = register(phone, user, cseq);
                answers.computeIfAbsent(status, s -> new AtomicInteger()).incrementAndGet();
                if (status == 200) {
                    acknowledged
                            .computeIfAbsent(user, u -> new ArrayList<>())
                            .add(new Acknowledged(cseq, System.nanoTime()));
                }
            }
        }
    }

    /** Returns the status of the response to the phone's next REGISTER. User-Agent is {@code ua-} and the CSeq. */
    private static int register(Phone phone, String user, long cseq) {
        String aor = "<sip:" + user + "@sip.test>";
        try {
            return phone.tryRegister(
                            Duration.ofMinutes(5),
                            parts -> parts.header("From", aor + ";tag=" + user)
                                    .header("To", aor)
                                    .header("Contact", aor.replace("sip.test", hostPort(phone)))
                                    .header("User-Agent", "ua-" + cseq))
                    .statusCode();
        } catch (AssertionError e) {
            return NO_ANSWER;
        }
    }

    private static String hostPort(Phone phone) {
        return "127.0.0.1:" + phone.localAddress().getPort();
    }

    /** Returns the number of responses with this status. */
    int answers(int status) {
        AtomicInteger count = answers.get(status);
        return count == null ? 0 : count.get();
    }

    Map<Integer, AtomicInteger> answers() {
        return answers;
    }

    /** Returns each user with its acknowledgements, in order. Read it when the load has stopped. */
    Map<String, List<Acknowledged>> acknowledged() {
        return acknowledged;
    }

    /**
     * Returns each user with the last CSeq that was acknowledged before that time. Read it when the load has stopped.
     */
    Map<String, Long> acknowledgedBefore(long nanos) {
        Map<String, Long> last = new ConcurrentHashMap<>();
        acknowledged.forEach((user, all) -> all.stream()
                .filter(a -> a.atNanos() - nanos < 0)
                .mapToLong(Acknowledged::cseq)
                .max()
                .ifPresent(cseq -> last.put(user, cseq)));
        return last;
    }

    /** Stops the load; each phone first waits for its pending response. */
    @Override
    public void close() {
        stopped = true;
        try {
            for (Thread thread : threads) {
                thread.join(10_000);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
