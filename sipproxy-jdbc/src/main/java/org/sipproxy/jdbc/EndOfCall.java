package org.sipproxy.jdbc;

import org.jspecify.annotations.Nullable;

/**
 * End of a call that needs a query first: whether the end is recorded already and, unless {@code call} is given, when
 * the call began and who called whom. Such calls were begun by another process: an earlier run of this proxy, or
 * another node.
 *
 * @param bye the row of the BYE; null if {@code acc} has none
 * @param key the call
 * @param call the call, if this process knows when it began; null otherwise
 * @param byTag the tag of the side that sent the BYE, {@link #TIMEOUT} or {@link #PROXY}
 * @param endMillis when it ended, in milliseconds since 1970
 */
record EndOfCall(@Nullable AccountingRow bye, CallKey key, OpenCalls.@Nullable Call call, String byTag, long endMillis)
        implements AccountingEntry {

    /** Neither side: the longest duration is over. */
    static final String TIMEOUT = "timeout";

    /** The host application of the proxy. */
    static final String PROXY = "proxy";

    /** Returns the value of {@link AccountingTable#ENDED_BY}. */
    String endedBy(OpenCalls.Call of) {
        return byTag.equals(TIMEOUT) || byTag.equals(PROXY) ? byTag : side(of, byTag);
    }

    static String side(OpenCalls.Call call, String tag) {
        return call.fromTag().equals(tag) ? "caller" : "callee";
    }
}
