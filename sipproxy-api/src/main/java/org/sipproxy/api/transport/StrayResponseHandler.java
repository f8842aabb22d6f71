package org.sipproxy.api.transport;

import org.sipproxy.message.SipResponse;

/**
 * A handler for stray responses: those that match no transaction of the proxy, such as responses to requests that a
 * component sent. Every host can send such a response, so a handler must accept only what it can recognize as a
 * response to its own request. Runs on a receiver thread and must not block.
 */
@FunctionalInterface
public interface StrayResponseHandler {

    /**
     * Handles a stray response.
     *
     * @return true if the response belongs to this component; the remaining handlers do not see it then
     */
    boolean onResponse(SipResponse response, Flow flow);
}
