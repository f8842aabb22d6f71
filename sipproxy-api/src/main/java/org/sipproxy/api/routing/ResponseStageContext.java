package org.sipproxy.api.routing;

import java.util.Optional;
import javax.sip.message.Response;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * A response as a {@link ResponseStage} sees it. Valid until the stage returns.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version. Unit tests use {@code
 * FakeResponseContext} of {@code sipproxy-testkit}.
 */
public interface ResponseStageContext {

    /**
     * Returns the response without the proxy's own Via, including the edits that this stage made through
     * {@link #jain()}.
     */
    SipResponse response();

    /**
     * Replaces the response with an edited copy, such as {@code response().withHeader(…)}. Later stages see the copy,
     * and it is forwarded.
     */
    void replace(SipResponse edited);

    /**
     * Returns a {@code javax.sip} view of the response. Edits of the view, and changes of typed headers that it
     * returned, take effect when {@link #response()} is called or the stage returns. The view is valid for this stage
     * and this response only.
     */
    Response jain();

    /** Returns the flow that the response arrived on. */
    Flow flow();

    /**
     * Returns the target that the request was sent to. Empty for a final failure, which stands for all targets that
     * were tried, and for a retransmitted 2xx whose transaction has ended.
     */
    Optional<Target> target();

    /** Returns true if the URI names this proxy: a domain, an alias, or a listening point (RFC 3261 §16.4). */
    boolean isMyself(SipUri uri);
}
