package org.sipproxy.gateway;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * The From of calls to a provider: what the caller wrote, and what the provider sees instead. Tags stay, because they
 * identify the dialog.
 *
 * <pre>
 *  message                          header  becomes
 *  -------------------------------  ------  --------------------
 *  request of the caller            From    that of the provider
 *  response to it                   From    that of the caller
 *  request of the called side       To      that of the caller
 *  response to it                   To      that of the provider
 * </pre>
 *
 * <p>A call takes some 500 bytes, until a while after its end. If there are too many, or after a restart, messages of
 * older calls pass unchanged: user agents compare tags (RFC 3261 §12). Thread-safe; the monitor is held for a look-up
 * in a map.
 */
final class ReplacedFrom {

    /** For retransmissions, and for the response to the BYE. */
    private static final Duration AFTER_END = Duration.ofSeconds(40);

    private static final int MOST = 100_000;

    private record Entry(String ofCaller, String ofProvider, Instant expires) {}

    private final KeyedHash hash = KeyedHash.random();
    private final Duration lifetime;
    private final Supplier<Instant> clock;
    /** Both guarded by this object's monitor; in the order in which the entries expire. */
    private final Map<Long, Entry> calls = new LinkedHashMap<>();

    private final Map<Long, Entry> ended = new LinkedHashMap<>();

    /** @param clock the proxy's time */
    ReplacedFrom(Duration lifetime, Supplier<Instant> clock) {
        this.lifetime = lifetime;
        this.clock = clock;
    }

    /** Returns an initial request as the provider gets it. */
    SipRequest outgoing(SipRequest request, SipUri seen) throws SipParseException {
        String ofCaller = request.header(HeaderName.FROM).orElseThrow();
        String ofProvider = displayName(ofCaller) + "<" + seen + ">;tag=" + request.fromTag();
        long key = key(request.callId(), request.fromTag());
        Instant now = clock.get();
        synchronized (this) {
            calls.remove(key);
            expire(calls, now);
            if (calls.size() >= MOST) {
                calls.remove(calls.keySet().iterator().next());
            }
            calls.put(key, new Entry(ofCaller, ofProvider, now.plus(lifetime)));
        }
        return request.withHeader(HeaderName.FROM, ofProvider);
    }

    /** Returns the display name with a space behind it; empty if there is none. */
    private static String displayName(String from) {
        boolean quoted = false;
        for (int i = 0; i < from.length(); i++) {
            char c = from.charAt(i);
            if (c == '\\' && quoted) {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == '<' && !quoted) {
                String name = from.substring(0, i).strip();
                return name.isEmpty() ? "" : name + " ";
            }
        }
        return "";
    }

    /** Returns an in-dialog request as its receiver is to get it. */
    SipRequest inDialog(SipRequest request) throws SipParseException {
        if (isEmpty()) {
            return request;
        }
        Entry ofCaller = find(request.callId(), request.fromTag());
        if (ofCaller != null) {
            return request.withHeader(HeaderName.FROM, ofCaller.ofProvider());
        }
        Entry ofCallee = find(request.callId(), request.toTag());
        return ofCallee == null ? request : request.withHeader(HeaderName.TO, ofCallee.ofCaller());
    }

    /** Returns a response as its receiver is to get it. */
    SipResponse response(SipResponse response) throws SipParseException {
        if (isEmpty()) {
            return response;
        }
        Entry toCaller = find(response.callId(), response.fromTag());
        if (toCaller != null) {
            return response.withHeader(HeaderName.FROM, toCaller.ofCaller());
        }
        Entry toCallee = find(response.callId(), response.toTag());
        return toCallee == null ? response : response.withHeader(HeaderName.TO, toCallee.ofProvider());
    }

    /** The call of this request has ended; the last messages of it may follow. */
    void ended(SipMessage request) throws SipParseException {
        Instant now = clock.get();
        long one = key(request.callId(), request.fromTag());
        long other = key(request.callId(), request.toTag());
        synchronized (this) {
            for (long key : new long[] {one, other}) {
                Entry entry = calls.remove(key);
                if (entry != null) {
                    expire(ended, now);
                    ended.put(key, new Entry(entry.ofCaller(), entry.ofProvider(), now.plus(AFTER_END)));
                }
            }
        }
    }

    /** Returns how many calls are remembered. */
    synchronized int size() {
        return calls.size() + ended.size();
    }

    private static void expire(Map<Long, Entry> map, Instant now) {
        Iterator<Entry> eldest = map.values().iterator();
        while (eldest.hasNext() && !eldest.next().expires().isAfter(now)) {
            eldest.remove();
        }
    }

    private synchronized boolean isEmpty() {
        return calls.isEmpty() && ended.isEmpty();
    }

    private @Nullable Entry find(String callId, String tag) {
        long key = key(callId, tag);
        synchronized (this) {
            Entry entry = calls.get(key);
            return entry == null ? ended.get(key) : entry;
        }
    }

    private long key(String callId, String tag) {
        byte[] bytes = (callId + '\n' + tag).getBytes(StandardCharsets.UTF_8);
        return hash.hash(bytes, 0, bytes.length);
    }
}
