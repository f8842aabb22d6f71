package org.sipproxy.security;

import java.util.List;

/**
 * What an {@link AccessList} does with a source, and why.
 *
 * @param action what happens to an ordinary request
 * @param rule the rule that says so, or {@code default policy}
 * @param tag the rule's tag; empty if there is none
 * @param special rules that are looked at before that one and hold for certain ports, transports or requests only
 */
public record AccessDecision(AccessRule.Action action, String rule, String tag, List<String> special) {

    /** Copies the list. */
    public AccessDecision {
        special = List.copyOf(special);
    }
}
