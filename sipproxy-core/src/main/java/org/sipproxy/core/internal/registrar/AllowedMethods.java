package org.sipproxy.core.internal.registrar;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Reader of the methods in Allow. Phones of one model list the same methods, so bindings share the sets. Limited in
 * number and size, because clients choose the methods.
 */
final class AllowedMethods {

    /** Number of shared sets; further ones are not shared. */
    private static final int SHARED = 1_024;

    /** Number of elements of one Allow that are not registered methods; the rest of the header is not read. */
    static final int MAX_OTHERS = 16;

    /** Length of a method that is not registered; longer ones are ignored. */
    private static final int MAX_OTHER_CHARS = 32;

    private final ConcurrentHashMap<Set<Method>, Set<Method>> sets = new ConcurrentHashMap<>();

    /** Returns the methods in the request's Allow; empty if it has none. */
    Set<Method> of(SipRequest request) {
        int line = request.firstHeader(HeaderName.ALLOW);
        if (line < 0) {
            return Set.of();
        }
        Set<Method> methods = new HashSet<>();
        int others = 0;
        for (; line >= 0; line = request.nextHeader(HeaderName.ALLOW, line)) {
            int end = request.index().valueEnd(line);
            int from = request.index().valueStart(line);
            for (int i = from; i <= end && others < MAX_OTHERS; i++) {
                if (i == end || request.index().byteAt(i) == ',') {
                    others += add(request.index(), from, i, methods);
                    from = i + 1;
                }
            }
        }
        return shared(methods);
    }

    /** Adds the method in {@code [from, to)}, ignoring white space around it. Returns 1 if it is not registered. */
    private static int add(MessageIndex message, int from, int to, Set<Method> methods) {
        int start = from;
        int end = to;
        while (start < end && message.byteAt(start) <= ' ') {
            start++;
        }
        while (end > start && message.byteAt(end - 1) <= ' ') {
            end--;
        }
        if (start == end) {
            return 0;
        }
        if (end - start > MAX_OTHER_CHARS) {
            return 1;
        }
        Method method = Method.of(message, start, end);
        try {
            methods.add(method);
            return Method.of(method.name()) == method ? 0 : 1; // a registered method is a constant
        } catch (IllegalArgumentException e) {
            methods.remove(method); // not a token
            return 1;
        }
    }

    private Set<Method> shared(Set<Method> methods) {
        Set<Method> known = sets.get(methods);
        if (known != null) {
            return known;
        }
        Set<Method> made = Set.copyOf(methods);
        if (sets.mappingCount() < SHARED) {
            sets.putIfAbsent(made, made);
        }
        return made;
    }
}
