package org.sipproxy.api.call;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.sipproxy.message.SipUri;

/**
 * Immutable snapshot of a call: one INVITE outside a dialog and the dialog that it sets up. However many phones rang
 * and whatever a relay plan tried, it is one call; {@link #target} says where it went in the end. {@link Calls} returns
 * a newer snapshot.
 *
 * <p>All times are on the wall clock. {@link #duration} is measured on the proxy's time, so a step of the wall clock
 * does not change it.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version.
 */
public interface Call {

    /** Returns the Call-ID. With the tag of the {@link #caller} it identifies the call. */
    String callId();

    /** Returns the state. */
    CallState state();

    /** Returns the side that sent the INVITE. */
    CallParty caller();

    /** Returns the side that was called. Before it has answered, its tag, contact and address are not known. */
    CallParty callee();

    /** Returns {@code user@realm} of the caller, if the caller was authenticated. */
    Optional<String> authenticatedUser();

    /**
     * Returns the Request-URI that was sent to the latest target that rang or answered, such as the contact of a phone
     * or of a voicemail; empty before that.
     */
    Optional<SipUri> target();

    /** Returns when the INVITE was relayed. */
    Instant startedAt();

    /** Returns when the first provisional response above 100 arrived. */
    Optional<Instant> ringingAt();

    /** Returns when the first 2xx arrived. */
    Optional<Instant> answeredAt();

    /** Returns when the call ended. */
    Optional<Instant> endedAt();

    /** Returns who ended the call, and why. Present if the state is {@link CallState#ENDED}. */
    Optional<CallEnd> end();

    /**
     * Returns the time from the answer to the end of the call, or to this snapshot if the call has not ended. Zero if
     * it was not answered.
     */
    Duration duration();
}
