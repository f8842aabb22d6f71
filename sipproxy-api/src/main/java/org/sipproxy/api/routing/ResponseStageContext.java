package org.sipproxy.api.routing;

import java.util.Optional;
import javax.sip.message.Response;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** What a {@link ResponseStage} may know of the response that it sees. Valid until the stage returns. */
public interface ResponseStageContext {

    /** Returns the response without the proxy's own Via, with the edits that this stage made through {@link #jain()}. */
    SipResponse response();

    /** Replaces the response by an edited copy, such as {@code response().withHeader(…)}: later stages see it, and it is forwarded. */
    void replace(SipResponse edited);

    /**
     * Returns a {@code javax.sip} view of the response. Edits of the view, and changes of typed headers that it returned, take effect
     * when {@link #response()} is called, and when the stage returns. The view belongs to this stage and this response.
     */
    Response jain();

    /** How it came in. */
    Flow flow();

    /**
     * Where its request went. Nothing for a final failure, which stands for all targets that were tried, and for a 2xx that is
     * repeated after its transaction was forgotten.
     */
    Optional<Target> target();

    /** True if the URI names this proxy: a domain, an alias, or a listening point (RFC 3261 §16.4). */
    boolean isMyself(SipUri uri);
}
