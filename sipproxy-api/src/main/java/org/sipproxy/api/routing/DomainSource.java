package org.sipproxy.api.routing;

import java.util.Set;

/**
 * Domains that the proxy is responsible for besides those that it was built with; they may come and go while it runs. Their
 * users register here, and their names are their users' realms.
 */
@FunctionalInterface
public interface DomainSource {

    /**
     * The domains as they are now, in lower case. Asked for messages whose host is none of the built-in names, on event loops:
     * it returns a set that is there already and does not change, such as one in a volatile field.
     */
    Set<String> domains();
}
