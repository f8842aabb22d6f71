package org.sipproxy.testkit;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * STUN client on the SIP port, which gets the phone's address as seen by the proxy (RFC 8489 §6, RFC 5626 §4.4.2). IPv4
 * only.
 */
final class StunClient {

    private static final int ATTEMPTS = 6;
    private static final int MAGIC_COOKIE = 0x2112a442;
    private static final int HEADER_BYTES = 20;
    private static final int XOR_MAPPED_ADDRESS_BYTES = 12;

    private final TransactionLayer layer;
    private final Inbox<InetSocketAddress> answers = new Inbox<>();

    StunClient(TransactionLayer layer) {
        this.layer = layer;
    }

    /** Returns the address; empty if the proxy does not respond. */
    Optional<InetSocketAddress> ask() {
        while (answers.take(stale -> true, layer.patience(Duration.ZERO)).isPresent()) {
            // response to an earlier request
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            layer.send(ByteBuffer.allocate(HEADER_BYTES)
                    .putShort((short) 1)
                    .putShort((short) 0)
                    .putInt(MAGIC_COOKIE)
                    .putInt(ThreadLocalRandom.current().nextInt())
                    .putLong(ThreadLocalRandom.current().nextLong())
                    .array());
            Optional<InetSocketAddress> answer =
                    answers.take(a -> true, layer.patience(Duration.ofNanos(layer.t1Nanos())));
            if (answer.isPresent()) {
                return answer;
            }
        }
        return Optional.empty();
    }

    /** Returns true if these bytes are a STUN response. */
    boolean answered(byte[] bytes) {
        boolean success = bytes.length >= HEADER_BYTES + XOR_MAPPED_ADDRESS_BYTES && bytes[0] == 1 && bytes[1] == 1;
        if (success) {
            ByteBuffer b = ByteBuffer.wrap(bytes);
            int port = (b.getShort(26) ^ (MAGIC_COOKIE >>> 16)) & 0xffff;
            byte[] address =
                    ByteBuffer.allocate(4).putInt(b.getInt(28) ^ MAGIC_COOKIE).array();
            try {
                answers.add(new InetSocketAddress(InetAddress.getByAddress(address), port));
            } catch (UnknownHostException e) {
                throw new IllegalStateException("four bytes are an address", e);
            }
        }
        return success;
    }
}
