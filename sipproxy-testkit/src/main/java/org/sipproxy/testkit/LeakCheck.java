package org.sipproxy.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.sipproxy.core.SipProxy;

/**
 * Check for calls, requests and threads that a test has left. An open dialog is not a leak: the proxy keeps no dialogs,
 * and not every test needs to send BYE.
 */
final class LeakCheck {

    /** Time for pending messages, such as a CANCEL to another phone, to arrive after the end of a test. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    private LeakCheck() {}

    /** Returns unanswered calls and complaints of the phones. */
    static List<String> ofPhones(List<Phone> phones) {
        becomes(() -> phones.stream().allMatch(phone -> phone.pendingCalls().isEmpty()));
        List<String> leaks = new ArrayList<>();
        for (Phone phone : phones) {
            for (IncomingCall call : phone.pendingCalls()) {
                leaks.add(phone.user() + ": the call " + call.id() + " was neither answered nor cancelled");
            }
            phone.complaints().forEach(complaint -> leaks.add(phone.user() + ": " + complaint));
        }
        return leaks;
    }

    /**
     * Returns requests of the proxy without a final response, and stages that blocked a receiver thread. Does not check
     * completed transactions, which stay for up to 32 s (Timers D, I, J and M of RFC 3261 and 6026).
     *
     * @param stalledBefore {@code stalledReceivers()} at the start of the test
     */
    static List<String> ofProxy(SipProxy proxy, long stalledBefore) {
        List<String> leaks = new ArrayList<>();
        if (!becomes(() -> proxy.statistics().unanswered() == 0)) {
            leaks.add("proxy: " + proxy.statistics().unanswered() + " requests still wait for a final response");
        }
        if (proxy.statistics().stalledReceivers() > stalledBefore) {
            leaks.add(
                    "proxy: a stage or listener that must not block held a receiver thread; see the log for its stack");
        }
        return leaks;
    }

    /** Returns the threads that a closed proxy and its components have left. */
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
