package org.sipproxy.api.routing;

import java.util.Set;

/**
 * Domains that the proxy is responsible for in addition to those that it was built with. The set may change while the
 * proxy runs. The users of these domains register at this proxy, and the domains are their realms.
 */
@FunctionalInterface
public interface DomainSource {

    /**
     * Returns the current domains in lower case. Called on receiver threads, for messages whose host is not one of the
     * built-in domains. It must not block: return a set that exists already and does not change, such as one in a
     * volatile field.
     */
    Set<String> domains();
}
