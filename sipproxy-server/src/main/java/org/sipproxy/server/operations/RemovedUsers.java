package org.sipproxy.server.operations;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HostName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removal of the bindings of users and domains that a reload has removed from the configuration, with the reason
 * {@link RemovalReason#ADMIN}, as for subscribers that are removed from a database.
 *
 * <p>A REGISTER whose password was verified before the reload may be written afterwards. The store is therefore
 * searched again two seconds later.
 */
public final class RemovedUsers {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.AUTHENTICATION);

    private static final Duration RECHECK = Duration.ofSeconds(2);

    /**
     * Users and domains of a configuration.
     *
     * @param users names of the subscribers in the canonical form of an AOR; empty if they are in a database
     * @param domains the domains in normal form, without those of a database
     */
    public record Names(Set<String> users, Set<String> domains) {

        /** Copies the sets. */
        public Names {
            users = Set.copyOf(users);
            domains = Set.copyOf(domains);
        }
    }

    private final ServerComponents components;
    private volatile Names current;

    /**
     * Creates the removal.
     *
     * @param atStart names of the configuration with which the proxy starts
     */
    public RemovedUsers(ServerComponents components, Names atStart) {
        this.components = components;
        current = atStart;
    }

    /** Removes the bindings of users and domains that a configuration in force no longer has. Blocks. */
    public void replace(Names changed) {
        Names before = current;
        current = changed;
        if (!changed.users().containsAll(before.users()) || !changed.domains().containsAll(before.domains())) {
            removeAbsent(before);
            components
                    .runtime()
                    .schedule(
                            RECHECK,
                            () -> components
                                    .runtime()
                                    .newThread("removed-users", () -> removeAbsent(before))
                                    .start());
        }
    }

    private void removeAbsent(Names before) {
        Set<String> served =
                components.runtime().domains().stream().map(HostName::normal).collect(Collectors.toSet());
        Set<String> users = new HashSet<>(before.users());
        users.removeAll(current.users());
        for (String user : users) {
            for (String domain : before.domains()) {
                if (served.contains(domain)) {
                    removeUser(new Aor(user, domain));
                }
            }
        }
        Set<String> domains = new HashSet<>(before.domains());
        domains.removeAll(served); // table domain may still have one
        if (!domains.isEmpty()) {
            removeDomains(domains);
        }
    }

    private void removeUser(Aor aor) {
        try {
            LocationStore store = components.runtime().locationStore();
            if (!store.lookup(aor).isEmpty()) {
                removeAll(store, aor);
                LOG.info("bindings of {} removed, because the subscriber was removed", aor);
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "bindings of {} stay until they expire, although the subscriber was removed: {}",
                    aor,
                    e.toString());
        }
    }

    private void removeDomains(Set<String> domains) {
        Map<String, Integer> removed = new HashMap<>();
        try {
            LocationStore store = components.runtime().locationStore();
            List<Aor> found = new ArrayList<>();
            store.forEach((aor, bindings) -> {
                if (domains.contains(aor.domain())) {
                    found.add(aor);
                }
            });
            for (Aor aor : found) {
                removeAll(store, aor);
                removed.merge(aor.domain(), 1, Integer::sum);
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "bindings of {} stay until they expire, although the domain was removed: {}",
                    String.join(", ", domains),
                    e.toString());
        }
        removed.forEach((domain, users) ->
                LOG.info("bindings removed, because the domain {} was removed; users: {}", domain, users));
    }

    private static void removeAll(LocationStore store, Aor aor) {
        store.update(aor, current -> current.isEmpty() ? current : List.<Binding>of());
    }
}
