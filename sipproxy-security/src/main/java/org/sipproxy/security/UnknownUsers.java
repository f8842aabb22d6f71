package org.sipproxy.security;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Unknown users that each source named: of the 1,000 sources that failed most recently, up to a number of users each.
 */
final class UnknownUsers {

    private static final int SOURCES = 1_000;

    private final int allowed;
    /** Guarded by this. */
    private final Map<CidrBlock, Set<Integer>> named = new LinkedHashMap<>(16, 0.75f, true);

    UnknownUsers(int allowed) {
        this.allowed = allowed;
    }

    /** Records a user. Returns true when the source exceeds the allowed number; its count then starts again. */
    synchronized boolean isOneTooMany(CidrBlock source, String user) {
        Set<Integer> users = named.get(source);
        if (users == null) {
            if (named.size() >= SOURCES) {
                named.remove(named.keySet().iterator().next());
            }
            users = new HashSet<>();
            named.put(source, users);
        }
        users.add(user.hashCode());
        if (users.size() > allowed) {
            named.remove(source);
            return true;
        }
        return false;
    }
}
