package org.sipproxy.gateway;

import java.util.Optional;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.message.SipUri;

/**
 * Decides who receives a call of a provider.
 *
 * <p>May block: it runs on the threads of blocking stages, for requests of the provider only. If it throws, the request
 * gets 500 and the exception is logged.
 */
@FunctionalInterface
public interface IncomingRoute {

    /**
     * Returns the URI that the request is routed to, such as a user of this proxy.
     *
     * @param context the request; its Request-URI may name the trunk instead of the called number
     * @param number the called number: the user part of the Request-URI, or of To if the Request-URI is the registered
     *     Contact
     * @return empty to reject the call with 404
     * @throws Exception if the decision fails
     */
    Optional<SipUri> route(StageContext context, String number) throws Exception;
}
