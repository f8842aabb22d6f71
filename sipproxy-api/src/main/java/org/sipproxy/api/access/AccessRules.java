package org.sipproxy.api.access;

import java.util.List;

/**
 * All rules of a source at one moment.
 *
 * @param addresses who is in which group, in the source's order
 * @param trusted who is trusted, the highest priority first, equal ones in the source's order
 */
public record AccessRules(List<AddressEntry> addresses, List<TrustedEntry> trusted) {

    /** No rule at all. */
    public static final AccessRules NONE = new AccessRules(List.of(), List.of());

    /** Copies the lists. */
    public AccessRules {
        addresses = List.copyOf(addresses);
        trusted = List.copyOf(trusted);
    }
}
