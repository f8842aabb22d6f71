package org.sipproxy.server.operations;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * What the proxy refused or dropped recently, and rejected credentials: one entry for each source address and reason, at
 * most {@value #MAX_ENTRIES}. The least recently used entry is evicted. Thread-safe.
 *
 * <p>Listeners run on receiver threads, for each datagram of a flood, so they only try the lock. If it is taken, the
 * refusal is counted as skipped. Under the lock there is one look-up in a hash map and a few writes to fields, so a
 * thread seldom skips, and a source that keeps sending is listed all the same. Rejected: a lock to wait for, with which
 * the receiver threads of a flood would run one after the other; a concurrent map, whose eviction by order of use is
 * work on the receiver threads, too.
 */
final class RecentRefusals {

    static final int MAX_ENTRIES = 1_000;

    private static final int NO_STATUS = 0;
    /** In characters; of texts that a sender or a host application chose. */
    private static final int MAX_METHOD = 24;

    private static final int MAX_FROM = 100;
    private static final int MAX_REASON = 160;

    private final KeyedHash hash = KeyedHash.random();
    private final ReentrantLock lock = new ReentrantLock();
    private final LongAdder skipped = new LongAdder();
    /** Guarded by the lock. The least recently used entry is the first. */
    private final Map<Key, Row> entries = new LinkedHashMap<>(MAX_ENTRIES * 2, 0.75f, true) {

        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Row> eldest) {
            boolean isFull = size() > MAX_ENTRIES;
            if (isFull) {
                evicted++;
            }
            return isFull;
        }
    };
    /** Guarded by the lock. */
    private long evicted;

    /** The hash is keyed: senders choose IPv6 addresses, and those with equal hash codes would make look-ups slow. */
    private record Key(int hash, InetAddress source, String reason) {

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /**
     * Refusals of one source for one reason. The texts and the port are those of the latest. Texts are cut when they are
     * recorded, and escaped when they are listed.
     */
    private static final class Row {

        /** The wall clock, for display only: the order of the entries does not depend on it. */
        final long firstMillis;

        final String reason;
        long lastMillis;
        long count;
        int status;
        int port;
        TransportKind transport;
        String method = "";
        String from = "";

        Row(long nowMillis, String reason, TransportKind transport) {
            this.firstMillis = nowMillis;
            this.reason = reason;
            this.transport = transport;
        }

        void update(long nowMillis, int newStatus, int newPort, TransportKind newTransport, Sender sender) {
            count++;
            lastMillis = nowMillis;
            status = newStatus;
            port = newPort;
            transport = newTransport;
            method = sender.method();
            from = sender.from();
        }

        AccessControl.RefusalInfo info(InetAddress source) {
            return new AccessControl.RefusalInfo(
                    Instant.ofEpochMilli(lastMillis),
                    Instant.ofEpochMilli(firstMillis),
                    count,
                    HostName.literal(source),
                    port,
                    transport,
                    status,
                    SipParseException.excerpt(method, MAX_METHOD),
                    SipParseException.excerpt(from, MAX_FROM),
                    SipParseException.excerpt(reason, MAX_REASON));
        }
    }

    /** Method and From of a request; empty without one. */
    private record Sender(String method, String from) {

        static final Sender UNKNOWN = new Sender("", "");

        static Sender of(String method, String from) {
            return new Sender(cut(method, MAX_METHOD), cut(from, MAX_FROM));
        }

        static Sender of(SipRequest request) {
            String from;
            try {
                from = request.from().uri().toString();
            } catch (SipParseException e) {
                from = "";
            }
            return of(request.method().name(), from);
        }
    }

    /** Listens to the proxy. */
    void install(ComponentHooks hooks) {
        hooks.onRefusal(this::refused);
        hooks.onEvent(new ProxyListener() {
            @Override
            public void onEvent(SecurityEvent event) {
                published(event);
            }

            @Override
            public boolean keepsRecord() {
                return false;
            }
        });
    }

    void refused(Refusal refusal) {
        add(
                refusal.source(),
                refusal.transport(),
                refusal.statusCode(),
                refusal.reason(),
                refusal.request().map(Sender::of).orElse(Sender.UNKNOWN));
    }

    void published(SecurityEvent event) {
        if (event instanceof SecurityEvent.AuthenticationFailed failed) {
            rejected(
                    failed.origin(),
                    "authentication failed: "
                            + failed.reason().toLowerCase(Locale.ROOT).replace('_', ' '));
        } else if (event instanceof SecurityEvent.AuthenticationLocked locked) {
            rejected(
                    locked.origin(),
                    locked.user().isEmpty()
                            ? "source locked out after too many failures"
                            : "user locked out after too many failures");
        }
    }

    private void rejected(SecurityEvent.Origin origin, String reason) {
        add(origin.source(), origin.transport(), NO_STATUS, reason, Sender.of(origin.method(), origin.from()));
    }

    private void add(InetSocketAddress source, TransportKind transport, int status, String reason, Sender sender) {
        InetAddress address = source.getAddress();
        if (address == null) {
            return;
        }
        Key key = key(address, reason);
        if (!lock.tryLock()) {
            skipped.increment();
            return;
        }
        try {
            long now = System.currentTimeMillis();
            Row entry = entries.get(key);
            if (entry == null) {
                entry = new Row(now, key.reason(), transport);
                entries.put(key, entry);
            }
            entry.update(now, status, source.getPort(), transport, sender);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the beginning of a text with one character more than is shown, so that a cut is visible. */
    private static String cut(String text, int shown) {
        return text.length() > shown + 1 ? text.substring(0, shown + 1) : text;
    }

    private Key key(InetAddress address, String reason) {
        String bounded = cut(reason, MAX_REASON);
        byte[] raw = address.getAddress();
        return new Key((int) hash.hash(bounded.hashCode(), raw, 0, raw.length), address, bounded);
    }

    /** Returns the entries of the sources that the predicate accepts, the latest first. Listeners do not wait for it. */
    AccessControl.Refusals list(Predicate<InetAddress> sources, int limit) {
        List<AccessControl.RefusalInfo> shown = new ArrayList<>();
        long dropped;
        lock.lock();
        try {
            entries.forEach((key, entry) -> {
                if (sources.test(key.source())) {
                    shown.add(entry.info(key.source()));
                }
            });
            dropped = evicted;
        } finally {
            lock.unlock();
        }
        Collections.reverse(shown);
        return new AccessControl.Refusals(
                shown.size(), List.copyOf(shown.subList(0, Math.min(limit, shown.size()))), dropped, skipped.sum());
    }
}
