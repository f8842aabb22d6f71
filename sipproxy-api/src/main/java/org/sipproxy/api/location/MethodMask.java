package org.sipproxy.api.location;

import java.util.Map;
import org.sipproxy.message.Method;
import org.sipproxy.message.wire.MessageIndex;

/** Sets of methods as an int, with the bits of Kamailio's column {@code location.methods}. */
public final class MethodMask {

    /** Every method: used for a client that does not list the methods that it allows. */
    public static final int ALL = -1;

    private static final int OTHER = 1 << 19;

    private static final Map<Method, Integer> BITS = Map.ofEntries(
            Map.entry(Method.INVITE, 1),
            Map.entry(Method.CANCEL, 1 << 1),
            Map.entry(Method.ACK, 1 << 2),
            Map.entry(Method.BYE, 1 << 3),
            Map.entry(Method.INFO, 1 << 4),
            Map.entry(Method.REGISTER, 1 << 5),
            Map.entry(Method.SUBSCRIBE, 1 << 6),
            Map.entry(Method.NOTIFY, 1 << 7),
            Map.entry(Method.MESSAGE, 1 << 8),
            Map.entry(Method.OPTIONS, 1 << 9),
            Map.entry(Method.PRACK, 1 << 10),
            Map.entry(Method.UPDATE, 1 << 11),
            Map.entry(Method.REFER, 1 << 12),
            Map.entry(Method.PUBLISH, 1 << 13));

    private MethodMask() {}

    /** Returns the bit of a method. All methods without a bit of their own share one. */
    public static int bit(Method method) {
        return BITS.getOrDefault(method, OTHER);
    }

    /** Returns the bit of the method in {@code [from, to)}, ignoring white space around it; 0 if there is none. */
    public static int bit(MessageIndex message, int from, int to) {
        int start = from;
        int end = to;
        while (start < end && message.byteAt(start) <= ' ') {
            start++;
        }
        while (end > start && message.byteAt(end - 1) <= ' ') {
            end--;
        }
        return start == end ? 0 : bit(Method.of(message, start, end));
    }

    /** Returns true if the method is in the set. */
    public static boolean contains(int mask, Method method) {
        return mask == ALL || (mask & bit(method)) != 0;
    }
}
