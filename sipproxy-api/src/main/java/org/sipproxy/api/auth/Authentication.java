package org.sipproxy.api.auth;

import java.util.Set;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.routing.RequestStage;

/**
 * The step that authenticates: it challenges, refuses, or passes the request on with
 * {@link org.sipproxy.api.routing.StageContext#authenticated} called. It sees REGISTER and every request that starts
 * something outside a dialog; ACK and CANCEL are never shown to it (RFC 3261 §22.1).
 */
public interface Authentication extends RequestStage {

    /** Realms that it is fixed to; {@code build()} checks that each is a domain of the proxy. Empty if realm follows domain. */
    default Set<String> fixedRealms() {
        return Set.of();
    }

    /** The proxy is about to serve. It does not if this throws. Default nothing. */
    default void start(ProxyRuntime proxy) {}

    /** True if there is such a user, registered or not: what tells 480 from 404. Default false. May block as it may. */
    default boolean isKnownUser(String user, String domain) {
        return false;
    }
}
