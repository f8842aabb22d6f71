package org.sipproxy.api.client;

import java.util.concurrent.CompletableFuture;
import org.sipproxy.message.SipResponse;

/**
 * Client for requests of the host application and of components. It uses the listening points, transactions, look-ups
 * and memory of failed next hops that forwarded requests use.
 *
 * <p>Thread-safe. {@link #send} never blocks, so stages, listeners and tasks may call it.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version. Unit tests use {@code
 * FakeRequestClient} of {@code sipproxy-testkit}.
 */
public interface RequestClient {

    /**
     * Sends a request and returns a future with its final response.
     *
     * <p>If the Request-URI is a user of this proxy, the request goes to the bindings of that user like a routed
     * request: to all of them in the order of their q values, over the flows of clients behind NATs, and the best
     * response is the result (RFC 3261 §16.7). Otherwise it goes to the next hops of the Request-URI (RFC 3263) or of
     * {@link OutgoingRequest#target}, to any address that the proxy may send to. Authentication, access rules, rate
     * limits and request stages do not apply, and request listeners are not notified. Response stages run.
     *
     * <p>The future completes with the final response, whatever its status; provisional responses are ignored. If the
     * proxy cannot route the request, the result is the response that a routed request gets: 404 or 480 for a user
     * without a binding, 416 or 484 for a Request-URI that leads nowhere, 503 if the location store fails. Such a
     * locally generated response does not have a Via. A 503 of another server is passed on as it is.
     *
     * <p>The future completes with a {@link RequestFailedException} if there is no response: the next hop cannot be
     * reached, it did not respond in time or responded 408, the proxy was closed, or too many requests are pending.
     * {@code join()} and {@code get()} wrap it as usual.
     *
     * <p>A 401 or 407 with a challenge for one of the request's {@link OutgoingRequest#logins} is answered: the request
     * is sent again with credentials, the same Call-ID and the next CSeq number. Each realm is answered once, and once
     * more if its nonce was stale. Otherwise the future completes with the 401 or 407. Credentials for a realm of this
     * proxy itself are never sent.
     *
     * <p>Callbacks of the future run on threads of the proxy that serve these futures only, at most four at a time.
     * They hold no lock. A callback that blocks delays those of other requests; pass an executor, as in
     * {@code thenAcceptAsync(callback, executor)}, for work that may wait. Cancelling the future stops the
     * retransmissions and the tries of further next hops.
     *
     * @throws IllegalArgumentException if the message is longer than the proxy's limits allow, or if it is a REGISTER
     *     at this proxy, whose bindings are changed through its location store
     */
    CompletableFuture<SipResponse> send(OutgoingRequest request);

    /**
     * Connects two users by third-party call control (RFC 3725 flow I), as for click-to-dial: the first user is called
     * with an INVITE without a session description; the description in the 200 goes to the second user in another
     * INVITE; that user's answer goes back in the ACK. Bodies are passed on unread. Media flow between the users.
     *
     * <p>Each INVITE is routed as by {@link #send}: to the bindings of a user of this proxy, over the flows of clients
     * behind NATs, otherwise to the next hops. Of several answers the first one counts; the others are acknowledged and
     * hung up. Redirections are not followed. 100rel is not offered.
     *
     * <p>If the second user cannot be connected, the first one gets a BYE whose Reason has the status (RFC 3725 §7).
     * Later requests of one user, such as a re-INVITE for hold, an INFO, or a session refresh (RFC 4028), are passed to
     * the other one, and the responses back; a BYE ends both dialogs. An INVITE with Replaces that names a dialog of a
     * connected call goes to the other user, whose dialog Replaces then names: that completes an attended transfer. A
     * request whose Require names an extension other than {@code timer} gets 420.
     *
     * <p>If the proxy is closed, both users get a BYE. While it drains, connected calls continue and new ones are
     * refused.
     *
     * <p>Neither call is one that the proxy relays: {@code SipProxy.calls()}, call listeners, request listeners and
     * accounting do not have it. The returned object reports its end.
     *
     * @return the call; if it cannot be started, it has ended already
     */
    ThirdPartyCall connect(CallSetup setup);
}
