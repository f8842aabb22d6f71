package org.sipproxy.gateway;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Requests that were sent to members and have no final response yet, and the calls of each member: those being set up,
 * and those accepted and not ended. A call ends with a BYE of either side; one whose BYE was lost ends after a time. If
 * there are too many, the oldest ones are not counted any more. A call takes some 100 bytes.
 *
 * <p>Call-ID and tags are known to the two sides only, so a stranger cannot end a call here.
 * Thread-safe; the monitor is held for a look-up in a map.
 */
final class CallCounter {

    /** A request ends with its transaction; this is for one whose end is not reported. */
    private static final Duration PENDING = Duration.ofHours(1);

    private record Entry(Member member, boolean isCall, Instant expires) {}

    private final KeyedHash hash = KeyedHash.random();
    private final Duration lifetime;
    private final int limit;
    /** Both guarded by this object's monitor; in the order in which the entries expire. */
    private final Map<Long, Entry> requests = new LinkedHashMap<>();

    private final Map<Long, Entry> calls = new LinkedHashMap<>();

    CallCounter(Duration lifetime, int limit) {
        this.lifetime = lifetime;
        this.limit = limit;
    }

    /** Records that a request is sent to a member, perhaps after others that failed. */
    void sent(SipRequest request, Member member, Instant now) throws SipParseException {
        long key = transaction(request);
        boolean isCall = Method.INVITE.equals(request.method());
        synchronized (this) {
            remove(requests, key);
            put(requests, key, new Entry(member, isCall, now.plus(PENDING)), now);
        }
    }

    /** Records the final response to a request. Returns the member that it was sent to last; null if there was none. */
    @Nullable
    Member completed(SipRequest request, int statusCode, String toTag, Instant now) throws SipParseException {
        synchronized (this) {
            if (requests.isEmpty()) {
                return null;
            }
        }
        long key = transaction(request);
        long call = dialog(request.callId(), request.fromTag(), toTag);
        synchronized (this) {
            Entry entry = remove(requests, key);
            if (entry != null && entry.isCall() && statusCode < 300) {
                remove(calls, call);
                put(calls, call, new Entry(entry.member(), true, now.plus(lifetime)), now);
            }
            return entry == null ? null : entry.member();
        }
    }

    /** Ends the call of a BYE that got its final response. */
    void ended(SipRequest bye) throws SipParseException {
        synchronized (this) {
            if (calls.isEmpty()) {
                return;
            }
        }
        long call = dialog(bye.callId(), bye.fromTag(), bye.toTag());
        synchronized (this) {
            remove(calls, call);
        }
    }

    /** Removes expired requests and calls. */
    synchronized void expire(Instant now) {
        expire(requests, now);
        expire(calls, now);
    }

    private void put(Map<Long, Entry> map, long key, Entry entry, Instant now) {
        expire(map, now);
        if (map.size() >= limit) {
            remove(map, map.keySet().iterator().next());
        }
        map.put(key, entry);
        count(entry, 1);
    }

    private static void expire(Map<Long, Entry> map, Instant now) {
        Iterator<Entry> eldest = map.values().iterator();
        while (eldest.hasNext()) {
            Entry entry = eldest.next();
            if (entry.expires().isAfter(now)) {
                return;
            }
            eldest.remove();
            count(entry, -1);
        }
    }

    private static @Nullable Entry remove(Map<Long, Entry> map, long key) {
        Entry entry = map.remove(key);
        if (entry != null) {
            count(entry, -1);
        }
        return entry;
    }

    private static void count(Entry entry, int difference) {
        if (entry.isCall()) {
            entry.member().calls.addAndGet(difference);
        }
    }

    private long transaction(SipRequest request) throws SipParseException {
        return hash(request.callId()
                + '\n'
                + request.fromTag()
                + '\n'
                + request.cseq().number());
    }

    /** The sides of a dialog name its tags in opposite order. */
    private long dialog(String callId, String oneTag, String otherTag) {
        return oneTag.compareTo(otherTag) < 0
                ? hash(callId + '\n' + oneTag + '\n' + otherTag)
                : hash(callId + '\n' + otherTag + '\n' + oneTag);
    }

    private long hash(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return hash.hash(bytes, 0, bytes.length);
    }
}
