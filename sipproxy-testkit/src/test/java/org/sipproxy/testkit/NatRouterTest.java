package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mapping and filtering of single datagrams. */
@Timeout(30)
class NatRouterTest {

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Host inner = host("127.0.0.1");
    private final Host server = host("127.0.0.1");
    /** Another port of the server's address. */
    private final Host neighbour = host("127.0.0.1");

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    private <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    private Host host(String address) {
        return closing(new Host(address));
    }

    private NatRouter router(NatKind kind) {
        return closing(NatRouter.of(kind));
    }

    /** Sends from inside, and returns the source address that the destination receives. */
    private static InetSocketAddress seen(NatRouter router, Host from, Host to) {
        from.send("hello", router.towards(to.address()));
        return to.receive("hello");
    }

    @ParameterizedTest
    @EnumSource
    void answerComesFromTheMappedAddressOfItsSender(NatKind kind) {
        NatRouter router = router(kind);

        server.send("answer", seen(router, inner, server));

        assertThat(inner.receive("answer")).isEqualTo(router.towards(server.address()));
        assertThat(router.mappings()).isOne();
        assertThat(router.inside(seen(router, inner, server))).hasValue(inner.address());
    }

    @ParameterizedTest
    @EnumSource
    void onlyASymmetricNatMapsADestinationOfItsOwn(NatKind kind) {
        NatRouter router = router(kind);

        InetSocketAddress first = seen(router, inner, server);
        InetSocketAddress second = seen(router, inner, neighbour);

        assertThat(first.equals(second)).isEqualTo(kind != NatKind.SYMMETRIC);
        assertThat(seen(router, inner, server)).isEqualTo(first);
    }

    @ParameterizedTest
    @EnumSource
    void anotherPortOfAKnownAddressMayRespondUnlessTheNatFiltersByPort(NatKind kind) {
        NatRouter router = router(kind);
        InetSocketAddress outer = seen(router, inner, server);

        neighbour.send("stray", outer);

        boolean admitted = kind == NatKind.FULL_CONE || kind == NatKind.ADDRESS_RESTRICTED;
        assertThat(inner.gets("stray")).isEqualTo(admitted);
    }

    @ParameterizedTest
    @EnumSource
    void anotherAddressMayRespondThroughAFullConeOnly(NatKind kind) {
        assumeTrue(Host.canBe("127.0.0.2"), "the loopback network has one address here");
        NatRouter router = router(kind);
        InetSocketAddress outer = seen(router, inner, server);

        host("127.0.0.2").send("stray", outer);

        assertThat(inner.gets("stray")).isEqualTo(kind == NatKind.FULL_CONE);
    }

    @Test
    void unusedMappingIsRemovedAndTheNextHasAnotherPort() throws Exception {
        NatRouter router = closing(NatRouter.builder(NatKind.FULL_CONE)
                .lifetime(Duration.ofMillis(300))
                .build());
        InetSocketAddress outer = seen(router, inner, server);

        await().until(() -> router.mappings() == 0);

        server.send("late", outer);
        assertThat(inner.gets("late")).isFalse();
        assertThat(seen(router, inner, server)).isNotEqualTo(outer);
    }

    @Test
    void datagramFromOutsideKeepsAMappingAliveIfConfigured() throws Exception {
        NatRouter router = closing(NatRouter.builder(NatKind.FULL_CONE)
                .lifetime(Duration.ofMillis(1_500))
                .refreshedFromOutside()
                .build());
        InetSocketAddress outer = seen(router, inner, server);

        for (int i = 0; i < 6; i++) {
            Thread.sleep(400);
            server.send("ping" + i, outer);
            inner.receive("ping" + i);
        }
        assertThat(router.mappings()).isOne();
    }

    @Test
    void rebootGivesOtherPorts() {
        NatRouter router = router(NatKind.FULL_CONE);
        InetSocketAddress outer = seen(router, inner, server);

        router.reboot();

        assertThat(router.mappings()).isZero();
        assertThat(seen(router, inner, server)).isNotEqualTo(outer);
    }

