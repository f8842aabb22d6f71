package org.sipproxy.api.routing;

import java.util.Optional;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Flow;

/** What a {@link ResponseStage} may know of the response that it sees. Valid until the stage returns. */
public interface ResponseStageContext {

    /** The response, our own Via already removed; edits are forwarded. */
    SipResponse response();

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
