package org.sipproxy.nat;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.wire.MessageIndex;

/** Set of networks whose addresses are valid only inside the network that uses them. Exclusions override inclusions. */
final class PrivateNetworks {

    /** RFC 1918, 6598, 1122, 3927, 7335; RFC 4193, 4291. */
    private static final List<String> STANDARD = List.of(
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "fc00::/7",
            "fe80::/10",
            "::1");

    private final Ipv4Ranges ipv4 = new Ipv4Ranges();
    private final Ipv4Ranges notIpv4 = new Ipv4Ranges();
    private final List<Block> ipv6 = new ArrayList<>();
    private final List<Block> notIpv6 = new ArrayList<>();

    PrivateNetworks() {
        STANDARD.forEach(this::include);
    }

    /** @throws IllegalArgumentException if the text is not a network */
    void include(String network) {
        add(Block.parse(network), ipv4, ipv6);
    }

    /** @throws IllegalArgumentException if the text is not a network */
    void exclude(String network) {
        add(Block.parse(network), notIpv4, notIpv6);
    }

    private static void add(Block block, Ipv4Ranges four, List<Block> six) {
        if (block.address.length == 4) {
            four.add(block);
        } else {
            six.add(block);
        }
    }

    boolean containsIpv4(int address) {
        return ipv4.contains(address) && !notIpv4.contains(address);
    }

    boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (address instanceof Inet4Address) {
            return containsIpv4(HostText.intOf(bytes));
        }
        return contains(ipv6, bytes) && !contains(notIpv6, bytes);
    }

    /** Returns true if the host in {@code [from, to)} is a private address; false for a host name. */
    boolean containsHost(MessageIndex text, int from, int to) {
        long four = HostText.ipv4(text, from, to);
        if (four >= 0) {
            return containsIpv4((int) four);
        }
        return from < to
                && text.byteAt(from) == '['
                && IpLiteral.parse(text.text(from, to)).map(this::contains).orElse(false);
    }

    private static boolean contains(List<Block> blocks, byte[] address) {
        for (Block block : blocks) {
            if (block.contains(address)) {
                return true;
            }
        }
        return false;
    }

    private static final class Ipv4Ranges {

        private int[] bases = {};
        private int[] masks = {};

        void add(Block block) {
            int count = bases.length;
            bases = java.util.Arrays.copyOf(bases, count + 1);
            masks = java.util.Arrays.copyOf(masks, count + 1);
            masks[count] = block.prefix == 0 ? 0 : -1 << (32 - block.prefix);
            bases[count] = HostText.intOf(block.address) & masks[count];
        }

        boolean contains(int address) {
            for (int i = 0; i < bases.length; i++) {
                if ((address & masks[i]) == bases[i]) {
                    return true;
                }
            }
            return false;
        }
    }

    private static final class Block {

        private final byte[] address;
        private final int prefix;

        private Block(byte[] address, int prefix) {
            this.address = address;
            this.prefix = prefix;
        }

        static Block parse(String text) {
            int slash = text.indexOf('/');
            InetAddress address =
                    IpLiteral.parse(slash < 0 ? text : text.substring(0, slash)).orElse(null);
            int bits = address == null ? 0 : address.getAddress().length * 8;
            int prefix = slash < 0 ? bits : prefix(text.substring(slash + 1));
            if (address == null || prefix < 0 || prefix > bits) {
                throw new IllegalArgumentException(
                        "\"" + text + "\" (expected a network such as 203.0.113.0/24 or 2001:db8::/32)");
            }
            return new Block(address.getAddress(), prefix);
        }

        private static int prefix(String digits) {
            if (digits.isEmpty() || digits.length() > 3 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return -1;
            }
            return Integer.parseInt(digits);
        }

        boolean contains(byte[] other) {
            int whole = prefix / 8;
            for (int i = 0; i < whole; i++) {
                if (address[i] != other[i]) {
                    return false;
                }
            }
            int rest = prefix % 8;
            return rest == 0 || ((address[whole] ^ other[whole]) & 0xff) >> (8 - rest) == 0;
        }
    }
}