    @Test
    void flushedMappingGetsTheSamePortAfterTheNextSend() {
        NatRouter router = router(NatKind.FULL_CONE);
        InetSocketAddress outer = seen(router, inner, server);

        router.flush();

        assertThat(router.mappings()).isZero();
        server.send("early", outer);
        assertThat(inner.gets("early")).isFalse();
        assertThat(seen(router, inner, server)).isEqualTo(outer);
        server.send("now", outer);
        inner.receive("now");
    }

    @Test
    void hairpinForwardsFromTheSendersOuterPort() {
        NatRouter router = router(NatKind.FULL_CONE);
        Host other = host("127.0.0.1");
        InetSocketAddress othersOuter = seen(router, other, server);
        InetSocketAddress outer = seen(router, inner, server);

        inner.send("neighbour", router.towards(othersOuter));

        assertThat(other.receive("neighbour")).isEqualTo(router.towards(outer));
    }

    @Test
    void routerWithoutHairpinDropsTheDatagram() {
        NatRouter router =
                closing(NatRouter.builder(NatKind.FULL_CONE).withoutHairpin().build());
        Host other = host("127.0.0.1");
        InetSocketAddress othersOuter = seen(router, other, server);

        inner.send("neighbour", router.towards(othersOuter));

        assertThat(other.gets("neighbour")).isFalse();
    }

    @Test
    void routersCanBeChained() {
        NatRouter carrier = router(NatKind.SYMMETRIC);
        NatRouter home = router(NatKind.FULL_CONE);

        inner.send("hello", home.towards(carrier.towards(server.address())));
        InetSocketAddress outer = server.receive("hello");
        server.send("answer", outer);

        inner.receive("answer");
        assertThat(carrier.inside(outer).flatMap(home::inside)).hasValue(inner.address());
    }

    @Test
    void closedRouterHasNoThreadsAndForwardsNothing() {
        NatRouter router = router(NatKind.FULL_CONE);
        InetSocketAddress outer = seen(router, inner, server);
        InetSocketAddress door = router.towards(server.address());

        router.close();

        server.send("in", outer);
        inner.send("out", door);
        assertThat(inner.gets("in")).isFalse();
        assertThat(server.gets("out")).isFalse();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("nat-"));
    }

    @Test
    void lifetimeMustBePositive() {
        assertThatThrownBy(() -> NatRouter.builder(NatKind.SYMMETRIC).lifetime(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("lifetime: PT0S (expected a positive duration)");
    }

    /** UDP socket of an inner or outer host. */
    private static final class Host implements AutoCloseable {

        private final DatagramSocket socket;

        Host(String address) {
            try {
                socket = new DatagramSocket(0, InetAddress.getByName(address));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        static boolean canBe(String address) {
            try {
                new DatagramSocket(0, InetAddress.getByName(address)).close();
                return true;
            } catch (Exception e) {
                return false;
            }
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        void send(String text, InetSocketAddress to) {
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            try {
                socket.send(new DatagramPacket(bytes, bytes.length, to));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        /** Returns the source of the next datagram, which must have this text. */
        InetSocketAddress receive(String text) {
            DatagramPacket packet = next(5_000);
            assertThat(packet).as(text).isNotNull();
            assertThat(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII))
                    .isEqualTo(text);
            return (InetSocketAddress) packet.getSocketAddress();
        }

        /** Returns true if the text arrives. Takes the whole timeout if it does not. */
        boolean gets(String text) {
            DatagramPacket packet = next(200);
            return packet != null
                    && new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII).equals(text);
        }

        private DatagramPacket next(int millis) {
            DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            try {
                socket.setSoTimeout(millis);
                socket.receive(packet);
                return packet;
            } catch (SocketTimeoutException e) {
                return null;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
