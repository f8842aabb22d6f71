package org.sipproxy.nat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;

/**
 * Responder to STUN Binding requests on a SIP port. The response contains the source address of the request (RFC 8489
 * §12, RFC 5626 §3.5.2, §8). From it a phone learns that its NAT has assigned another mapping, and registers again.
 *
 * <p>A malformed request, or one with a wrong FINGERPRINT, is dropped (§6.3). A request with an unknown
 * comprehension-required attribute gets 420 (§6.3.1). Credentials are neither required nor checked.
 */
final class StunResponder {

    private static final int HEADER = 20;
    private static final int BINDING_REQUEST = 0x0001;
    private static final int BINDING_SUCCESS = 0x0101;
    private static final int BINDING_ERROR = 0x0111;
    private static final int COOKIE = 0x2112a442;

    private static final int MESSAGE_INTEGRITY = 0x0008;
    private static final int ERROR_CODE = 0x0009;
    private static final int UNKNOWN_ATTRIBUTES = 0x000a;
    private static final int MESSAGE_INTEGRITY_SHA256 = 0x001c;
    private static final int XOR_MAPPED_ADDRESS = 0x0020;
    private static final int FINGERPRINT = 0x8028;
    private static final int FINGERPRINT_BYTES = 8;
    private static final int FINGERPRINT_XOR = 0x5354554e;

    /** Attribute types from this value on may be ignored. */
    private static final int COMPREHENSION_OPTIONAL = 0x8000;

    /**
     * Those of RFC 8489 §18.3: MAPPED-ADDRESS, USERNAME, both MESSAGE-INTEGRITY types, REALM, NONCE,
     * PASSWORD-ALGORITHM, USERHASH, …
     */
    private static final Set<Integer> KNOWN = Set.of(
            0x0001,
            0x0006,
            MESSAGE_INTEGRITY,
            ERROR_CODE,
            UNKNOWN_ATTRIBUTES,
            0x0014,
            0x0015,
            MESSAGE_INTEGRITY_SHA256,
            0x001d,
            0x001e,
            XOR_MAPPED_ADDRESS);

    /** The value of ERROR-CODE: class 4, number 20, and the reason phrase. */
    private static final byte[] UNKNOWN_ATTRIBUTE = "\0\0\4\24Unknown Attribute".getBytes(StandardCharsets.US_ASCII);

    private StunResponder() {}

    /** Returns the response, or null if the bytes are not a Binding request or it must be dropped. */
    static byte @Nullable [] answer(byte[] bytes, Flow flow) {
        if (bytes.length < HEADER) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (in.getShort() != BINDING_REQUEST
                || (in.getShort() & 0xffff) != bytes.length - HEADER
                || bytes.length % 4 != 0
                || in.getInt() != COOKIE) {
            return null;
        }
        if (bytes.length == HEADER) {
            return success(bytes, flow, false); // what phones send
        }
        Attributes attributes = Attributes.read(bytes);
        if (attributes == null) {
            return null;
        }
        return attributes.unknown.position() == 0
                ? success(bytes, flow, attributes.hasFingerprint)
                : unknown(bytes, attributes);
    }

    /** The attributes of a request, as far as the response depends on them. */
    private static final class Attributes {

        /** The types of unknown comprehension-required attributes, two bytes each. */
        final ByteBuffer unknown;

        boolean hasFingerprint;

        private Attributes(int length) {
            this.unknown = ByteBuffer.allocate(length);
        }

        /** Returns null if an attribute exceeds the message, or the FINGERPRINT is wrong or not the last attribute. */
        static @Nullable Attributes read(byte[] bytes) {
            Attributes read = new Attributes(bytes.length);
            ByteBuffer in = ByteBuffer.wrap(bytes).position(HEADER);
            boolean isSigned = false;
            while (in.hasRemaining()) {
                int at = in.position();
                int type = in.getShort() & 0xffff;
                int length = in.getShort() & 0xffff;
                int padded = length + 3 & ~3;
                if (padded > in.remaining()) {
                    return null;
                }
                if (type == FINGERPRINT) {
                    if (length != 4 || in.remaining() != 4 || in.getInt() != fingerprint(bytes, at)) {
                        return null;
                    }
                    read.hasFingerprint = true;
                    return read;
                }
                if (!isSigned && type < COMPREHENSION_OPTIONAL && !KNOWN.contains(type)) {
                    read.unknown.putShort((short) type);
                }
                // §14.5: attributes after an integrity attribute are ignored
                isSigned |= type == MESSAGE_INTEGRITY || type == MESSAGE_INTEGRITY_SHA256;
                in.position(in.position() + padded);
            }
            return read;
        }
    }

    private static int fingerprint(byte[] message, int length) {
        CRC32 crc = new CRC32();
        crc.update(message, 0, length);
        return (int) crc.getValue() ^ FINGERPRINT_XOR;
    }

    private static byte[] success(byte[] request, Flow flow, boolean fingerprint) {
        InetAddress address = flow.remoteAddress().getAddress();
        byte[] ip = address.getAddress();
        byte[] wire = response(request, BINDING_SUCCESS, 8 + ip.length, fingerprint);
        ByteBuffer out = ByteBuffer.wrap(wire)
                .position(HEADER)
                .putShort((short) XOR_MAPPED_ADDRESS)
                .putShort((short) (4 + ip.length))
                .putShort((short) (ip.length == 4 ? 1 : 2))
                .putShort((short) (flow.remoteAddress().getPort() ^ COOKIE >>> 16));
        for (int i = 0; i < ip.length; i++) {
            out.put((byte) (ip[i] ^ request[4 + i])); // the cookie, then the transaction id
        }
        return finished(wire, out.position());
    }

    /** Returns a 420 that lists the unknown attributes. */
    private static byte[] unknown(byte[] request, Attributes attributes) {
        byte[] types = Arrays.copyOf(attributes.unknown.array(), attributes.unknown.position());
        int reason = UNKNOWN_ATTRIBUTE.length + 3 & ~3;
        int list = types.length + 3 & ~3;
        byte[] wire = response(request, BINDING_ERROR, 8 + reason + list, attributes.hasFingerprint);
        ByteBuffer out = ByteBuffer.wrap(wire)
                .position(HEADER)
                .putShort((short) ERROR_CODE)
                .putShort((short) UNKNOWN_ATTRIBUTE.length)
                .put(Arrays.copyOf(UNKNOWN_ATTRIBUTE, reason))
                .putShort((short) UNKNOWN_ATTRIBUTES)
                .putShort((short) types.length)
                .put(Arrays.copyOf(types, list));
        return finished(wire, out.position());
    }

    /** Returns the header, followed by zeros for the attributes. */
    private static byte[] response(byte[] request, int type, int attributes, boolean fingerprint) {
        int length = attributes + (fingerprint ? FINGERPRINT_BYTES : 0);
        byte[] wire = new byte[HEADER + length];
        ByteBuffer.wrap(wire)
                .putShort((short) type)
                .putShort((short) length)
                .put(request, 4, HEADER - 4); // cookie and transaction id
        return wire;
    }

    /** Fills the remaining space, if any, with a FINGERPRINT. */
    private static byte[] finished(byte[] wire, int at) {
        if (at < wire.length) {
            ByteBuffer.wrap(wire)
                    .position(at)
                    .putShort((short) FINGERPRINT)
                    .putShort((short) 4)
                    .putInt(fingerprint(wire, at));
        }
        return wire;
    }
}
