package org.sipproxy.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.core.SipProxy;

/**
 * Check for calls and requests that a test has left, for extensions of other test frameworks; {@link SipProxyExtension}
 * has it built in. An open dialog is not a leak: the proxy keeps no dialogs, and not every test needs to send BYE.
 *
 * <pre>{@code
 * LeakCheck check = LeakCheck.before(proxy);
 * runTest();
 * List<String> leaks = check.after(phones);
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 */
public final class LeakCheck {

    /** Time for pending messages, such as a CANCEL to another phone, to arrive after the end of a test. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    private final SipProxy proxy;
    private final @Nullable TestClock clock;
    /** Stalls of the proxy before the test: those of an earlier test, or of a busy machine, are not its leak. */
    private final long stalledBefore;

    LeakCheck(SipProxy proxy, @Nullable TestClock clock) {
        this.proxy = proxy;
        this.clock = clock;
        this.stalledBefore = proxy.statistics().stalledReceivers();
    }

    /** Returns a check for a test that is about to run on a started proxy. */
    public static LeakCheck before(SipProxy proxy) {
        return new LeakCheck(proxy, null);
    }

    /**
     * Returns what the test has left, one line each: unanswered calls and {@linkplain Phone#complaints() complaints} of
     * the phones, requests of the proxy without a final response, and stages that held a receiver thread. Waits up to
     * 3 s each for calls and requests to end. Does not check completed transactions, which stay for up to 32 s (Timers
     * D, I, J and M of RFC 3261 and 6026).
     *
     * @param phones the phones of the test, not closed yet
     */
    public List<String> after(Collection<Phone> phones) {
        List<String> leaks = ofPhones(phones, clock);
        if (!new Patience(GRACE, clock).await(() -> proxy.statistics().unanswered() == 0)) {
            leaks.add("proxy: "
                    + Quantity.of(proxy.statistics().unanswered(), "request still waits", "requests still wait")
                    + " for a final response");
        }
        if (proxy.statistics().stalledReceivers() > stalledBefore) {
            leaks.add(
                    "proxy: a stage or listener that must not block held a receiver thread; see the log for its stack");
        }
        return leaks;
    }

    /** Returns unanswered calls and complaints of the phones. */
    static List<String> ofPhones(Collection<Phone> phones, @Nullable TestClock clock) {
        new Patience(GRACE, clock)
                .await(() ->
                        phones.stream().allMatch(phone -> phone.pendingCalls().isEmpty()));
        List<String> leaks = new ArrayList<>();
        for (Phone phone : phones) {
            for (IncomingCall call : phone.pendingCalls()) {
                leaks.add(phone.user() + ": the call " + call.id() + " was neither answered nor cancelled");
            }
            phone.complaints().forEach(complaint -> leaks.add(phone.user() + ": " + complaint));
        }
        return leaks;
    }

    /** Returns the threads that a closed proxy and its components have left. */
    static List<String> ofThreads(ThreadFence fence) {
        if (new Patience(GRACE, null).await(() -> fence.alive().isEmpty())) {
            return List.of();
        }
        return List.of("proxy: closed, but these threads are alive: " + fence.alive());
    }
}
