package org.sipproxy.api.call;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.sipproxy.api.location.Aor;
import org.sipproxy.message.SipRequest;

/**
 * Calls that pass through the proxy and have not ended: one for each INVITE outside a dialog that was relayed. An
 * INVITE that the proxy refuses or challenges itself is not a call. Other dialogs, such as subscriptions, are not
 * calls.
 *
 * <p>Thread-safe. No method blocks, so stages and listeners may call them.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version.
 */
public interface Calls {

    /** Returns all calls, in any order. Takes some milliseconds for 10,000 calls. */
    List<Call> list();

    /** Returns the calls that a predicate accepts, in any order. Takes as long as {@link #list}. */
    List<Call> matching(Predicate<? super Call> filter);

    /**
     * Returns the calls with a Call-ID: one, unless clients do not choose unique ones. Takes as long as {@link #list}.
     */
    List<Call> withCallId(String callId);

    /**
     * Returns the calls of a user of this proxy, as caller or callee. A call counts for its callee as long as the
     * user's phones ring, or if one of them has answered. Takes as long as {@link #list}.
     */
    List<Call> ofUser(Aor user);

    /** Returns the call that a request belongs to, such as the re-INVITE that a stage handles. Takes constant time. */
    Optional<Call> of(SipRequest request);

    /** Returns the latest snapshot of a call; empty if it has ended. Takes constant time. */
    Optional<Call> current(Call call);

    /** Returns the number of calls. Takes constant time. */
    int count();

    /** Returns the number of calls of a user, as {@link #ofUser} counts them. Takes constant time. */
    int count(Aor user);

    /**
     * Ends a call. Both sides of an answered call get a BYE, each as from the other side: with the From, To and Route
     * set of the dialog, the next CSeq number, and a Reason (RFC 3326) with cause 16 and the text. They are sent over
     * the connections and through the NATs that the other side's requests would use; stages before forwarding see them.
     * A call that was not answered is cancelled: its callee gets CANCEL, and its caller 487.
     *
     * <p>The call has ended, and leaves {@link #list}, when this method returns, or when its INVITE has got its final
     * response. If a 2xx crosses, both sides get BYE half a second after it. A BYE of a phone that crosses those of the
     * proxy gets a 200.
     *
     * <p>The future completes when both sides have responded or cannot be reached, normally and with the call as it
     * ended; at the latest 64*T1 after the last BYE was sent. What the phones respond does not matter. If the call has
     * ended before, it completes at once with {@code call} itself.
     *
     * @param reason why, for the phones and for {@link CallEnd#text}; at most 200 characters, without control
     *     characters; may be empty
     * @throws IllegalArgumentException if the reason is longer or has control characters
     */
    CompletableFuture<Call> hangUp(Call call, String reason);

    /** Returns the counts. */
    CallStatistics statistics();
}
