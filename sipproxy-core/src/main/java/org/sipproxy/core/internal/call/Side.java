package org.sipproxy.core.internal.call;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * State that requests to one side of a call need (RFC 3261 §12.1), as bytes of the messages that it was read from.
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

    /** Returns this side as the repository keeps it. */
    StoredCall.Side toStore(@Nullable Aor countedAs) {
        return new StoredCall.Side(
                text(address),
                tag,
                text(contact),
                text(route),
                cseq,
                Optional.ofNullable(source()),
                Optional.ofNullable(endpoint),
                Optional.ofNullable(countedAs));
    }

    /**
     * Takes over what is stored.
     *
     * @throws SipParseException if a text cannot be part of a message
     */
    void restore(StoredCall.Side row) throws SipParseException {
        NameAddress unused = NameAddress.parse(row.address());
        address = line(row.address());
        tag = row.tag();
        contact = uri(row.contact());
        route = line(row.route());
        cseq = row.cseq();
        endpoint = row.socket().orElse(null);
        InetSocketAddress from = row.source().orElse(null);
        InetAddress numeric = from == null ? null : from.getAddress();
        ip = numeric == null ? NONE : numeric.getAddress();
        port = from == null ? 0 : from.getPort();
    }

    /** Returns the bytes of a URI from a row; empty if it is. */
    static byte[] uri(String text) throws SipParseException {
        return text.isEmpty() ? NONE : SipUri.parse(text).toBytes();
    }

    private static byte[] line(String text) throws SipParseException {
        if (text.chars().anyMatch(c -> c < ' ')) {
            throw new SipParseException(
                    StatusCode.SERVER_INTERNAL_ERROR, "a control character in " + SipParseException.excerpt(text));
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    void sent(long number) {
        cseq = Math.max(cseq, number);
    }
}
