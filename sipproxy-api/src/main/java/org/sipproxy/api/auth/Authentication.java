package org.sipproxy.api.auth;

import java.util.List;
import java.util.Set;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.RequestStage;

/**
 * The stage that authenticates. It challenges or rejects a request, or calls
 * {@link org.sipproxy.api.routing.StageContext#authenticated} and passes it on. It sees every REGISTER, and every other
 * request outside a dialog whose sender is not a trusted peer, but never ACK and CANCEL (RFC 3261 §22.1).
 */
public interface Authentication extends RequestStage {

    /**
     * Returns the fixed realms, each of which {@code build()} requires to be a domain of the proxy. Empty if the realm
     * is the domain of the request.
     */
    default Set<String> fixedRealms() {
        return Set.of();
    }

    /**
     * Returns the components that this stage consists of, such as a credential store that is also a component.
     * {@code build()} adds those that the host has not added itself. Default: none.
     */
    default List<ProxyComponent> components() {
        return List.of();
    }

    /**
     * Returns the problems of this stage with the domains, such as a realm that is none of them. {@code build()} fails
     * if there is one. Default: none.
     *
     * @param domains the domains of the proxy, in lower case
     */
    default List<ConfigurationProblem> problems(Set<String> domains) {
        return List.of();
    }

    /**
     * Prepares for the first request. Called before the proxy serves; if this throws, the proxy does not start.
     * Default: does nothing.
     */
    default void start(ProxyRuntime proxy) {}

    /**
     * Returns true if the user exists, registered or not. This decides between 480 and 404. May block if
     * {@link #mayBlock()} is true. Default false.
     *
     * @param user the user part in its canonical form for {@code userCase}
     * @param domain a domain of the proxy, in lower case
     */
    default boolean isKnownUser(String user, String domain, UserCase userCase) {
        return false;
    }
}
