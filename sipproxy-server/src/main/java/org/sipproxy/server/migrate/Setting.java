package org.sipproxy.server.migrate;

/**
 * Option of this server that a configuration leads to.
 *
 * @param name the option without dashes
 * @param value empty for an option without a value
 * @param origin what it comes from
 */
record Setting(String name, String value, String origin) {

    /** Returns the line of a configuration file. */
    String line() {
        return value.isEmpty() ? name : name + ' ' + value;
    }
}
