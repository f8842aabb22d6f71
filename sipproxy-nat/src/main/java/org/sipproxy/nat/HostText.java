package org.sipproxy.nat;

import java.net.Inet4Address;
import java.net.InetAddress;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.wire.MessageIndex;

/** Host comparison on the bytes of a message. IPv4 addresses, the common case, are read without allocating. */
final class HostText {

    private HostText() {}

    /** Returns the IPv4 address in {@code [from, to)} as an unsigned number; -1 if the text is not one. */
    static long ipv4(MessageIndex a, int from, int to) {
        if (to - from < 7 || to - from > 15) {
            return -1;
        }
        long address = 0;
        int i = from;
        for (int part = 0; part < 4; part++) {
            int start = i;
            int value = 0;
            while (i < to && a.byteAt(i) >= '0' && a.byteAt(i) <= '9') {
                value = value * 10 + (a.byteAt(i++) - '0');
            }
            if (i == start || i - start > 3 || value > 255 || (part < 3 && (i == to || a.byteAt(i++) != '.'))) {
                return -1;
            }
            address = address << 8 | value;
        }
        return i == to ? address : -1;
    }

    static int intOf(byte[] b) {
        return (b[0] & 0xff) << 24 | (b[1] & 0xff) << 16 | (b[2] & 0xff) << 8 | (b[3] & 0xff);
    }

    /** Returns true if the host in {@code [from, to)} is this address; false for a host name. */
    static boolean isAddress(MessageIndex a, int from, int to, InetAddress address) {
        if (address instanceof Inet4Address) {
            long four = ipv4(a, from, to);
            return four >= 0 && (int) four == intOf(address.getAddress());
        }
        return IpLiteral.parse(a.text(from, to)).map(address::equals).orElse(false);
    }

    /** Returns true if the host is any IP address, or a name in {@code .invalid} (RFC 7118 §5). */
    static boolean isAddressOrInvalid(MessageIndex a, int from, int to) {
        return from < to && (a.byteAt(from) == '[' || ipv4(a, from, to) >= 0 || endsWith(a, from, to, ".invalid"));
    }

    private static boolean endsWith(MessageIndex a, int from, int to, String lowerCase) {
        int start = to - lowerCase.length();
        if (start < from) {
            return false;
        }
        for (int i = start; i < to; i++) {
            if ((a.byteAt(i) | 0x20) != (lowerCase.charAt(i - start) | 0x20)) {
                return false;
            }
        }
        return true;
    }
}
