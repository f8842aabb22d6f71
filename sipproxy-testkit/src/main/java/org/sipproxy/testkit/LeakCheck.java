package org.sipproxy.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.sipproxy.core.SipProxy;

/**
 * What a test should not leave behind. A dialog that nobody has hung up is no leak: the proxy keeps none, and a test that is not
 * about BYE need not send one.
 */
final class LeakCheck {

    /** What is under way when a test ends, such as a CANCEL to another phone, gets at most this long to arrive. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    private LeakCheck() {}

    /** What phones did not answer or did not like. */
    static List<String> ofPhones(List<Phone> phones) {
        becomes(() -> phones.stream().allMatch(phone -> phone.pendingCalls().isEmpty()));
        List<String> leaks = new ArrayList<>();
        for (Phone phone : phones) {
            for (IncomingCall call : phone.pendingCalls()) {
                leaks.add(phone.user() + ": the call " + call.id() + " was neither answered nor given up");
            }
            phone.complaints().forEach(complaint -> leaks.add(phone.user() + ": " + complaint));
        }
        return leaks;
    }

    /**
     * Requests that the proxy has taken and not answered, and steps that blocked where they must not. Transactions that are answered stay for up to 32 s (Timers D, I, J and M of
     * RFC 3261 and 6026), so that there are some says nothing.
     */
    static List<String> ofProxy(SipProxy proxy) {
        List<String> leaks = new ArrayList<>();
        if (!becomes(() -> proxy.statistics().unanswered() == 0)) {
            leaks.add("proxy: " + proxy.statistics().unanswered() + " requests still wait for a final response");
        }
        if (proxy.statistics().stalledReceivers() > 0) {
            leaks.add(
                    "proxy: a step or listener that is said not to block held a receiving thread; the log says where");
        }
        return leaks;
    }

    /** Threads that a closed proxy and its components have left. */
    static List<String> ofThreads(ThreadFence fence) {
        if (becomes(() -> fence.alive().isEmpty())) {
            return List.of();
        }
        return List.of("proxy: closed, but these threads are alive: " + fence.alive());
    }

    private static boolean becomes(BooleanSupplier condition) {
        long limit = System.nanoTime() + GRACE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - limit > 0) {
                return false;
            }
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return condition.getAsBoolean();
            }
        }
        return true;
    }
}
