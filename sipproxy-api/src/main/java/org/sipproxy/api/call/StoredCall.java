package org.sipproxy.api.call;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;

/**
 * An answered call as a {@link CallRepository} keeps it: all that the proxy needs to show, follow and end it after a
 * restart. Texts of headers are as they were in the messages, decoded as UTF-8.
 *
 * @param key identity of the call
 * @param caller the side that sent the INVITE
 * @param callee the side that was called
 * @param authenticatedUser {@code user@realm} of the caller, if it was authenticated
 * @param target the Request-URI of the target that answered
 * @param startedAt when the INVITE was relayed, on the wall clock like the other times
 * @param ringingAt when the first provisional response above 100 arrived
 * @param answeredAt when the first 2xx arrived
 * @param expiresAt when the proxy ends the call
 * @param sessionInterval the session interval of RFC 4028; zero if there is none
 */
public record StoredCall(
        Key key,
        Side caller,
        Side callee,
        Optional<String> authenticatedUser,
        String target,
        Instant startedAt,
        Optional<Instant> ringingAt,
        Instant answeredAt,
        Instant expiresAt,
        Duration sessionInterval) {

    /** Checks that nothing is null. */
    public StoredCall {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(caller, "caller");
        Objects.requireNonNull(callee, "callee");
        Objects.requireNonNull(authenticatedUser, "authenticatedUser");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(startedAt, "startedAt");
        Objects.requireNonNull(ringingAt, "ringingAt");
        Objects.requireNonNull(answeredAt, "answeredAt");
        Objects.requireNonNull(expiresAt, "expiresAt");
        Objects.requireNonNull(sessionInterval, "sessionInterval");
    }

    /**
     * Identity of a call.
     *
     * @param callId the Call-ID
     * @param callerTag the tag of the caller
     */
    public record Key(String callId, String callerTag) {

        /** Checks that nothing is null. */
        public Key {
            Objects.requireNonNull(callId, "callId");
            Objects.requireNonNull(callerTag, "callerTag");
        }
    }

    /**
     * One side of the dialog (RFC 3261 §12.1).
     *
     * @param address value of From of the INVITE for the caller, of To of the 2xx for the callee, with the tag
     * @param tag the tag
     * @param contact the remote target, as the other side sees it; empty if the side sent no Contact
     * @param route Route set of requests to this side, from the element of this proxy on; empty if there was no
     *     Record-Route
     * @param cseq highest CSeq number of its requests; 0 if it has sent none
     * @param source address that its latest INVITE or 2xx came from
     * @param socket listening point at which that arrived
     * @param countedAs the user whose calls it is counted among; empty if it is not a user of this proxy
     */
    public record Side(
            String address,
            String tag,
            String contact,
            String route,
            long cseq,
            Optional<InetSocketAddress> source,
            Optional<Endpoint> socket,
            Optional<Aor> countedAs) {

        /** Checks that nothing is null. */
        public Side {
            Objects.requireNonNull(address, "address");
            Objects.requireNonNull(tag, "tag");
            Objects.requireNonNull(contact, "contact");
            Objects.requireNonNull(route, "route");
            Objects.requireNonNull(source, "source");
            Objects.requireNonNull(socket, "socket");
            Objects.requireNonNull(countedAs, "countedAs");
        }
    }
}
