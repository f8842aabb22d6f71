package org.sipproxy.api.routing;

import java.util.List;
import java.util.Optional;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * A failed relay as a {@link FailureStage} sees it. Valid until the stage returns.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version. Unit tests use {@code
 * FakeFailureContext} of {@code sipproxy-testkit}.
 */
public interface FailureContext {

    /**
     * Returns the request as the request stages left it, without edits of branches. Changes are made by the next plan.
     */
    SipRequest request();

    /** Returns the flow that the request arrived on. */
    Flow flow();

    /** Returns the user that was authenticated as the sender, as {@code user@realm}. */
    Optional<String> authenticatedUser();

    /** Returns true if the URI names this proxy, as {@link StageContext#isMyself}. */
    boolean isMyself(SipUri uri);

    /** Returns the address-of-record that a URI stands for at this proxy, as {@link StageContext#aorOf}. */
    Optional<Aor> aorOf(SipUri uri);

    /** Returns why the latest group failed: the cause of its best response. */
    FailureCause cause();

    /** Returns the status of the latest group's best response, received or locally generated; 300 to 699. */
    int statusCode();

    /** Returns the latest group's best response without this proxy's Via; empty if none of its targets responded. */
    Optional<SipResponse> response();

    /** Returns the results of all branches of all groups so far, in the order in which the branches failed. */
    List<BranchResult> results();

    /**
     * Returns the bindings of a user, as {@link StageContext#bindings}.
     *
     * @param aor the address-of-record; see {@link #aorOf}
     * @throws org.sipproxy.api.location.LocationStoreException if the store fails
     */
    List<Binding> bindings(Aor aor);

    /**
     * Notes what has failed, for the line about the refusal in the log if the proxy generates the final response. It
     * precedes the reason there, such as in {@code gateway set pstn: not sent to tcp:192.0.2.9:5060}; it is not sent.
     */
    void explain(String what);
}
