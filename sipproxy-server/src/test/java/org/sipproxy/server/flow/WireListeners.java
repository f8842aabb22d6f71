package org.sipproxy.server.flow;

import java.lang.reflect.Field;
import java.util.Collection;
import org.sipproxy.core.SipProxy;

/** Number of wire listeners of a proxy, which has no method for it: 0 is what makes the tap cost nothing. */
public final class WireListeners {

    private WireListeners() {}

    public static int of(SipProxy proxy) {
        return ((Collection<?>) read(read(read(proxy, "engine"), "tap"), "listeners")).size();
    }

    private static Object read(Object from, String name) {
        try {
            Field field = from.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return field.get(from);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(from.getClass() + " has no field " + name, e);
        }
    }
}
