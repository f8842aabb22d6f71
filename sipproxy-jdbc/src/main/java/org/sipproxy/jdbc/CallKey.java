package org.sipproxy.jdbc;

import java.util.function.UnaryOperator;

/**
 * Key of a dialog: Call-ID and both tags (RFC 3261 §12), each as a row of {@code acc} has it. The tags are sorted,
 * because a BYE may come from either side.
 */
record CallKey(String callId, String lower, String higher) {

    /** Returns the key as the database has it if texts are changed before they are written. */
    CallKey filtered(UnaryOperator<String> filter) {
        return of(filter.apply(callId), filter.apply(lower), filter.apply(higher));
    }

    static CallKey of(String callId, String tag, String otherTag) {
        return tag.compareTo(otherTag) <= 0 ? new CallKey(callId, tag, otherTag) : new CallKey(callId, otherTag, tag);
    }
}
