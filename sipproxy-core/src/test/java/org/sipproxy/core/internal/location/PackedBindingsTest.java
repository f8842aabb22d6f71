package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/** What a byte array holds of an AOR is read as it was written, and only times change in it. */
class PackedBindingsTest {

    private static final Aor ALICE = new Aor("alice", "example.org");
    private static final SipUri CONTACT = SipUri.of("sip:alice@192.0.2.1:5070;transport=udp?x=y");
    private static final String LONG = "c".repeat(70_000);

    private final PackedBindings packing = new PackedBindings();

    private static Binding.Builder full() {
        return Binding.builder("3w5e11-7", CONTACT)
                .times(1_700_000_000_123L, 1_700_003_600_123L)
                .q(0.25f)
                .callId("a84b4c76e66710@192.0.2.1")
                .cseq(314_159)
                .userAgent("Phone/1.0 (office)")
                .path(List.of(SipUri.of("sip:edge1.example.org;lr"), SipUri.of("sips:edge2.example.org;lr")))
                .instance("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>", 2)
                .flow(PointFlow.udp("192.0.2.1", 65_535))
                .received(SipUri.of("sip:192.0.2.1:40000"))
                .methods(Set.of(Method.INVITE, Method.of("X-OTHER")));
    }

    static Stream<Arguments> bindings() {
        return Stream.of(
                arguments("only what a binding must have", Binding.builder("a", SipUri.of("sip:a"))),
                arguments("everything", full()),
                arguments("q 0", full().q(0)),
                arguments("q 1", full().q(1)),
                arguments("an instance without reg-id", full().instance("<urn:x>", 0)),
                arguments("reg-id without an instance", full().instance("", 7)),
                arguments("the largest reg-id", full().instance("<urn:x>", Integer.MAX_VALUE)),
                arguments("a negative reg-id", full().instance("<urn:x>", -1)),
                arguments("the largest numbers", full().cseq(Long.MAX_VALUE).times(Long.MAX_VALUE, Long.MAX_VALUE)),
                arguments("the smallest numbers", full().cseq(Long.MIN_VALUE).times(Long.MIN_VALUE, -1)),
                arguments("long texts", full().callId(LONG).userAgent(LONG).instance(LONG, 1)),
                arguments("a long contact", full().contact(SipUri.of("sip:" + LONG + "@192.0.2.1"))),
                arguments("Latin-1", full().callId("r\u00e9gion\u00ff").userAgent("T\u00e9l\u00e9phone")),
                arguments(
                        "other letters",
                        full().callId("\u0416\u4e16\ud83d\ude00")
                                .userAgent("\u0416")
                                .instance("\u4e16", 1)),
                arguments("half a surrogate pair", full().callId("x\ud83d").userAgent("\ude00")),
                arguments("control characters", full().callId("\u0000\u0001\r\n")),
                arguments("empty texts", full().callId("").userAgent("").instance("", 0)),
                arguments("a contact that is not SIP", full().contact(SipUri.of("tel:+15551234"))),
                arguments("bytes above 127", full().contact(SipUri.of("sip:\u00e9\u4e16@192.0.2.1"))),
                arguments("IPv6", full().flow(PointFlow.udp("2001:db8::1", 5060))),
                arguments("a socket without a flow", full().flow(null).socket(Endpoint.tls("192.0.2.9", 5061))),
                arguments(
                        "an advertised socket",
                        full().flow(null).socket(Endpoint.udp("192.0.2.9", 5060).advertise("sip.example.org", 5080))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bindings")
    void bindingIsReadAsItWasWritten(String name, Binding.Builder builder) {
        Binding binding = builder.build();

        byte[] packed = pack(ALICE, List.of(binding));

        assertThat(values(packing.bindings(packed))).isEqualTo(values(List.of(binding)));
        assertThat(packing.aor(packed)).isEqualTo(ALICE);
    }

    @Test
    void bindingsKeepTheirOrder() {
        List<Binding> many = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            many.add(full().callId("call-" + i).cseq(i).times(i, 2L * i).build());
        }

        assertThat(values(packing.bindings(pack(ALICE, many)))).isEqualTo(values(many));
        assertThat(packing.bindings(pack(ALICE, List.of()))).isEmpty();
    }

    @Test
    void contactOfAMessageIsReadWithoutTheMessage() throws Exception {
        byte[] message = "Contact: <sip:alice@192.0.2.1>\r\n".getBytes(StandardCharsets.US_ASCII);
        Binding binding = full().contact(SipUri.parse(message, 10, 29)).build();

        assertThat(binding.contact()).hasToString("sip:alice@192.0.2.1");
        assertThat(values(packing.bindings(pack(ALICE, List.of(binding))))).isEqualTo(values(List.of(binding)));
    }

    static Stream<Aor> aors() {
        return Stream.of(
                new Aor("alice", "example.org"),
                new Aor("alice", "example.com"),
                new Aor("alicf", "example.org"),
                new Aor("alic", "example.org"),
                new Aor("", "example.org"),
                new Aor("al\u00eece", "example.org"),
                new Aor("al\u0169ce", "example.org"), // the low byte is that of an i
                new Aor("\u4e16\u754c", "example.org"),
                new Aor("\ud83d", "example.org"),
                new Aor("u".repeat(10_000), "example.org"));
    }

    @ParameterizedTest
    @MethodSource("aors")
    void arrayBelongsToItsAorOnly(Aor aor) {
        byte[] packed = pack(aor, List.of(full().build()));

        assertThat(aors().filter(other -> packing.isOf(packed, other))).containsExactly(aor);
        assertThat(packing.aor(packed)).isEqualTo(aor);
    }

    @Test
    void textsThatAreNotSharedAnyMoreAreReadAsWell() {
        for (int i = 0; i < 1_500; i++) {
            Aor aor = new Aor("alice", "d" + i + ".example.org");
            Binding binding = full().userAgent("Phone/" + i).build();

            byte[] packed = pack(aor, List.of(binding));

            assertThat(packing.isOf(packed, aor)).isTrue();
            assertThat(packing.aor(packed)).isEqualTo(aor);
            assertThat(values(packing.bindings(packed))).isEqualTo(values(List.of(binding)));
        }
    }

    static Stream<Arguments> objectsOnly() throws UnknownHostException {
        byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();
        return Stream.of(
                arguments("a connection", full().flow(PointFlow.connection("192.0.2.1", 5060))),
                arguments(
                        "an unresolved address",
                        full().flow(PointFlow.POINT.flowTo(InetSocketAddress.createUnresolved("phone.test", 5060)))),
                arguments(
                        "an address of one link",
                        full().flow(PointFlow.POINT.flowTo(
                                new InetSocketAddress(Inet6Address.getByAddress(null, linkLocal, 2), 5060)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("objectsOnly")
    void bindingWithAnObjectIsNotPacked(String name, Binding.Builder builder) {
        assertThat(packing.pack(ALICE, List.of(full().build(), builder.build())))
                .isNull();
    }

    @Test
    void bindingWithOneSocketTooManyIsNotPacked() {
        for (int port = 1; port <= 1_024; port++) {
            assertThat(packing.pack(ALICE, List.of(onSocket(port)))).isNotNull();
        }

        assertThat(packing.pack(ALICE, List.of(onSocket(1_025)))).isNull();
        assertThat(values(packing.bindings(pack(ALICE, List.of(onSocket(7)))))).isEqualTo(values(List.of(onSocket(7))));
    }

    private static Binding onSocket(int port) {
        return full().flow(null).socket(Endpoint.udp("192.0.2.9", port)).build();
    }

    @Test
    void refreshChangesOnlyTimesInTheArray() {
        Binding other = full().callId("other").build();
        byte[] packed = pack(ALICE, List.of(other, full().build()));
        List<Binding> before = read(packed);
        Binding refreshed = before.get(1).toBuilder()
                .times(1_800_000_000_000L, 1_800_003_600_000L)
                .cseq(314_160)
                .build();

        boolean done = PackedBindings.refresh(packed, before, List.of(before.get(0), refreshed));

        assertThat(done).isTrue();
        assertThat(values(packing.bindings(packed))).isEqualTo(values(List.of(other, refreshed)));
        assertThat(PackedBindings.firstEnd(packed)).isEqualTo(other.expiresAtMillis());
    }

    static Stream<UnaryOperator<Binding.Builder>> changes() {
        return Stream.of(
                b -> b.contact(SipUri.of("sip:alice@192.0.2.2")),
                b -> b.q(0.5f),
                b -> b.callId("another"),
                b -> b.userAgent("another"),
                b -> b.path(List.of()),
                b -> b.instance("another", 2),
                b -> b.instance("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>", 3),
                b -> b.flow(PointFlow.udp("192.0.2.1", 5061)),
                b -> b.flow(null),
                b -> b.flow(null).socket(PointFlow.POINT.endpoint()),
                b -> b.received(null),
                b -> b.methods(Set.of(Method.INVITE)));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void otherChangeNeedsAnotherArray(UnaryOperator<Binding.Builder> change) {
        byte[] packed = pack(ALICE, List.of(full().build()));
        List<Binding> before = read(packed);
        Binding after = change.apply(before.get(0).toBuilder().cseq(314_160)).build();
        byte[] copy = packed.clone();

        assertThat(PackedBindings.refresh(packed, before, List.of(after))).isFalse();
        assertThat(packed).isEqualTo(copy);
        assertThat(values(packing.bindings(pack(ALICE, List.of(after))))).isEqualTo(values(List.of(after)));
    }

    @Test
    void anotherNumberOfBindingsNeedsAnotherArray() {
        byte[] packed = pack(ALICE, List.of(full().build()));
        List<Binding> before = read(packed);

        assertThat(PackedBindings.refresh(packed, before, List.of())).isFalse();
        assertThat(PackedBindings.refresh(packed, before, List.of(before.get(0), full().build())))
                .isFalse();
    }

    @Test
    void anotherIdNeedsAnotherArray() {
        byte[] packed = pack(ALICE, List.of(Binding.builder("a", CONTACT).build()));

        assertThat(PackedBindings.refresh(
                        packed,
                        read(packed),
                        List.of(Binding.builder("b", CONTACT).build())))
                .isFalse();
    }

    @Test
    void releasedArrayHasNoBindings() {
        byte[] packed = pack(ALICE, List.of(full().build()));

        PackedBindings.release(packed);

        assertThat(packing.bindings(packed)).isNull();
        assertThat(packing.isOf(packed, ALICE)).isTrue(); // it is still found in the table for a moment
    }

    @Test
    void versionThatWrapsAroundIsNotMistakenForAReleasedArray() {
        byte[] packed = pack(ALICE, List.of(full().build()));
        packed[0] = 0x7f;
        packed[1] = (byte) 0xff;
        packed[2] = (byte) 0xff;
        packed[3] = (byte) 0xfe;

        List<Binding> before = read(packed);
        PackedBindings.refresh(
                packed, before, List.of(before.get(0).toBuilder().cseq(1).build()));

        assertThat(read(packed))
                .singleElement()
                .satisfies(b -> assertThat(b.cseq()).isOne());
        assertThat(packed).startsWith(0, 0, 0, 0);
    }

    /** Both bindings of each refresh have its number in all times, so a mixture of two refreshes shows. */
    @Test
    void readersSeeTheTimesOfOneRefresh() throws Exception {
        byte[] packed = pack(ALICE, List.of(numbered("a", 0), numbered("b", 0)));
        AtomicReference<Object> mixed = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            long last = 0;
            while (last < 200_000 && mixed.get() == null) {
                List<Binding> seen = read(packed);
                long number = seen.get(0).cseq();
                if (!values(seen).equals(values(List.of(numbered("a", number), numbered("b", number))))
                        || number < last) {
                    mixed.set(values(seen));
                }
                last = number;
            }
        });
        reader.start();
        long number = 0;
        while (reader.isAlive()) {
            number++;
            synchronized (packed) {
                PackedBindings.refresh(packed, read(packed), List.of(numbered("a", number), numbered("b", number)));
            }
        }

        assertThat(mixed.get()).isNull();
    }

    private static Binding numbered(String id, long number) {
        return Binding.builder(id, CONTACT).times(number, number).cseq(number).build();
    }

    private byte[] pack(Aor aor, List<Binding> bindings) {
        return Objects.requireNonNull(packing.pack(aor, bindings), "packed");
    }

    private List<Binding> read(byte[] packed) {
        return Objects.requireNonNull(packing.bindings(packed), "released");
    }

    /** All values of bindings, which do not have {@code equals}. */
    static List<List<Object>> values(List<Binding> bindings) {
        return bindings.stream()
                .map(b -> List.<Object>of(
                        b.id(),
                        b.contact(),
                        b.expiresAtMillis(),
                        b.updatedAtMillis(),
                        b.q(),
                        b.callId(),
                        b.cseq(),
                        b.userAgent(),
                        b.path(),
                        b.instanceId(),
                        b.regId(),
                        b.flow(),
                        b.received(),
                        b.socket(),
                        b.methods()))
                .toList();
    }
}
