package org.sipproxy.security;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Longest-prefix map from networks to values: a binary trie without chains of nodes that have one child. A look-up
 * takes about as many steps as the number of networks has binary digits: 17 for 100,000. Immutable once built.
 */
final class NetworkTrie<V> {

    /** A network, or a fork between two networks. */
    static final class Node<V> {

        private final long high;
        private final long low;
        private final int length;
        private @Nullable Node<V> zero;
        private @Nullable Node<V> one;
        private final List<V> values = new ArrayList<>(1);
        /** The next shorter network with values. */
        private @Nullable Node<V> wider;

        Node(long high, long low, int length) {
            this.length = length;
            this.high = high & mask(length);
            this.low = low & mask(length - 64);
        }

        /** Returns the values of the network in insertion order; never empty in the result of a look-up. */
        List<V> values() {
            return values;
        }

        /** Returns the next shorter network that contains this one; null if there is none. */
        @Nullable
        Node<V> wider() {
            return wider;
        }

        private boolean contains(long otherHigh, long otherLow) {
            return ((otherHigh ^ high) & mask(length)) == 0 && ((otherLow ^ low) & mask(length - 64)) == 0;
        }

        private @Nullable Node<V> child(long otherHigh, long otherLow) {
            return isSet(otherHigh, otherLow, length) ? one : zero;
        }

        private void child(Node<V> node) {
            if (isSet(node.high, node.low, length)) {
                one = node;
            } else {
                zero = node;
            }
        }
    }

    private final Node<V> ipv4 = new Node<>(0, 0, 0);
    private final Node<V> ipv6 = new Node<>(0, 0, 0);

    private NetworkTrie() {}

    /** Builder of a trie. */
    static final class Builder<V> {

        private final NetworkTrie<V> trie = new NetworkTrie<>();

        Builder<V> add(CidrBlock network, V value) {
            byte[] bytes = network.address().getAddress();
            Node<V> root = bytes.length == 4 ? trie.ipv4 : trie.ipv6;
            insert(root, high(bytes), low(bytes), network.prefixLength()).values.add(value);
            return this;
        }

        /** Returns the trie; nothing may be added afterwards. */
        NetworkTrie<V> build() {
            link(trie.ipv4);
            link(trie.ipv6);
            return trie;
        }
    }

    /** Returns the node of a network; creates it if there is none. */
    private static <V> Node<V> insert(Node<V> root, long high, long low, int length) {
        Node<V> at = root;
        while (at.length < length) {
            Node<V> next = at.child(high, low);
            if (next == null) {
                Node<V> made = new Node<>(high, low, length);
                at.child(made);
                return made;
            }
            int common = Math.min(commonBits(high, low, next), Math.min(length, next.length));
            if (common == next.length) {
                at = next;
                continue;
            }
            Node<V> fork = new Node<>(high, low, common);
            at.child(fork);
            fork.child(next);
            at = fork;
        }
        return at;
    }

    private static int commonBits(long high, long low, Node<?> node) {
        int common = Long.numberOfLeadingZeros(high ^ node.high);
        return common < 64 ? common : 64 + Long.numberOfLeadingZeros(low ^ node.low);
    }

    /** Sets each node's next wider network with values. The recursion is at most as deep as an address has bits. */
    private static <V> void link(Node<V> node) {
        Node<V> wider = node.values.isEmpty() ? node.wider : node;
        link(node.zero, wider);
        link(node.one, wider);
    }

    private static <V> void link(@Nullable Node<V> child, @Nullable Node<V> wider) {
        if (child != null) {
            child.wider = wider;
            link(child);
        }
    }

    /** Returns the longest network with values that contains the address; null if there is none. */
    @Nullable
    Node<V> find(InetAddress address) {
        Node<V> at = address instanceof Inet4Address ? ipv4 : ipv6;
        if (at.zero == null && at.one == null) { // most proxies have no rules, and every message asks
            return at.values.isEmpty() ? null : at;
        }
        byte[] bytes = address.getAddress();
        long high = high(bytes);
        long low = low(bytes);
        Node<V> found = null;
        int bits = bytes.length * 8;
        while (at != null && at.contains(high, low)) {
            if (!at.values.isEmpty()) {
                found = at;
            }
            at = at.length == bits ? null : at.child(high, low);
        }
        return found;
    }

    private static long high(byte[] address) {
        long value = 0;
        for (int i = 0; i < 8; i++) {
            value = value << 8 | (i < address.length ? address[i] & 0xff : 0);
        }
        return value;
    }

    private static long low(byte[] address) {
        long value = 0;
        for (int i = 8; i < address.length; i++) {
            value = value << 8 | (address[i] & 0xff);
        }
        return value;
    }

    /** Returns a mask of the first {@code length} of 64 bits; 0 for a negative length. */
    private static long mask(int length) {
        return length <= 0 ? 0 : length >= 64 ? -1L : -1L << (64 - length);
    }

    private static boolean isSet(long high, long low, int bit) {
        return bit < 64 ? high << bit < 0 : low << (bit - 64) < 0;
    }
}
