package org.sipproxy.testkit;

import org.sipproxy.message.CSeq;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.Via;

/**
 * One request that came to a phone (RFC 3261 §17.2). A repetition gets the last response again. The final response to an INVITE
 * is repeated until its ACK comes: a 2xx over any transport (§13.3.1.4), a failure over UDP (Timer G).
 */
final class ServerTransaction {

    private final TransactionLayer layer;
    private final SipRequest request;
    private final String toTag;
    /** Guarded by this, as is what follows. */
    private byte[] lastResponse = {};

    private int lastStatus;
    private boolean acknowledged;
    private long intervalNanos;
    private long repeatedForNanos;

    ServerTransaction(TransactionLayer layer, SipRequest request) {
        this.layer = layer;
        this.request = request;
        this.toTag = Unique.word("t");
        this.intervalNanos = layer.t1Nanos();
    }

    /** What a repetition is found by (§17.2.3); an ACK or CANCEL finds its INVITE with that method. */
    static String key(SipRequest request, Method method) throws SipParseException {
        Via via = request.topVia();
        return via.branch() + " " + via.host() + ":" + via.port() + " " + method;
    }

    SipRequest request() {
        return request;
    }

    /** The tag that its responses have in To, unless the request has one. */
    String toTag() {
        return toTag;
    }

    CSeq cseq() {
        try {
            return request.cseq();
        } catch (SipParseException e) {
            throw new IllegalStateException(e); // read before, when the transaction was made
        }
    }

    synchronized boolean hasFinalResponse() {
        return lastStatus >= 200;
    }

    synchronized boolean isRefused() {
        return lastStatus >= 300;
    }

    /**
     * Answers.
     *
     * @throws IllegalStateException if it has its final response
     */
    void respond(int status, MessageParts parts) {
        byte[] response = Reply.write(request, status, toTag, layer.contact(), parts);
        synchronized (this) {
            if (lastStatus >= 200) {
                throw new IllegalStateException(
                        request.method() + ": is answered with " + lastStatus + " already, not to be with " + status);
            }
            lastResponse = response;
            lastStatus = status;
        }
        layer.send(response);
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
        layer.send(again);
        layer.after(next, this::repeatUntilAcknowledged);
    }

    /** The request came once more. */
    void repeated() {
        byte[] again;
        synchronized (this) {
            again = acknowledged ? new byte[0] : lastResponse;
        }
        if (again.length > 0) {
            layer.send(again);
        }
    }

    synchronized void acknowledge() {
        acknowledged = true;
    }
}
