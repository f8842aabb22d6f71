package org.sipproxy.core.internal.address;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** Unit that counts as one source: an IPv4 address, or the /64 of an IPv6 address, which belongs to one host. */
public final class SourceNetwork {

    private static final int IPV6_PREFIX_BYTES = 8;

    private SourceNetwork() {}

    /** Returns the first address of the network of {@code address}; an IPv4 address itself. */
    public static InetAddress of(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        byte[] bytes = address.getAddress();
        Arrays.fill(bytes, IPV6_PREFIX_BYTES, bytes.length, (byte) 0);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("not an IPv6 address: " + bytes.length + " bytes", e);
        }
    }
}
