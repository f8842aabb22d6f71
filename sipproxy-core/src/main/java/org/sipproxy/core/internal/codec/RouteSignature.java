package org.sipproxy.core.internal.codec;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.address.AddressClass;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/**
 * Signature of this proxy's Record-Route URIs, in their parameter {@code rs}. A request that carries it belongs to a
 * dialog that was set up through this proxy, or through one with the same secret.
 *
 * <pre>
 * hour   5 hex digits: when the Record-Route was written, in hours since 1970
 * side   0 to 2 times 6 hex digits: for each side of the dialog with a non-public address, a keyed hash of the
 *        address, and on this machine also of its port
 * hash   16 hex digits: keyed hash of Call-ID, the tag of the side that set up the dialog, hour and sides
 * </pre>
 *
 * <p>The tag is From's in requests of that side and To's in requests of the other side.
 */
public final class RouteSignature {

    /** Validity of the signature in a Route. */
    public enum Validity {
        VALID,
        /** It was valid, but is older than any dialog may be. */
        EXPIRED,
        INVALID
    }

    /**
     * Proof that a Route gives of its dialog.
     *
     * @param sides the non-public addresses of the dialog's sides; null if both sides are public
     * @param signature the signature itself, if it is valid; otherwise empty
     */
    public record Proof(Validity validity, @Nullable Predicate<InetSocketAddress> sides, String signature) {

        /** Proof of a Route that is not this proxy's. */
        public static final Proof INVALID = new Proof(Validity.INVALID, null, "");

        private static final Proof EXPIRED = new Proof(Validity.EXPIRED, null, "");

        public boolean isValid() {
            return validity == Validity.VALID;
        }

        /**
         * Returns what this Route and another one of the same request prove together. If a call passed this proxy
         * twice, each Route knows other sides.
         */
        public Proof and(Proof other) {
            if (!isValid() || !other.isValid()) {
                return isValid() || (validity == Validity.EXPIRED && !other.isValid()) ? this : other;
            }
            Predicate<InetSocketAddress> more = other.sides;
            return more == null ? this : new Proof(validity, sides == null ? more : sides.or(more), signature);
        }
    }

    public static final String NAME = "rs";
    static final byte[] PARAMETER = ";rs=".getBytes(StandardCharsets.US_ASCII);
    private static final int HOUR_DIGITS = 5;
    private static final int SIDE_DIGITS = 6;
    private static final int HASH_DIGITS = 16;
    private static final long SIDE_MASK = 0xffffff;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final long HOUR_MILLIS = 3_600_000;
    /** How far the clock of a proxy with the same secret may be ahead. */
    private static final long MAX_DRIFT_HOURS = 1;

    private final KeyedHash key;
    private final long longestHours;
    private final AddressPolicy addresses;

    /**
     * Creates signatures with one secret.
     *
     * @param secret the same in proxies that take over each other's dialogs, and after a restart
     * @param longest how long a dialog may live
     */
    public RouteSignature(byte[] secret, Duration longest, AddressPolicy addresses) {
        this.key = KeyedHash.of(secret, "record-route");
        this.longestHours = longest.toHours();
        this.addresses = addresses;
    }

    /**
     * Returns {@code ;rs=} and the signature for the dialog that the request sets up.
     *
     * @param nowMillis the wall clock, because proxies with the same secret share it
     * @param came the flow over which the request arrived
     * @param leaves the flow over which it is forwarded
     */
    public byte[] parameter(SipRequest request, long nowMillis, Flow came, Flow leaves) throws SipParseException {
        ByteWriter text = new ByteWriter(40);
        text.bytes(PARAMETER);
        hex(text, nowMillis / HOUR_MILLIS, HOUR_DIGITS);
        side(text, origin(request, came));
        side(text, leaves.remoteAddress());
        byte[] unsigned = text.toBytes();
        long hash = hash(request, request.fromTag(), unsigned, PARAMETER.length, unsigned.length);
        hex(text, hash, HASH_DIGITS);
        return text.toBytes();
    }

