package org.sipproxy.api.access;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.message.IpLiteral;

/**
 * A network, a single address or a domain name that belongs to a group of peers: a row of Kamailio's table {@code address}.
 *
 * @param group the group's number; what a group is allowed is for the reader to say
 * @param address a numeric IPv4 or IPv6 address without brackets, or a domain name in lower case. A name is compared as text
 *     and never resolved
 * @param prefixLength how many leading bits of a numeric address count: 0 to 32 for IPv4, to 128 for IPv6. 0 is every address of
 *     its family. 0 for a domain name
 * @param port the peer's port, 1 to 65535; 0 for any
 * @param tag a text for the reader, such as the peer's name; empty if there is none
 */
public record AddressEntry(int group, String address, int prefixLength, int port, String tag) {

    /**
     * Checks the values and writes a name in lower case.
     *
     * @throws IllegalArgumentException if the address is empty, or a number is outside its range
     */
    public AddressEntry {
        address = unbracketed(Objects.requireNonNull(address, "address")).toLowerCase(Locale.ROOT);
        Objects.requireNonNull(tag, "tag");
        if (!isAddressOrName(address)) {
            throw new IllegalArgumentException(
                    "address: \"" + address + "\" (expected an IP address or a domain name)");
        }
        Optional<InetAddress> numeric = IpLiteral.parse(address);
        int most = numeric.map(ip -> ip.getAddress().length * 8).orElse(0);
        if (prefixLength < 0 || prefixLength > most) {
            throw new IllegalArgumentException("prefixLength: " + prefixLength
                    + (numeric.isPresent() ? " (expected 0 to " + most + ")" : " (expected 0 for a domain name)"));
        }
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected 0 to 65535; 0 is any)");
        }
    }

    private static String unbracketed(String address) {
        boolean brackets = address.startsWith("[") && address.endsWith("]");
        return brackets ? address.substring(1, address.length() - 1) : address;
    }

    /** A name may hold what DNS labels are seen to hold; anything that looks numeric must be an address. */
    private static boolean isAddressOrName(String address) {
        if (IpLiteral.parse(address).isPresent()) {
            return true;
        }
        boolean letter = false;
        for (int i = 0; i < address.length(); i++) {
            char c = address.charAt(i);
            letter |= c >= 'a' && c <= 'z';
            if (!(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_')) {
                return false;
            }
        }
        return letter && address.length() <= 255;
    }

    /** The numeric address; nothing for a domain name. */
    public Optional<InetAddress> ip() {
        return IpLiteral.parse(address);
    }

    /** True if the address is a name, to be compared with a name as text. */
    public boolean isDomainName() {
        return ip().isEmpty();
    }
}
