package org.sipproxy.api.call;

import java.util.Collection;
import java.util.List;

/**
 * Durable rows of answered calls, so that a proxy tracks them again after a restart; databases implement it. Set with
 * {@code SipProxyBuilder.callRepository}.
 *
 * <p>The proxy keeps the calls in memory. It reads the rows when it starts, and writes the calls that were answered,
 * refreshed or ended since the last write once a second, on a thread of its own ({@code <proxy>-calls-store}). No
 * message waits for it. After a crash, calls are as they were a second earlier: one that ended in this second is found
 * by {@code CallSettings.keepalive} or ends by {@code CallSettings.maxDuration}.
 *
 * <p>Methods are called by one thread at a time and may block. If one throws, nothing is lost: the proxy logs the
 * failure and tries again, after a pause of up to 5 s, with what has changed meanwhile. A repository must therefore
 * skip a call that it can never write, and not throw for it.
 */
public interface CallRepository {

    /**
     * Returns the calls that this proxy has stored and not removed, in any order. Calls of another proxy with the same
     * database belong to that one.
     */
    List<StoredCall> findAll();

    /**
     * Writes all or nothing. A call may be stored before, which replaces its row. Removing a call that is not stored is
     * not an error. No call is in both collections.
     */
    void write(Collection<StoredCall> changed, Collection<StoredCall.Key> ended);
}
