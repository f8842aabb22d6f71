package org.sipproxy.server;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.SubscriberException;
import org.sipproxy.security.InMemoryCredentials;

/** Source of the subscribers of a proxy: the command line, a database, or both if the database is embedded. */
final class SubscriberOption {

    private final Optional<Database> database;
    private final boolean databaseLater;
    private final boolean lasts;
    /** False if {@link #furnish} is called after the proxy is built. */
    private boolean furnishesAtOnce = true;

    private SubscriberOption(Optional<Database> database, boolean databaseLater, boolean lasts) {
        this.database = database;
        this.databaseLater = databaseLater;
        this.lasts = lasts;
    }

    static SubscriberOption of(Optional<Database> database) {
        return new SubscriberOption(
                database, false, database.filter(Database::lasts).isPresent());
    }

    /** Returns the source for a reload, which changes the database only if everything is valid. */
    static SubscriberOption ofReload(Optional<Database> database) {
        SubscriberOption option = of(database);
        option.furnishesAtOnce = false;
        return option;
    }

    /**
     * Returns the source for an embedded database that is not started, as by {@code check}.
     *
     * @param lasts true if its data outlive the program
     */
    static SubscriberOption ofDatabaseNotStarted(boolean lasts) {
        return new SubscriberOption(Optional.empty(), true, lasts);
    }

    /** Returns the database; empty if it is not open. */
    Optional<Database> database() {
        return database;
    }

    /** Returns true if a database is configured but not open yet. */
    boolean isDatabaseLater() {
        return databaseLater;
    }

    /** Returns true if an embedded database is prepared while the proxy is built. */
    boolean furnishesAtOnce() {
        return furnishesAtOnce;
    }

    /** Prepares an embedded database for the proxy, if there are no problems. */
    void furnish(ProxyOptions options, List<NamedSubscriber> named, List<String> problems) {
        if (problems.isEmpty()) {
            try {
                database.filter(Database::isEmbedded).ifPresent(own -> own.furnish(options.domains, named));
            } catch (SubscriberException | IllegalArgumentException e) {
                problems.add("--subscriber: " + Launcher.messageOf(e));
            }
        }
    }

    /**
     * Returns the credential store. That of a database also becomes a component of the proxy, so that it is notified of
     * changes.
     */
    CredentialStore credentials(
            SipProxyBuilder builder, ProxyOptions options, List<NamedSubscriber> named, List<String> problems) {
        if (database.isEmpty()) {
            if (options.subscribers.isEmpty() && !databaseLater) {
                problems.add("--subscriber: missing, so no user could register; add --subscriber USER:PASSWORD for each"
                        + " user, "
                        + "--database-url for those of a database, "
                        + "or --no-auth to let any user of the domains register without a password");
            }
            InMemoryCredentials users = inMemory(options.domains, named, problems);
            if (!databaseLater) {
                options.components.add(users);
            }
            return users;
        }
        if (!database.get().isEmbedded() && !options.subscribers.isEmpty()) {
            problems.add("--subscriber: has no effect with --database-url; add subscribers to the database with the"
                    + " command add USER");
        }
        if (!problems.isEmpty()) {
            return InMemoryCredentials.of(); // not used: the proxy is not built
        }
        try {
            JdbcCredentials credentials = database.get().credentials(settings -> options.addTo(settings, problems));
            builder.component(credentials);
            return credentials;
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
            return InMemoryCredentials.of(); // not used: the proxy is not built
        }
    }

    private static InMemoryCredentials inMemory(
            List<String> domains, List<NamedSubscriber> named, List<String> problems) {
        InMemoryCredentials users = InMemoryCredentials.of();
        for (String domain : domains) {
            if (!domain.isEmpty()) {
                for (NamedSubscriber one : named) {
                    try {
                        users.put(Credential.ofPassword(one.user(), domain.toLowerCase(Locale.ROOT), one.password()));
                    } catch (IllegalArgumentException e) {
                        problems.add("--subscriber: " + Launcher.messageOf(e));
                    }
                }
            }
        }
        return users;
    }

    /** Returns true if the subscribers are in a database whose data outlive the program. */
    boolean lasts() {
        return lasts;
    }

    String summary(int named) {
        if (database.isPresent() || databaseLater) {
            return "subscribers of the database";
        }
        return Quantity.of(named, "subscriber");
    }
}
