package org.sipproxy.message;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Parser for numeric addresses in SIP notation (RFC 3261 §25.1): a dotted quad, or an IPv6 address with or without
 * brackets. Never looks up names, so the cost of hostile text is bounded by its length.
 *
 * <p>The four parts of a dotted quad are decimal, even with leading zeros. Zone identifiers are rejected, because they
 * are meaningless on another machine. An IPv4-mapped IPv6 address is returned as the IPv4 address.
 */
public final class IpLiteral {

    /** Length of the longest IPv6 text: six groups and a dotted quad. */
    private static final int MAX_IPV6 = 45;

    private IpLiteral() {}

    /** Parses the address in {@code [from, to)}; empty if it is not a numeric address. */
    public static Optional<InetAddress> parse(byte[] bytes, int from, int to) {
        return Optional.ofNullable(read(bytes, from, to));
    }

    /** Parses an address; empty if {@code text} is not a numeric address. */
    public static Optional<InetAddress> parse(CharSequence text) {
        Objects.requireNonNull(text, "text");
        int length = text.length();
        if (length > MAX_IPV6 + 2) {
            return Optional.empty();
        }
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            bytes[i] = c < 128 ? (byte) c : (byte) '?';
        }
        return parse(bytes, 0, length);
    }

    private static @Nullable InetAddress read(byte[] a, int from, int to) {
        if (from >= to) {
            return null;
        }
        if (a[from] == '[') {
            return a[to - 1] == ']' ? ipv6(a, from + 1, to - 1) : null;
        }
        if (Chars.isDigit(a[from])) {
            long quad = quad(a, from, to);
            if (quad >= 0) {
                byte[] bytes = new byte[4];
                put(quad, bytes, 0);
                return address(bytes);
            }
        }
        return ipv6(a, from, to);
    }

    /** Returns the 32 bits of the dotted quad in {@code [from, to)}; -1 if it is not a dotted quad. */
    static long quad(byte[] a, int from, int to) {
        if (to - from > 15) {
            return -1;
        }
        long bits = 0;
        int parts = 1;
        int digits = 0;
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = a[i] - '0';
            if (digit >= 0 && digit <= 9) {
                value = value * 10 + digit;
                if (++digits > 3 || value > 255) {
                    return -1;
                }
            } else if (a[i] == '.' && digits > 0 && parts < 4) {
                bits = bits << 8 | value;
                parts++;
                digits = 0;
                value = 0;
            } else {
                return -1;
            }
        }
        return parts == 4 && digits > 0 ? bits << 8 | value : -1;
    }

    private static void put(long quad, byte[] out, int at) {
        for (int part = 0; part < 4; part++) {
            out[at + part] = (byte) (quad >> (24 - 8 * part));
        }
    }

    private static @Nullable InetAddress ipv6(byte[] a, int from, int to) {
        if (to - from < 2 || to - from > MAX_IPV6) {
            return null;
        }
        byte[] out = new byte[16];
        int length = 0;
        int gap = -1;
        int i = from;
        if (a[i] == ':') {
            if (a[i + 1] != ':') {
                return null;
            }
            gap = 0;
            i += 2;
        }
        while (i < to) {
            int group = i;
            int value = 0;
            while (i < to && i - group < 4 && Chars.isHex(a[i])) {
                value = value << 4 | Character.digit(a[i++], 16);
            }
            if (i < to && a[i] == '.') {
                long quad = quad(a, group, to);
                if (length > 12 || quad < 0) {
                    return null;
                }
                put(quad, out, length);
                length += 4;
                break;
            }
            if (i == group || length > 14) {
                return null;
            }
            out[length++] = (byte) (value >> 8);
            out[length++] = (byte) value;
            if (i == to) {
                break;
            }
            if (a[i++] != ':' || i == to) {
                return null;
            }
            if (a[i] == ':') {
                if (gap >= 0) {
                    return null;
                }
                gap = length;
                i++;
            }
        }
        if (gap < 0) {
            return length == 16 ? address(out) : null;
        }
        if (length > 14) {
            return null; // RFC 4291 §2.2: "::" stands for at least one group
        }
        byte[] full = new byte[16];
        System.arraycopy(out, 0, full, 0, gap);
        System.arraycopy(out, gap, full, 16 - (length - gap), length - gap);
        return address(full);
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are an address", e);
        }
    }
}
