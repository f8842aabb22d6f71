package org.sipproxy.server.operations;

import java.util.List;
import java.util.Map;

/** MXBean {@code org.sipproxy:type=Gateways}. See {@link Gateways}. */
public interface GatewaysMXBean {

    /** Returns the members of all sets. */
    List<Map<String, String>> getGateways();

    /** Returns the accounts at providers. */
    List<Map<String, String>> getTrunks();

    /** Puts a member into use. */
    void enable(String set, String id);

    /** Takes a member out of use. */
    void disable(String set, String id);

    /** Gives a member no new calls. */
    void drain(String set, String id);
}
