package org.sipproxy.message;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Normal form of hosts in URIs, in Via and in the configuration. Two texts name the same host if and only if their
 * normal forms are equal. Does not resolve names.
 * <ul>
 * <li>A name is in lower case and without the trailing dot (RFC 4343, RFC 1034 §3.1).
 * <li>A dotted quad has no leading zeros. Its parts are decimal according to RFC 3261 §25.1: {@code 010.0.0.1} is
 *     10.0.0.1.
 * <li>An IPv6 address is in brackets and in the text form of RFC 5952. An IPv4-mapped address is the IPv4 address.
 *     Addresses therefore compare by value (RFC 5954 §4.2).
 * <li>A text whose last label is a number, such as {@code 127.1}, {@code 2130706433} or {@code 0x7f.1}, is neither an
 *     address nor a name: RFC 3261 §25.1 requires a letter at the start of the last label. Only the resolvers of
 *     operating systems read it as an address. {@link #isMisspelledAddress} detects it, and {@link SipUri} rejects it.
 * </ul>
 */
public final class HostName {

    private static final int MAX_NAME = 253;
    private static final int MAX_LABEL = 63;
    private static final String LOCALHOST = "localhost";

    private HostName() {}

    /**
     * Returns the normal form. A name or dotted quad that is in normal form is returned itself, without an allocation.
     */
    public static String normal(String host) {
        if (isNormal(host)) {
            return host;
        }
        Optional<InetAddress> address = address(host);
        if (address.isPresent()) {
            String text = text(address.get());
            return text.equals(host) ? host : text;
        }
        return lowerCase(host, withoutDot(host));
    }

    /** Returns the normal form of an address: a dotted quad, or an IPv6 address in brackets. */
    public static String text(InetAddress address) {
        return address instanceof Inet4Address ? address.getHostAddress() : ipv6(address.getAddress());
    }

    /**
     * Returns an address without brackets, as in {@code received} and in logs: a dotted quad, or the text form of RFC
     * 5952 for IPv6. Omits the scope, which is meaningless on another machine.
     */
    public static String literal(InetAddress address) {
        String text = text(address);
        return text.charAt(0) == '[' ? text.substring(1, text.length() - 1) : text;
    }

    /** Returns true if both texts name the same host. */
    public static boolean same(String host, String other) {
        return host.equals(other) || normal(host).equals(normal(other));
    }

    /** Returns the numeric address that the host is; empty for a name. */
    public static Optional<InetAddress> address(String host) {
        Objects.requireNonNull(host, "host");
        return IpLiteral.parse(host.substring(0, withoutDot(host)));
    }

    /** Returns the numeric address that the host in {@code [from, to)} is; empty for a name. */
    static Optional<InetAddress> address(byte[] bytes, int from, int to) {
        return IpLiteral.parse(bytes, from, to - from > 1 && bytes[to - 1] == '.' ? to - 1 : to);
    }

    /**
     * Returns true for {@code localhost} and its subdomains, which stand for the loopback addresses (RFC 6761 §6.3).
     */
    public static boolean isLocalhost(String normalHost) {
        return normalHost.endsWith(LOCALHOST)
                && (normalHost.length() == LOCALHOST.length()
                        || normalHost.charAt(normalHost.length() - LOCALHOST.length() - 1) == '.');
    }

    /**
     * Returns the normal form of a name that can be looked up; null if it is not a valid host name (RFC 1035 §2.3.4,
     * RFC 3261 §25.1). An address is not a name.
     */
    public static @Nullable String canonical(String text) {
        int end = withoutDot(text);
        if (end == 0 || end > MAX_NAME) {
            return null;
        }
        int label = 0;
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c == '.') {
                if (i == label || i - label > MAX_LABEL) {
                    return null;
                }
                label = i + 1;
            } else if (!isNameCharacter(c)) {
                return null;
            }
        }
        if (end == label || end - label > MAX_LABEL || isNumber(text, label, end)) {
            return null;
        }
        return lowerCase(text, end);
    }

    /**
     * Returns true if a host is neither an address nor a name: its last label is a number, as in the truncated address
     * {@code 203.0.113}, which operating systems read as another address.
     */
    public static boolean isMisspelledAddress(String host) {
        byte[] bytes = host.getBytes(StandardCharsets.ISO_8859_1);
        return bytes.length > 0 && host.indexOf(':') < 0 && isMisspelledAddress(bytes, 0, bytes.length);
    }

    /** Returns true if the last label in {@code [from, to)} is a number and the text is not a dotted quad. */
    static boolean isMisspelledAddress(byte[] a, int from, int to) {
        int end = to - from > 1 && a[to - 1] == '.' ? to - 1 : to;
        if (!Chars.isHex(a[end - 1]) && Chars.lower(a[end - 1]) != 'x') {
            return false; // most names
        }
        if (Chars.isDigit(a[from]) && IpLiteral.quad(a, from, end) >= 0) {
            return false; // most addresses
        }
        int label = end;
        while (label > from && a[label - 1] != '.') {
            label--;
        }
        return isNumber(a, label, end);
    }

    /**
     * Returns true for digits, or hexadecimal digits after {@code 0x}, which the resolver of an operating system takes
     * for a number.
     */
    private static boolean isNumber(byte[] a, int from, int to) {
        if (from == to || !Chars.isDigit(a[from])) {
            return false;
        }
        boolean hex = to - from > 1 && a[from] == '0' && Chars.lower(a[from + 1]) == 'x';
        for (int i = hex ? from + 2 : from; i < to; i++) {
            if (hex ? !Chars.isHex(a[i]) : !Chars.isDigit(a[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNumber(String text, int from, int to) {
        byte[] label = text.substring(from, to).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        return isNumber(label, 0, label.length);
    }

    /**
     * True only for text in normal form. False for some such texts, which {@link #normal} then returns unchanged after
     * a full conversion.
     */
    private static boolean isNormal(String host) {
        int length = host.length();
        if (length == 0) {
            return true;
        }
        char first = host.charAt(0);
        char last = host.charAt(length - 1);
        if (first >= '0' && first <= '9' && last >= '0' && last <= '9') {
            return isNormalQuad(host);
        }
        for (int i = 0; i < length; i++) {
            char c = host.charAt(i);
            if (c > 'z' || (c >= 'A' && c <= 'Z') || c == ':' || c == '[') {
                return false;
            }
        }
        return last != '.';
    }

    /**
     * Returns true only for a host of a URI that is in normal form but for the case of its letters. False for some such
     * texts, as the other method.
     */
    static boolean isNormal(byte[] a, int from, int to) {
        if (Chars.isDigit(a[from]) && Chars.isDigit(a[to - 1])) {
            return isNormal(new String(a, from, to - from, StandardCharsets.ISO_8859_1));
        }
        return a[from] != '[' && a[to - 1] != '.';
    }

    private static boolean isNormalQuad(String host) {
        int value = -1;
        int parts = 1;
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c == '.' && value >= 0) {
                parts++;
                value = -1;
            } else if (c < '0' || c > '9' || value == 0) {
                return false; // also for a leading zero
            } else {
                value = Math.max(value, 0) * 10 + (c - '0');
                if (value > 255) {
                    return false;
                }
            }
        }
        return parts == 4 && value >= 0;
    }

    /** Returns the end of the text without one trailing dot. */
    private static int withoutDot(String host) {
        return host.length() > 1 && host.endsWith(".") ? host.length() - 1 : host.length();
    }

    private static String lowerCase(String host, int end) {
        StringBuilder out = new StringBuilder(end);
        for (int i = 0; i < end; i++) {
            char c = host.charAt(i);
            out.append(c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c);
        }
        return out.toString();
    }

    /**
     * Formats an IPv6 address according to RFC 5952 §4: lower case, no leading zeros, and the longest run of zero
     * groups as {@code ::}, the first one if several are equally long.
     */
    private static String ipv6(byte[] bytes) {
        int best = -1;
        int bestLength = 1; // §4.2.2: a single zero group is not shortened
        for (int i = 0; i < 8; i++) {
            int run = 0;
            while (i + run < 8 && group(bytes, i + run) == 0) {
                run++;
            }
            if (run > bestLength) {
                best = i;
                bestLength = run;
            }
            i += Math.max(run - 1, 0);
        }
        StringBuilder out = new StringBuilder(41).append('[');
        for (int i = 0; i < 8; i++) {
            if (i == best) {
                out.append("::");
                i += bestLength - 1;
            } else {
                if (out.charAt(out.length() - 1) != ':' && i > 0) {
                    out.append(':');
                }
                out.append(Integer.toHexString(group(bytes, i)));
            }
        }
        return out.append(']').toString();
    }

    private static int group(byte[] bytes, int index) {
        return (bytes[2 * index] & 0xff) << 8 | (bytes[2 * index + 1] & 0xff);
    }

    /**
     * Returns true for letters, digits, hyphen and underscore. RFC 3261 does not allow underscores in host names, but
     * real networks use them, and so does every SRV name.
     */
    private static boolean isNameCharacter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_';
    }
}
