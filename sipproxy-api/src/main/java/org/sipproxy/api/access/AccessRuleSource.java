package org.sipproxy.api.access;

/**
 * Where an access list gets its rules from, such as the tables {@code address} and {@code trusted} of a database that a
 * Kamailio uses too.
 */
@FunctionalInterface
public interface AccessRuleSource {

    /**
     * Reads all rules as they are now. Called when the proxy starts and again for each reload; it may block, so never on an
     * event loop. A rule that makes no sense is left out and told in the log: one typing error must not take the others away.
     *
     * @throws RuntimeException if they cannot be read at all; the caller keeps the rules that it has
     */
    AccessRules read();
}
