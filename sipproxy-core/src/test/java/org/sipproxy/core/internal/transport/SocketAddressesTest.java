package org.sipproxy.core.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Socket addresses are written as they are read, and nothing else is read. */
class SocketAddressesTest {

    private final ByteBuffer memory = ByteBuffer.allocate(40).order(ByteOrder.nativeOrder());
    private final SocketAddresses addresses = new SocketAddresses();

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "192.0.2.255", "2001:db8::1", "::1", "fe80::1%7", "255.255.255.255"})
    void addressIsReadAsItWasWritten(String text) throws Exception {
        for (int port : new int[] {1, 255, 256, 5060, 65_535}) {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(text), port);
            int length = SocketAddresses.write(memory, 4, address, true);

            InetSocketAddress read = addresses.read(memory, 4, length);

            assertThat(read).isEqualTo(address);
            if (address.getAddress() instanceof Inet6Address ipv6) {
                assertThat(((Inet6Address) read.getAddress()).getScopeId()).isEqualTo(ipv6.getScopeId());
            } else {
                assertThat(read.getAddress()).isInstanceOf(Inet4Address.class);
                assertThat(addresses.read(memory, 4, SocketAddresses.write(memory, 4, address, false)))
                        .isEqualTo(address);
            }
        }
    }

    @Test
    void recentAddressIsNotCreatedAgain() throws Exception {
        InetSocketAddress address = new InetSocketAddress("192.0.2.1", 5060);
        int length = SocketAddresses.write(memory, 0, address, false);

        assertThat(addresses.read(memory, 0, length)).isSameAs(addresses.read(memory, 0, length));
    }

    @Test
    void manyAddressesAreNotConfused() throws Exception {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 20_000; i++) {
                byte[] bytes = {10, (byte) (i >> 8), (byte) i, 1};
                InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(bytes), 1 + i % 7);
                int length = SocketAddresses.write(memory, 0, address, i % 2 == 0);
                assertThat(addresses.read(memory, 0, length)).isEqualTo(address);
            }
        }
    }

    @Test
    void addressOfAnotherKindOrLengthIsNotRead() throws Exception {
        InetSocketAddress ipv6 = new InetSocketAddress("2001:db8::1", 5060);
        int length = SocketAddresses.write(memory, 0, ipv6, true);
        assertThat(addresses.read(memory, 0, 0)).isNull();
        assertThat(addresses.read(memory, 0, -1)).isNull();
        assertThat(addresses.read(memory, 0, length - 1)).isNull();
        memory.putShort(0, (short) 1);
        assertThat(addresses.read(memory, 0, length)).isNull();
    }

    @Test
    void addressThatTheSocketCannotReachIsRefused() {
        assertThatExceptionOfType(SocketException.class)
                .isThrownBy(() -> SocketAddresses.write(memory, 0, new InetSocketAddress("::1", 5060), false));
        assertThatExceptionOfType(SocketException.class)
                .isThrownBy(() -> SocketAddresses.write(
                        memory, 0, InetSocketAddress.createUnresolved("nowhere.invalid", 5060), true));
    }
}
