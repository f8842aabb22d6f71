package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrBlockTest {

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.0/24, 192.0.2.255, true",
        "192.0.2.0/24, 192.0.3.0, false",
        "192.0.2.128/25, 192.0.2.127, false",
        "192.0.2.128/25, 192.0.2.255, true",
        "0.0.0.0/0, 255.255.255.255, true",
        "0.0.0.0/0, ::1, false",
        "::/0, 2001:db8::1, true",
        "::/0, 192.0.2.1, false",
        "192.0.2.7, 192.0.2.7, true",
        "192.0.2.7/32, 192.0.2.6, false",
        "2001:db8::/33, 2001:db8:7fff::1, true",
        "2001:db8::/33, 2001:db8:8000::1, false",
        "[2001:db8::1], 2001:db8::1, true",
    })
    void containsAddressesWithItsPrefix(String network, String address, boolean contained) {
        assertThat(CidrBlock.parse(network).contains(address(address))).isEqualTo(contained);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "/", "192.0.2.0/", "192.0.2.0/33", "::/129", "192.0.2.0/-1", "192.0.2/24", "example.org/8"})
    void invalidNetworkIsRefused(String text) {
        assertThatThrownBy(() -> CidrBlock.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("network: ");
    }

    @Test
    void bitsAfterThePrefixAreRefused() {
        assertThatThrownBy(() -> CidrBlock.parse("192.0.2.1/24")).hasMessageContaining("use 192.0.2.0/24");
        assertThat(CidrBlock.around(address("192.0.2.1"), 24)).hasToString("192.0.2.0/24");
    }

    /** Compares the trie with a linear search, for thousands of random networks, nested ones included. */
    @Test
    void trieFindsTheLongestNetworkOfAnyAddress() throws UnknownHostException {
        Random random = new Random(1);
        NetworkTrie.Builder<CidrBlock> builder = new NetworkTrie.Builder<>();
        java.util.List<CidrBlock> networks = new java.util.ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            CidrBlock network = CidrBlock.around(random(random), 0);
            int most = network.isIpv4() ? 32 : 128;
            network = CidrBlock.around(random(random, network.isIpv4()), random.nextInt(most + 1));
            networks.add(network);
            builder.add(network, network);
        }
        NetworkTrie<CidrBlock> trie = builder.build();
        for (int i = 0; i < 5_000; i++) {
            InetAddress address = random(random);
            java.util.List<CidrBlock> expected = networks.stream()
                    .filter(network -> network.contains(address))
                    .distinct()
                    .sorted(java.util.Comparator.comparing(CidrBlock::prefixLength)
                            .reversed())
                    .toList();
            java.util.List<CidrBlock> found = new java.util.ArrayList<>();
            for (NetworkTrie.Node<CidrBlock> at = trie.find(address); at != null; at = at.wider()) {
                found.add(at.values().get(0));
            }
            assertThat(found).as("%s", address).isEqualTo(expected);
        }
    }

    /** Few varying bits, so that networks nest and addresses match. */
    private static InetAddress random(Random random) throws UnknownHostException {
        return random(random, random.nextBoolean());
    }

    private static InetAddress random(Random random, boolean ipv4) throws UnknownHostException {
        byte[] bytes = new byte[ipv4 ? 4 : 16];
        bytes[0] = (byte) (random.nextInt(4) << 6);
        bytes[1] = (byte) random.nextInt(3);
        bytes[bytes.length - 1] = (byte) random.nextInt(4);
        if (!ipv4) {
            bytes[0] |= 0x20;
            bytes[8] = (byte) (random.nextInt(2) << 7);
        }
        return InetAddress.getByAddress(bytes);
    }
}
