package org.sipproxy.security;

import java.net.InetAddress;
import org.sipproxy.api.support.KeyedHash;

/**
 * Definition of a source: the leading bits of an address.
 *
 * @param ipv4 number of bits of an IPv4 address
 * @param ipv6 number of bits of an IPv6 address
 */
record SourcePrefix(int ipv4, int ipv6) {

    /** A full IPv4 address, or the /64 that an IPv6 host has for itself. */
    static final SourcePrefix DEFAULT = new SourcePrefix(32, 64);

    CidrBlock of(InetAddress address) {
        return CidrBlock.around(address, address.getAddress().length == 4 ? ipv4 : ipv6);
    }

    /** Returns the hash of an address's source. */
    long hash(KeyedHash key, InetAddress address) {
        byte[] bytes = address.getAddress();
        int bits = bytes.length == 4 ? ipv4 : ipv6;
        int length = (bits + 7) / 8;
        if (bits % 8 != 0) {
            bytes[length - 1] &= (byte) (0xff00 >> bits % 8);
        }
        return key.hash(bytes.length, bytes, 0, length);
    }
}
