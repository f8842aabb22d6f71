package org.sipproxy.api.access;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.message.IpLiteral;

/**
 * A network, an address or a domain name that belongs to a group of peers: a row of Kamailio's table {@code address}.
 *
 * @param group the group's number. Does not say what a group is allowed to do: the access list decides that
 * @param address a numeric IPv4 or IPv6 address without brackets, or a domain name in lower case. A name is compared as
 *     text and never resolved
 * @param prefixLength how many leading bits of a numeric address count: 0 to 32 for IPv4, 0 to 128 for IPv6. 0 matches
 *     every address of the family. Must be 0 for a domain name
 * @param port the peer's port, 1 to 65535; 0 for any
 * @param tag a text for the operator, such as the peer's name; empty if there is none
 */
public record AddressEntry(int group, String address, int prefixLength, int port, String tag) {

    /**
     * Checks the values and converts a name to lower case.
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

    /** True for an address, or a name of characters that occur in DNS labels. Numeric text must be an address. */
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

    /** Returns the numeric address; empty for a domain name. */
    public Optional<InetAddress> ip() {
        return IpLiteral.parse(address);
    }

    /** Returns true if the address is a domain name, to be compared as text. */
    public boolean isDomainName() {
        return ip().isEmpty();
    }
}
