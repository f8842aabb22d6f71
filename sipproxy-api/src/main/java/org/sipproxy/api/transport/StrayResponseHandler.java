package org.sipproxy.api.transport;

import org.sipproxy.message.SipResponse;

/**
 * Is shown responses that belong to no transaction of the proxy: the answers to what a component sent itself. Anybody can send
 * such a response, so a handler believes only what it can recognise as an answer of its own. Runs on an event loop and must
 * not block.
 */
@FunctionalInterface
public interface StrayResponseHandler {

    /**
     * A response came.
     *
     * @return true if it was this component's; no other handler sees it then
     */
    boolean onResponse(SipResponse response, Flow flow);
}