    /**
     * Returns {@code ;rs=} with the signature that a request carried: what it sets up belongs to the same dialog and
     * lasts no longer.
     */
    public static byte[] again(String signature) {
        return (";" + NAME + "=" + signature).getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Returns where the other side will send to: the Contact if the sender may reach that address itself, otherwise the
     * sender's address.
     */
    private InetSocketAddress origin(SipRequest request, Flow came) {
        InetSocketAddress contact = contact(request);
        return contact != null && addresses.refusal(contact, Sender.of(came)) == null ? contact : came.remoteAddress();
    }

    private static @Nullable InetSocketAddress contact(SipRequest request) {
        try {
            List<NameAddress> contacts =
                    request.firstHeader(HeaderName.CONTACT) < 0 ? List.of() : request.addresses(HeaderName.CONTACT);
            SipUri uri = contacts.size() == 1 ? contacts.get(0).uri() : null;
            InetAddress host = uri == null ? null : uri.numericHost().orElse(null);
            if (uri == null || host == null) {
                return null;
            }
            return new InetSocketAddress(host, uri.port() >= 0 ? uri.port() : uri.isSecure() ? 5061 : 5060);
        } catch (SipParseException e) {
            return null; // left to the callee to refuse
        }
    }

    private void side(ByteWriter text, InetSocketAddress at) {
        AddressClass kind = addresses.classOf(at.getAddress());
        if (kind == AddressClass.INTERNAL || kind == AddressClass.LOCAL) {
            hex(text, sideHash(at, kind), SIDE_DIGITS);
        }
    }

    private static void hex(ByteWriter text, long value, int digits) {
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            text.ascii((char) HEX[(int) (value >>> shift) & 15]);
        }
    }

    /**
     * Returns what the URI proves about the request that carried it as a Route.
     *
     * @param nowMillis the wall clock, and what it would show without its latest steps, so that calls survive a clock
     *     change
     */
    public Proof check(SipUri route, SipRequest request, long... nowMillis) throws SipParseException {
        byte[] text = route.parameter(NAME).orElse("").getBytes(StandardCharsets.US_ASCII);
        int sides = (text.length - HOUR_DIGITS - HASH_DIGITS) / SIDE_DIGITS;
        if (sides < 0 || sides > 2 || text.length != HOUR_DIGITS + sides * SIDE_DIGITS + HASH_DIGITS) {
            return Proof.INVALID;
        }
        int signed = text.length - HASH_DIGITS;
        boolean ofSender = isSigned(text, signed, request, request.fromTag());
        boolean ofOther = isSigned(text, signed, request, request.toTag());
        if (!ofSender && !ofOther) {
            return Proof.INVALID;
        }
        if (!isInTime(number(text, 0, HOUR_DIGITS), nowMillis)) {
            return Proof.EXPIRED;
        }
        String signature = new String(text, StandardCharsets.US_ASCII);
        if (sides == 0) {
            return new Proof(Validity.VALID, null, signature);
        }
        long one = number(text, HOUR_DIGITS, HOUR_DIGITS + SIDE_DIGITS);
        long other = number(text, signed - SIDE_DIGITS, signed);
        return new Proof(Validity.VALID, to -> isSide(to, one) || isSide(to, other), signature);
    }

    private boolean isInTime(long hour, long[] nowMillis) {
        for (long now : nowMillis) {
            long age = now / HOUR_MILLIS - hour;
            if (age <= longestHours && age >= -MAX_DRIFT_HOURS) {
                return true;
            }
        }
        return false;
    }

    private boolean isSide(InetSocketAddress to, long side) {
        return sideHash(to, addresses.classOf(to.getAddress())) == side;
    }

    /** Compares every digit, so that the time taken does not depend on them. */
    private boolean isSigned(byte[] text, int signed, SipRequest request, String tag) {
        long expected = hash(request, tag, text, 0, signed);
        int difference = 0;
        for (int i = 0; i < HASH_DIGITS; i++) {
            int digit = Character.digit(text[signed + i], 16);
            difference |= digit ^ (int) (expected >>> (4 * (HASH_DIGITS - 1 - i))) & 15;
        }
        return difference == 0;
    }

    /**
     * Accepts only lower-case digits, as they were written; returns -1 for anything else, which no signature covers.
     */
    private static long number(byte[] text, int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            value = value << 4 | Character.digit(text[i], 16);
        }
        return value;
    }

    private long hash(SipRequest request, String tag, byte[] text, int from, int to) {
        int line = request.firstHeader(HeaderName.CALL_ID);
        long ofCall = line < 0
                ? 0
                : key.hash(
                        request.index(),
                        request.index().valueStart(line),
                        request.index().valueEnd(line));
        byte[] tagBytes = tag.getBytes(StandardCharsets.UTF_8);
        return key.hash(key.hash(ofCall, tagBytes, 0, tagBytes.length), text, from, to);
    }

    /**
     * On this machine a port is a separate service; elsewhere a client may listen at another port than it sends from.
     */
    private long sideHash(InetSocketAddress at, AddressClass kind) {
        byte[] bytes = at.getAddress().getAddress();
        long port = kind == AddressClass.LOCAL ? at.getPort() : 0;
        return key.hash(port, bytes, 0, bytes.length) & SIDE_MASK;
    }
}
