package org.sipproxy.security;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipParseException;

/**
 * IPv4 or IPv6 network, such as {@code 192.0.2.0/24} or {@code 2001:db8::/32}; a single address has the full prefix
 * length (RFC 4632 §3.1, RFC 4291 §2.3).
 *
 * @param address the network's first address: the bits after the prefix are 0
 * @param prefixLength the number of significant leading bits: 0 to 32 for IPv4, 0 to 128 for IPv6
 */
public record CidrBlock(InetAddress address, int prefixLength) {

    /**
     * Checks the values.
     *
     * @throws ConfigurationException if the prefix is too long or a bit after it is set
     */
    public CidrBlock {
        Objects.requireNonNull(address, "address");
        int most = address.getAddress().length * 8;
        if (prefixLength < 0 || prefixLength > most) {
            throw problem(
                    HostName.literal(address) + "/" + prefixLength, "expected a prefix length of 0 to " + most, "");
        }
        InetAddress first = masked(address, prefixLength);
        if (!first.equals(address)) {
            throw problem(
                    HostName.literal(address) + "/" + prefixLength,
                    "has bits set after its prefix",
                    "use " + HostName.literal(first) + "/" + prefixLength);
        }
    }

    /** Returns the network with this prefix length that contains an address. */
    public static CidrBlock around(InetAddress address, int prefixLength) {
        int most = address.getAddress().length * 8;
        return new CidrBlock(
                prefixLength < 0 || prefixLength > most ? address : masked(address, prefixLength), prefixLength);
    }

    /** Returns the network of a single address. */
    public static CidrBlock of(InetAddress address) {
        return new CidrBlock(address, address.getAddress().length * 8);
    }

    /**
     * Parses {@code 192.0.2.0/24}, {@code 2001:db8::/32} or a single address; an IPv6 address may be in brackets. Does
     * not resolve names.
     *
     * @throws ConfigurationException if the text is not a network
     */
    public static CidrBlock parse(String text) {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        InetAddress address = IpLiteral.parse(host).orElseThrow(() -> defect(text));
        if (slash < 0) {
            return of(address);
        }
        String length = text.substring(slash + 1);
        if (length.isEmpty() || length.length() > 3 || !length.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw defect(text);
        }
        return new CidrBlock(address, Integer.parseInt(length));
    }

    private static ConfigurationException defect(String text) {
        return problem(
                '"' + SipParseException.excerpt(text) + '"',
                "expected ADDRESS or ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32",
                "");
    }

    private static ConfigurationException problem(String value, String reason, String remedy) {
        return new ConfigurationException(ConfigurationProblem.of("network", value, reason, remedy));
    }

    private static InetAddress masked(InetAddress address, int prefixLength) {
        byte[] bytes = address.getAddress();
        for (int bit = prefixLength; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 and 16 bytes are addresses", e);
        }
    }

    /** Returns true if the address is in this network. */
    public boolean contains(InetAddress other) {
        byte[] a = address.getAddress();
        byte[] b = other.getAddress();
        if (a.length != b.length) {
            return false;
        }
        int whole = prefixLength / 8;
        for (int i = 0; i < whole; i++) {
            if (a[i] != b[i]) {
                return false;
            }
        }
        return prefixLength % 8 == 0 || ((a[whole] ^ b[whole]) & 0xff) >> (8 - prefixLength % 8) == 0;
    }

    /** Returns true if the network is an IPv4 network. */
    public boolean isIpv4() {
        return address instanceof Inet4Address;
    }

    /** Returns text such as {@code 192.0.2.0/24}; a single address without its length. */
    @Override
    public String toString() {
        String host = HostName.literal(address);
        return prefixLength == address.getAddress().length * 8 ? host : host + "/" + prefixLength;
    }
}
