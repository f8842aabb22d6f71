package org.sipproxy.server.operations;

import java.util.List;

/** MXBean {@code org.sipproxy:type=Configuration}. */
public interface ConfigurationMXBean {

    /**
     * Reads the configuration file, certificates and tables again, as the command {@code reload} does.
     *
     * @return the names of the options that have changed
     * @throws IllegalStateException if nothing is reloaded; the message has the problems
     */
    List<String> reload();
}
