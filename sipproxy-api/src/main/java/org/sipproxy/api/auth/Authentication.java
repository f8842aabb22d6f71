package org.sipproxy.api.auth;

import java.util.List;
import java.util.Set;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.UserCase;
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

    /**
     * Components that it consists of, such as a store of credentials that is one; {@code build()} adds those that the host has not
     * added itself. Default none.
     */
    default List<ProxyComponent> components() {
        return List.of();
    }

    /**
     * Reports what does not fit the domains, a line each: {@code build()} refuses to go on. Default nothing.
     *
     * @param domains those of the proxy, in lower case
     */
    default List<String> problems(Set<String> domains) {
        return List.of();
    }

    /** The proxy is about to serve. It does not if this throws. Default nothing. */
    default void start(ProxyRuntime proxy) {}

    /**
     * Returns true if there is such a user, registered or not: the difference between 480 and 404. May block if {@link #mayBlock()}
     * says so. Default false.
     *
     * @param user the canonical spelling of the user part by {@code userCase}
     * @param domain a domain of the proxy, in lower case
     */
    default boolean isKnownUser(String user, String domain, UserCase userCase) {
        return false;
    }
}
