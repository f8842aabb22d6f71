package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import org.sipproxy.message.CSeq;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.Via;

/**
 * Server transaction of a phone (RFC 3261 §17.2). A retransmitted request gets the latest response again. The final
 * response to an INVITE is retransmitted until its ACK arrives: a 2xx over any transport (§13.3.1.4), a failure over
 * UDP (Timer G).
 */
final class ServerTransaction {

    private final TransactionLayer layer;
    private final SipRequest request;
    private final InetSocketAddress source;
    private final String toTag;
    /** Guarded by this, like the following fields. */
    private byte[] lastResponse = {};

    private int lastStatus;
    private boolean acknowledged;
    private long intervalNanos;
    private long repeatedForNanos;

    ServerTransaction(TransactionLayer layer, SipRequest request, InetSocketAddress source) {
        this.layer = layer;
        this.request = request;
        this.source = source;
        this.toTag = Unique.word("t");
        this.intervalNanos = layer.t1Nanos();
    }

    /**
     * Returns the key that matches retransmissions (§17.2.3). For ACK and CANCEL, pass INVITE to match their INVITE.
     */
    static String key(SipRequest request, Method method) throws SipParseException {
        Via via = request.topVia();
        return via.branch() + " " + via.host() + ":" + via.port() + " " + method;
    }

    SipRequest request() {
        return request;
    }

    /** Returns the address that the request came from, which its responses are sent to (§18.2.2). */
    InetSocketAddress source() {
        return source;
    }

    /** Returns the To tag of the responses, unless the request has one. */
    String toTag() {
        return toTag;
    }

    CSeq cseq() {
        try {
            return request.cseq();
        } catch (SipParseException e) {
            throw new IllegalStateException(e); // parsed before, when the transaction was created
        }
    }

    synchronized boolean hasFinalResponse() {
        return lastStatus >= 200;
    }

    synchronized boolean isRefused() {
        return lastStatus >= 300;
    }

    /**
     * Sends a response.
     *
     * @throws IllegalStateException if the final response has been sent
     */
    void respond(int status, MessageParts parts) {
        byte[] response = Responses.write(request, status, toTag, layer.contact(), parts);
        synchronized (this) {
            if (lastStatus >= 200) {
                throw new IllegalStateException(request.method() + ": already has the final response " + lastStatus
                        + ", so " + status + " cannot be sent");
            }
            lastResponse = response;
            lastStatus = status;
        }
        layer.respond(response, source);
        boolean untilAck = request.method().equals(Method.INVITE) && status >= 200;
        if (untilAck && (status < 300 || !layer.isReliable())) {
            layer.after(intervalNanos, this::repeatUntilAcknowledged);
        }
    }

    void respond(int status) {
        respond(status, new MessageParts());
    }

    private void repeatUntilAcknowledged() {
        byte[] again;
        long next;
        synchronized (this) {
            repeatedForNanos += intervalNanos;
            if (acknowledged || repeatedForNanos >= layer.timeoutNanos()) {
                return;
            }
            intervalNanos = Math.min(2 * intervalNanos, layer.t2Nanos());
            next = intervalNanos;
            again = lastResponse;
        }
        layer.respond(again, source);
        layer.after(next, this::repeatUntilAcknowledged);
    }

    /** Handles a retransmission of the request. */
    void repeated() {
        byte[] again;
        synchronized (this) {
            again = acknowledged ? new byte[0] : lastResponse;
        }
        if (again.length > 0) {
            layer.respond(again, source);
        }
    }

    synchronized void acknowledge() {
        acknowledged = true;
    }
}
