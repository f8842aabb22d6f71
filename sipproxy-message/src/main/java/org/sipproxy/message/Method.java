package org.sipproxy.message;

import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sipproxy.message.wire.MessageIndex;

/**
 * A request method. The set is open: the registered methods are constants that may be compared with {@code ==}, and
 * {@link #of(String)} creates all others. Methods are case-sensitive (RFC 3261 §7.1).
 */
public final class Method {

    public static final Method INVITE = new Method("INVITE");
    public static final Method ACK = new Method("ACK");
    public static final Method BYE = new Method("BYE");
    public static final Method CANCEL = new Method("CANCEL");
    public static final Method REGISTER = new Method("REGISTER");
    public static final Method OPTIONS = new Method("OPTIONS");
    public static final Method INFO = new Method("INFO");
    public static final Method MESSAGE = new Method("MESSAGE");
    public static final Method NOTIFY = new Method("NOTIFY");
    public static final Method PRACK = new Method("PRACK");
    public static final Method PUBLISH = new Method("PUBLISH");
    public static final Method REFER = new Method("REFER");
    public static final Method SUBSCRIBE = new Method("SUBSCRIBE");
    public static final Method UPDATE = new Method("UPDATE");

    private static final Method[] KNOWN = {
        INVITE, ACK, BYE, CANCEL, REGISTER, OPTIONS, INFO, MESSAGE, NOTIFY, PRACK, PUBLISH, REFER, SUBSCRIBE, UPDATE
    };
    private static final Map<String, Method> BY_NAME =
            Stream.of(KNOWN).collect(Collectors.toUnmodifiableMap(Method::name, Function.identity()));

    private final String name;

    private Method(String name) {
        this.name = name;
    }

    /**
     * Returns the method with this name.
     *
     * @throws IllegalArgumentException if {@code name} is not a token (RFC 3261 §25.1)
     */
    public static Method of(String name) {
        Method known = BY_NAME.get(Objects.requireNonNull(name, "name"));
        if (known != null) {
            return known;
        }
        byte[] bytes = name.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        if (!Chars.isToken(bytes, 0, bytes.length)) {
            throw new IllegalArgumentException(
                    "method: \"" + SipParseException.excerpt(name) + "\" is not a token (RFC 3261 §25.1)");
        }
        return new Method(name);
    }

    /** Returns the method in {@code [from, to)}, which must be a token. Allocates nothing for a registered one. */
    static Method of(byte[] a, int from, int to) {
        int length = to - from;
        for (Method m : KNOWN) {
            if (m.name.length() == length && m.name.charAt(0) == a[from] && m.matches(a, from)) {
                return m;
            }
        }
        return new Method(Chars.text(a, from, to));
    }

    private boolean matches(byte[] a, int from) {
        for (int i = 1; i < name.length(); i++) {
            if (name.charAt(i) != a[from + i]) {
                return false;
            }
        }
        return true;
    }

    /** Returns the method in {@code [from, to)} of a message, which must be a token. */
    public static Method of(MessageIndex message, int from, int to) {
        byte[] token = message.copy(from, to);
        return of(token, 0, token.length);
    }

    boolean is(byte[] a, int from, int to) {
        return to - from == name.length() && a[from] == name.charAt(0) && matches(a, from);
    }

    /** Returns the token as it is written on the wire. */
    public String name() {
        return name;
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof Method m && m.name.equals(name));
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
