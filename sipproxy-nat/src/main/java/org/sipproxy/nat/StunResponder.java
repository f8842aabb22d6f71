package org.sipproxy.nat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;

/**
 * Answers a STUN Binding request on a SIP port with the address that it came from (RFC 8489 §12, RFC 5626 §3.5.2, §8): the
 * keepalive by which a phone learns that its NAT has given it another mapping, and registers again.
 */
final class StunResponder {

    private static final int HEADER = 20;
    private static final int BINDING_REQUEST = 0x0001;
    private static final int BINDING_SUCCESS = 0x0101;
    private static final int COOKIE = 0x2112a442;
    private static final int XOR_MAPPED_ADDRESS = 0x0020;

    private StunResponder() {}

    /** The answer, or null if the bytes are no Binding request. */
    static byte @Nullable [] answer(byte[] bytes, Flow flow) {
        if (bytes.length < HEADER) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (in.getShort() != BINDING_REQUEST || in.getShort() != bytes.length - HEADER || in.getInt() != COOKIE) {
            return null;
        }
        InetAddress address = flow.remoteAddress().getAddress();
        byte[] ip = address.getAddress();
        ByteBuffer out = ByteBuffer.allocate(HEADER + 8 + ip.length)
                .putShort((short) BINDING_SUCCESS)
                .putShort((short) (8 + ip.length))
                .put(Arrays.copyOfRange(bytes, 4, HEADER)) // cookie and transaction id
                .putShort((short) XOR_MAPPED_ADDRESS)
                .putShort((short) (4 + ip.length))
                .putShort((short) (ip.length == 4 ? 1 : 2))
                .putShort((short) (flow.remoteAddress().getPort() ^ COOKIE >>> 16));
        for (int i = 0; i < ip.length; i++) {
            out.put((byte) (ip[i] ^ bytes[4 + i])); // the cookie, then the transaction id
        }
        return out.array();
    }
}
