package org.sipproxy.testkit;

import java.util.List;
import java.util.function.Consumer;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipResponse;

/**
 * Client transaction of a phone (RFC 3261 §17.1). Over UDP the request is retransmitted: an INVITE until any response,
 * with intervals that double from T1 (Timer A); any other at most every T2 until a final response (Timer E). Sends the
 * ACK of each failure response to an INVITE. The dialog sends the ACK of a 2xx, so every 2xx is forwarded to it.
 */
final class ClientTransaction {

    private final TransactionLayer layer;
    private final RequestDraft draft;
    private final String branch;
    private final long cseq;
    private final byte[] bytes;
    private final Consumer<SipResponse> user;
    /** Guarded by this, like the following fields. */
    private long intervalNanos;

    private long sentForNanos;
    private boolean provisional;
    private boolean over;

    ClientTransaction(
            TransactionLayer layer,
            RequestDraft draft,
            String branch,
            long cseq,
            List<HeaderLine> credentials,
            Consumer<SipResponse> user) {
        this.layer = layer;
        this.draft = draft;
        this.branch = branch;
        this.cseq = cseq;
        this.bytes = draft.write(layer.via(branch), cseq, credentials);
        this.user = user;
        this.intervalNanos = layer.t1Nanos();
    }

    /**
     * Returns the key that matches responses: branch and method, because CANCEL has the branch of its INVITE (§17.1.3).
     */
    String key() {
        return key(branch, draft.method());
    }

    static String key(String branch, String method) {
        return branch + " " + method;
    }

    private boolean isInvite() {
        return draft.method().equals("INVITE");
    }

    void start() {
        layer.send(bytes);
        if (!layer.isReliable()) {
            repeatLater(intervalNanos);
        }
    }

    private void repeatLater(long nanos) {
        layer.after(nanos, this::repeat);
    }

    private void repeat() {
        long next;
        synchronized (this) {
            sentForNanos += intervalNanos;
            if (over || isInvite() && provisional || sentForNanos >= layer.timeoutNanos()) {
                return;
            }
            intervalNanos = isInvite()
                    ? 2 * intervalNanos
                    : provisional ? layer.t2Nanos() : Math.min(2 * intervalNanos, layer.t2Nanos());
            next = intervalNanos;
        }
        layer.send(bytes);
        repeatLater(next);
    }

    void received(SipResponse response) {
        boolean repeated;
        synchronized (this) {
            repeated = over;
            provisional = true;
            over |= !response.isProvisional();
        }
        if (isInvite() && response.statusCode() >= 300) {
            String to = response.header(HeaderName.TO).orElseThrow();
            layer.send(draft.derived("ACK", to).write(layer.via(branch), cseq, List.of()));
        }
        if (!repeated || isInvite() && response.isSuccess()) {
            user.accept(response);
        }
    }

    /**
     * True if no further response has an effect: not for an INVITE, each of whose final responses is acknowledged, also
     * when it is retransmitted.
     */
    synchronized boolean isComplete() {
        return over && !isInvite();
    }

    /** Sends the CANCEL of this INVITE in a separate transaction. */
    ClientTransaction cancel(Consumer<SipResponse> cancelUser) {
        RequestDraft cancel = draft.derived("CANCEL", draft.to());
        return new ClientTransaction(layer, cancel, branch, cseq, List.of(), cancelUser);
    }

    /** Ends the transaction, after a final response or when the test no longer waits for one. */
    synchronized void end() {
        over = true;
    }
}
