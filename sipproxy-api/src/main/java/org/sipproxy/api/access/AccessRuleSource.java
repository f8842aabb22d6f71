package org.sipproxy.api.access;

/**
 * Source of an access list's rules, such as the database tables {@code address} and {@code trusted} that a Kamailio may
 * share.
 */
@FunctionalInterface
public interface AccessRuleSource {

    /**
     * Reads all current rules. Called when the proxy starts and for each reload. It may block, so it is never called on
     * a receiver thread. Invalid rules are skipped and logged, so that one typo does not disable the rest.
     *
     * @throws RuntimeException if the rules cannot be read at all; the caller then keeps its rules
     */
    AccessRules read();
}
