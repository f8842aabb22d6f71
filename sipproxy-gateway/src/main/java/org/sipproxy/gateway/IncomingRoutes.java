package org.sipproxy.gateway;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.message.SipUri;

/**
 * Who receives the calls of a provider: by number, else by the host's function, else one URI.
 *
 * @param numbers the form in which {@code byNumber} has its numbers
 */
record IncomingRoutes(
        NumberPlan numbers,
        Map<String, SipUri> byNumber,
        @Nullable IncomingRoute function,
        @Nullable SipUri others) {

    boolean mayBlock() {
        return function != null;
    }

    /** Returns true if calls to the number have a route of their own. */
    boolean names(String called) {
        return byNumber.containsKey(numbers.apply(called));
    }

    /** Returns true if calls are routed to the URI, other than by the function. */
    boolean leadTo(SipUri uri) {
        return Objects.equals(others, uri) || byNumber.containsValue(uri);
    }

    Optional<SipUri> route(StageContext context, String called) throws Exception {
        String number = numbers.apply(called);
        SipUri known = byNumber.get(number);
        if (known != null) {
            return Optional.of(known);
        }
        IncomingRoute host = function;
        return host != null ? host.route(context, number) : Optional.ofNullable(others);
    }
}
