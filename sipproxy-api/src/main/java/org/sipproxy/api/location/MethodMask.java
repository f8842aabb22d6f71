package org.sipproxy.api.location;

import java.util.Map;
import org.sipproxy.message.Method;
import org.sipproxy.message.wire.MessageIndex;

/** Sets of methods as one number, with the bits that Kamailio's {@code location.methods} has. */
public final class MethodMask {

    /** Every method: what a client allows that does not say. */
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

    /** The bit of a method; all methods that have none of their own share one. */
    public static int bit(Method method) {
        return BITS.getOrDefault(method, OTHER);
    }

    /** The bit of the method that stands in {@code [from, to)}, white space around it ignored; 0 if there is none. */
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

    /** True if the method is in the set. */
    public static boolean contains(int mask, Method method) {
        return mask == ALL || (mask & bit(method)) != 0;
    }
}
