package org.sipproxy.security;

import java.net.InetAddress;
import org.sipproxy.api.support.KeyedHash;

/**
 * What counts as one source: so many leading bits of an address.
 *
 * @param ipv4 of an IPv4 address
 * @param ipv6 of an IPv6 address
 */
record SourcePrefix(int ipv4, int ipv6) {

    /** An IPv4 address; of IPv6 the /64 that every host has for itself. */
    static final SourcePrefix DEFAULT = new SourcePrefix(32, 64);

    CidrBlock of(InetAddress address) {
        return CidrBlock.around(address, address.getAddress().length == 4 ? ipv4 : ipv6);
    }

    /** The hash of the source that an address belongs to. */
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
