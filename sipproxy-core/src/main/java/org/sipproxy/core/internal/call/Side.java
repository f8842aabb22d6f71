package org.sipproxy.core.internal.call;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.transport.TransportFlow;

/**
 * What the dialog needs to reach one side of a call (RFC 3261 §12.1), as bytes of the messages that it was read from.
 * Guarded by its {@link TrackedCall}.
 */
final class Side {

    private static final byte[] NONE = {};

    /** Value of From for the caller, of To for the callee: with the tag, once it is known. */
    byte[] address = NONE;

    String tag = "";
    /** The remote target, as the other side sees it; empty if it is not known. */
    byte[] contact = NONE;
    /** Route set of requests to this side, from this proxy's own Record-Route on; empty if it is not known. */
    byte[] route = NONE;
    /** Highest CSeq number of the requests that this side has sent. */
    long cseq;

    /** Address that it sent from, less than half as large as an InetSocketAddress. */
    private byte[] ip = NONE;

    private int port;

    private @Nullable Endpoint endpoint;

    /** How often in succession it could not be reached. */
    int unreachable;

    void cameOver(TransportFlow flow) {
        InetSocketAddress remote = flow.remoteAddress();
        InetAddress address = remote.getAddress();
        ip = address == null ? NONE : address.getAddress();
        port = remote.getPort();
        endpoint = flow.endpoint();
    }

    @Nullable
    Endpoint endpoint() {
        return endpoint;
    }

    /** Returns the address that it sent from; null if it has sent nothing. */
    @Nullable
    InetSocketAddress source() {
        try {
            return ip.length == 0 ? null : new InetSocketAddress(InetAddress.getByAddress(ip), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes", e);
        }
    }

    void sent(long number) {
        cseq = Math.max(cseq, number);
    }
}
