package org.sipproxy.server.operations;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.event.SecurityEvent;

/**
 * Counts of what the proxy refused or dropped, by status and reason, and of rejected credentials. Rejected credentials
 * get a challenge, which is not a refusal. Bounded, because a host application chooses its reasons. Thread-safe.
 */
final class RefusalCounts {

    private static final int MAX_REASONS = 100;
    private static final int NO_RESPONSE = 0;
    private static final int REJECTED = -1;

    private final ConcurrentHashMap<Kind, LongAdder> counts = new ConcurrentHashMap<>();

    /**
     * Status and reason. The text is composed when it is listed, because each datagram of a flood may be counted.
     *
     * @param status the status; {@link #NO_RESPONSE} or {@link #REJECTED}
     */
    private record Kind(int status, String reason) {

        String text() {
            return switch (status) {
                case NO_RESPONSE -> "dropped: " + reason;
                case REJECTED -> "authentication failed: " + reason;
                default -> status + " " + reason;
            };
        }
    }

    /** Listens to the proxy. */
    void install(ComponentHooks hooks) {
        hooks.onRefusal(this::refused);
        hooks.onEvent(new ProxyListener() {
            @Override
            public void onEvent(SecurityEvent event) {
                if (event instanceof SecurityEvent.AuthenticationFailed failed) {
                    count(REJECTED, failed.reason().toLowerCase(Locale.ROOT).replace('_', ' '));
                }
            }

            @Override
            public boolean keepsRecord() {
                return false;
            }
        });
    }

    void refused(Refusal refusal) {
        count(refusal.statusCode(), refusal.reason());
    }

    private void count(int status, String reason) {
        Kind key = new Kind(status, reason);
        LongAdder count = counts.get(key);
        if (count == null) {
            Kind bounded = counts.size() < MAX_REASONS ? key : new Kind(status, "other");
            count = counts.computeIfAbsent(bounded, added -> new LongAdder());
        }
        count.increment();
    }

    /**
     * Returns the counts, such as {@code 403 Relaying Denied}, {@code dropped: …} without a response, and {@code
     * authentication failed: wrong password}. When there are more than 100 reasons, further ones are counted as {@code
     * other} of their status.
     */
    Map<String, Long> list() {
        Map<String, Long> list = new TreeMap<>();
        counts.forEach((kind, count) -> list.put(kind.text(), count.sum()));
        return Map.copyOf(list);
    }
}
