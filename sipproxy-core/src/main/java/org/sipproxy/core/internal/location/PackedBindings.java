package org.sipproxy.core.internal.location;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.transport.DatagramPoint;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * An AOR and its bindings in one byte array, in which the garbage collector has nothing to follow. Layout:
 *
 * <pre>
 * int      version: even; odd while the times are being written; −1 once the array is not in use any more
 * text     user
 * shared   domain
 * number   count of bindings
 * 3 longs  of each binding: expiry, last update, CSeq
 * ...      the rest of each binding, see {@link #putRest}
 * </pre>
 *
 * <p>A number has seven bits in each byte, the lowest first. A text is Latin-1 or UTF-16, after its length. A shared
 * value is a number of {@link SharedValues}, or 0 before the value itself.
 *
 * <p>Only the version and the three longs ever change, under the array's monitor. A reader compares the version before
 * and after, so it reads the bindings of one moment without a lock.
 *
 * <p>A binding with a connection, with a scoped address, or with a shared value for which there is no room is not
 * packed: a connection is an object, and its state costs many times more.
 */
final class PackedBindings {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final int KEY = 4;
    private static final int TIMES = 24;
    private static final int NOT_IN_USE = -1;

    private static final int HAS_Q = 1;
    private static final int HAS_PATH = 2;
    private static final int HAS_INSTANCE = 4;
    private static final int HAS_FLOW = 8;
    private static final int HAS_SOCKET = 16;
    private static final int HAS_RECEIVED = 32;
    private static final int HAS_METHODS = 64;

    private final SharedValues<String> domains = new SharedValues<>(1024);
    private final SharedValues<String> userAgents = new SharedValues<>(1024);
    private final SharedValues<Set<Method>> methods = new SharedValues<>(1024);
    private final SharedValues<Endpoint> sockets = new SharedValues<>(1024);
    private final SharedValues<DatagramPoint> points = new SharedValues<>(1024);

    /** Returns an array for these bindings; null if one of them cannot be packed. */
    byte @Nullable [] pack(Aor aor, List<Binding> bindings) {
        for (int i = 0; i < bindings.size(); i++) {
            Flow flow = bindings.get(i).flow().orElse(null);
            if (flow != null && flow.kind().isReliable()) {
                return null; // before anything is written, because each REGISTER over a connection gets here
            }
        }
        PackedWriter out = new PackedWriter();
        out.fixedInt(0);
        out.text(aor.user());
        out.shared(aor.domain(), domains);
        out.number(bindings.size());
        for (int i = 0; i < bindings.size(); i++) {
            Binding binding = bindings.get(i);
            out.fixedLong(binding.expiresAtMillis());
            out.fixedLong(binding.updatedAtMillis());
            out.fixedLong(binding.cseq());
        }
        for (int i = 0; i < bindings.size(); i++) {
            if (!putRest(out, bindings.get(i))) {
                return null;
            }
        }
        return out.toBytes();
    }

    private boolean putRest(PackedWriter out, Binding binding) {
        Flow flow = binding.flow().orElse(null);
        Endpoint socket = flow == null ? binding.socket().orElse(null) : null;
        SipUri received = binding.received().orElse(null);
        boolean hasInstance = !binding.instanceId().isEmpty() || binding.regId() != 0;
        out.number((binding.q() == Binding.Q_UNSPECIFIED ? 0 : HAS_Q)
                | (binding.path().isEmpty() ? 0 : HAS_PATH)
                | (hasInstance ? HAS_INSTANCE : 0)
                | (flow == null ? 0 : HAS_FLOW)
                | (socket == null ? 0 : HAS_SOCKET)
                | (received == null ? 0 : HAS_RECEIVED)
                | (binding.methods().isEmpty() ? 0 : HAS_METHODS));
        out.text(binding.id());
        out.bytes(binding.contact().toBytes());
        out.text(binding.callId());
        out.shared(binding.userAgent(), userAgents);
        if (binding.q() != Binding.Q_UNSPECIFIED) {
            out.fixedInt(Float.floatToRawIntBits(binding.q()));
        }
        if (!binding.path().isEmpty()) {
            out.number(binding.path().size());
            for (SipUri hop : binding.path()) {
                out.bytes(hop.toBytes());
            }
        }
        if (hasInstance) {
            out.text(binding.instanceId());
            out.number(binding.regId());
        }
        if (received != null) {
            out.bytes(received.toBytes());
        }
        return (flow == null || putFlow(out, flow))
                && (socket == null || out.onlyShared(socket, sockets))
                && (binding.methods().isEmpty() || out.onlyShared(binding.methods(), methods));
    }

    private boolean putFlow(PackedWriter out, Flow flow) {
        DatagramPoint point = flow instanceof TransportFlow own ? own.point() : null;
        InetAddress address = flow.remoteAddress().getAddress();
        if (point == null || address == null || (address instanceof Inet6Address six && six.getScopeId() != 0)) {
            return false;
        }
        out.bytes(address.getAddress());
        out.number(flow.remoteAddress().getPort());
        return out.onlyShared(point, points);
    }

    /** Returns true if the array belongs to this AOR. */
    boolean isOf(byte[] packed, Aor aor) {
        PackedReader in = new PackedReader(packed, KEY);
        return in.textIs(aor.user()) && in.sharedIs(aor.domain(), domains);
    }

    Aor aor(byte[] packed) {
        PackedReader in = new PackedReader(packed, KEY);
        String user = in.text();
        return new Aor(user, in.shared(domains));
    }

    /** Returns the bindings, unmodifiable; null if the array is not in use any more. */
    @Nullable
    List<Binding> bindings(byte[] packed) {
        while (true) {
            int version = version(packed);
            if (version == NOT_IN_USE) {
                return null;
            }
            VarHandle.acquireFence();
            List<Binding> read = read(packed);
            VarHandle.acquireFence();
            if ((version & 1) == 0 && version(packed) == version) {
                return read;
            }
            LockSupport.parkNanos(1_000); // a writer needs less, unless it has lost its processor
        }
    }

    private List<Binding> read(byte[] packed) {
        PackedReader in = afterKey(packed);
        int count = in.number();
        if (count == 0) {
            return List.of();
        }
        int times = in.skip(count * TIMES);
        if (count == 1) {
            return List.of(binding(in, times));
        }
        Binding[] all = new Binding[count];
        for (int i = 0; i < count; i++) {
            all[i] = binding(in, times + i * TIMES);
        }
        return List.of(all);
    }

    private static PackedReader afterKey(byte[] packed) {
        PackedReader in = new PackedReader(packed, KEY);
        in.skipText();
        in.skipShared();
        return in;
    }

    private Binding binding(PackedReader in, int times) {
        byte[] packed = in.bytes();
        int flags = in.number();
        Binding.Builder builder = Binding.builder(in.text(), uri(in))
                .times((long) LONG.get(packed, times + 8), expires(packed, times))
                .cseq((long) LONG.get(packed, times + 16))
                .callId(in.text())
                .userAgent(in.shared(userAgents));
        if ((flags & HAS_Q) != 0) {
            builder.q(Float.intBitsToFloat(in.fixedInt()));
        }
        if ((flags & HAS_PATH) != 0) {
            int hops = in.number();
            List<SipUri> path = new ArrayList<>(hops);
            for (int i = 0; i < hops; i++) {
                path.add(uri(in));
            }
            builder.path(path);
        }
        if ((flags & HAS_INSTANCE) != 0) {
            String instance = in.text();
            builder.instance(instance, in.number());
        }
        if ((flags & HAS_RECEIVED) != 0) {
            builder.received(uri(in));
        }
        if ((flags & HAS_FLOW) != 0) {
            InetAddress address = address(in);
            int port = in.number();
            builder.flow(points.get(in.number()).flowTo(new InetSocketAddress(address, port)));
        }
        if ((flags & HAS_SOCKET) != 0) {
            builder.socket(sockets.get(in.number()));
        }
        if ((flags & HAS_METHODS) != 0) {
            builder.methods(methods.get(in.number()));
        }
        return builder.build();
    }

    /** The URI reads from the packed array, whose texts never change. */
    private static SipUri uri(PackedReader in) {
        int length = in.number();
        int from = in.skip(length);
        try {
            return SipUri.parse(in.bytes(), from, from + length);
        } catch (SipParseException e) {
            throw new IllegalStateException("a URI that was valid is not any more", e);
        }
    }

    private static InetAddress address(PackedReader in) {
        int length = in.number();
        int from = in.skip(length);
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(in.bytes(), from, from + length));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + length + " bytes", e);
        }
    }

    /** Returns the earliest expiry; {@link Long#MAX_VALUE} without bindings. Called under the array's monitor. */
    static long firstEnd(byte[] packed) {
        PackedReader in = afterKey(packed);
        int count = in.number();
        int times = in.skip(0);
        long first = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            first = Math.min(first, expires(packed, times + i * TIMES));
        }
        return first;
    }

    /**
     * Writes the bindings into the array if only expiry, last update and CSeq differ. Called under the array's monitor.
     *
     * @param before what the array holds
     * @return false if something else differs; nothing is written then
     */
    static boolean refresh(byte[] packed, List<Binding> before, List<Binding> after) {
        if (before.size() != after.size()) {
            return false;
        }
        for (int i = 0; i < after.size(); i++) {
            if (before.get(i) != after.get(i) && !isRefreshed(before.get(i), after.get(i))) {
                return false;
            }
        }
        PackedReader in = afterKey(packed);
        in.number();
        int times = in.skip(0);
        int version = version(packed);
        INT.set(packed, 0, version + 1);
        VarHandle.releaseFence();
        for (int i = 0; i < after.size(); i++) {
            Binding binding = after.get(i);
            LONG.set(packed, times, binding.expiresAtMillis());
            LONG.set(packed, times + 8, binding.updatedAtMillis());
            LONG.set(packed, times + 16, binding.cseq());
            times += TIMES;
        }
        VarHandle.releaseFence();
        INT.set(packed, 0, version + 2 & Integer.MAX_VALUE);
        return true;
    }

    private static boolean isRefreshed(Binding before, Binding after) {
        return before.id().equals(after.id())
                && before.contact().equals(after.contact())
                && before.q() == after.q()
                && before.callId().equals(after.callId())
                && before.userAgent().equals(after.userAgent())
                && before.path().equals(after.path())
                && before.instanceId().equals(after.instanceId())
                && before.regId() == after.regId()
                && before.flow().equals(after.flow())
                && before.socket().equals(after.socket())
                && before.received().equals(after.received())
                && before.methods().equals(after.methods());
    }

    /** Marks the array as not in use. Called under its monitor. */
    static void release(byte[] packed) {
        INT.set(packed, 0, NOT_IN_USE);
    }

    private static int version(byte[] packed) {
        return (int) INT.get(packed, 0);
    }

    private static long expires(byte[] packed, int times) {
        return (long) LONG.get(packed, times);
    }
}
