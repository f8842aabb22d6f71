package org.sipproxy.core.internal.address;

import java.net.Inet4Address;
import java.net.InetAddress;

/** Reachability of an address. */
public enum AddressClass {
    /** Reachable by any host. */
    PUBLIC,
    /** Reachable within an internal network: RFC 1918, 3927, 4193, 4291, 6598. */
    INTERNAL,
    /** This machine only: loopback, or an address that this proxy listens on. */
    LOCAL,
    /** More than one host: multicast and broadcast. */
    GROUP,
    /** Not a host: the unspecified address and the ranges that RFC 1122 reserves. */
    UNUSABLE;

    /** Returns the class of an address by its bits; does not consider what this proxy listens on. */
    static AddressClass of(InetAddress address) {
        return address instanceof Inet4Address ? of(intOf(address.getAddress(), 0)) : ofIpv6(address.getAddress());
    }

    private static int intOf(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 24
                | (bytes[at + 1] & 0xff) << 16
                | (bytes[at + 2] & 0xff) << 8
                | bytes[at + 3] & 0xff;
    }

    private static AddressClass of(int ip) {
        int first = ip >>> 24;
        if (first == 0) {
            return UNUSABLE;
        } else if (first == 127) {
            return LOCAL;
        } else if (first >= 240) {
            return ip == -1 ? GROUP : UNUSABLE;
        } else if (first >= 224) {
            return GROUP;
        }
        boolean internal = first == 10
                || ip >>> 16 == 0xc0a8 // 192.168/16
                || ip >>> 20 == 0xac1 // 172.16/12
                || ip >>> 16 == 0xa9fe // 169.254/16
                || ip >>> 22 == 0x191 // 100.64/10
                || ip >>> 8 == 0xc00000; // 192.0.0/24
        return internal ? INTERNAL : PUBLIC;
    }

    /** Forms that carry an IPv4 address lead to that address, through a translator or a tunnel. */
    private static AddressClass ofIpv6(byte[] a) {
        int first = intOf(a, 0);
        int second = intOf(a, 4);
        int third = intOf(a, 8);
        int last = intOf(a, 12);
        if ((first | second) == 0) {
            if (third == 0 && last == 0) {
                return UNUSABLE;
            } else if (third == 0 && last == 1) {
                return LOCAL;
            } else if (third == 0 || third == 0xffff || third == 0xffff0000) {
                return of(last); // ::/96 (RFC 4291), ::ffff:0:0/96, ::ffff:0:0:0/96 (RFC 2765)
            }
            return UNUSABLE;
        }
        if (first == 0x64ff9b) {
            return second >>> 16 == 1 ? INTERNAL : of(last); // RFC 8215, RFC 6052
        }
        if (first >>> 16 == 0x2002) {
            return of(first << 16 | second >>> 16); // RFC 3056
        }
        int top = first >>> 24;
        if (top == 0xff) {
            return GROUP;
        }
        // fc00::/7, fe80::/10, fec0::/10
        return (top & 0xfe) == 0xfc || (first >>> 23) == 0x1fd ? INTERNAL : PUBLIC;
    }
}
