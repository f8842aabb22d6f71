package org.sipproxy.api.routing;

import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Flow;

/** What a {@link ResponseStage} may know of the response that it sees. Valid until the stage returns. */
public interface ResponseStageContext {

    /** The response, our own Via already removed; edits are forwarded. */
    SipResponse response();

    /** How it came in. */
    Flow flow();

    /** True if the URI names this proxy: a domain, an alias, or a listening point (RFC 3261 §16.4). */
    boolean isMyself(SipUri uri);
}
