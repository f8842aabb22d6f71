package org.sipproxy.server.operations;

import java.util.List;
import java.util.Map;

/** MXBean {@code org.sipproxy:type=Access}. See {@link AccessControl}. */
public interface AccessMXBean {

    /** Returns the access rules in force. */
    List<Map<String, String>> getRules();

    /** Returns what happens to requests of an address. */
    Map<String, String> test(String address);

    /** Returns what was refused or dropped since the start, one row for each source and reason, the latest first. */
    List<Map<String, String>> getRefusals();

    /** Returns what was refused or dropped for an address or network. */
    List<Map<String, String>> showRefusals(String source);

    /** Returns the lockouts and bans. */
    List<Map<String, String>> getLockouts();

    /** Ends the lockouts of a user or address; all if it is empty. Returns how many were ended. */
    int clearLockouts(String who);
}
