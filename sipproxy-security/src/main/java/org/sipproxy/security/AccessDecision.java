package org.sipproxy.security;

import java.util.List;
import org.sipproxy.annotation.Beta;

/**
 * Decision of an {@link AccessList} about a source, and its reason.
 *
 * @param action the action for an ordinary request
 * @param rule the rule that decides, or {@code default policy}
 * @param tag the rule's tag; empty if there is none
 * @param special rules that are evaluated first and apply only to certain ports, transports or requests
 */
public record AccessDecision(AccessRule.Action action, String rule, String tag, List<String> special) {

    /** Copies the list. */
    @Beta
    public AccessDecision {
        special = List.copyOf(special);
    }
}
