package org.sipproxy.api.access;

import java.util.List;

/**
 * All rules of a source at one point in time.
 *
 * @param addresses the members of the groups, in the source's order
 * @param trusted the trusted peers, the highest priority first, those of equal priority in the source's order
 */
public record AccessRules(List<AddressEntry> addresses, List<TrustedEntry> trusted) {

    /** An empty set of rules. */
    public static final AccessRules NONE = new AccessRules(List.of(), List.of());

    /** Copies the lists. */
    public AccessRules {
        addresses = List.copyOf(addresses);
        trusted = List.copyOf(trusted);
    }
}
