package org.sipproxy.jdbc;

import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.sipproxy.api.location.UserCase;

/**
 * Check of a database for whatever would disturb a proxy that uses it, with a remedy for each finding. Changes nothing.
 *
 * <p>Examines the connection and its role, password encryption, privileges, table versions, clocks and time zones, the
 * realms of the subscribers' hashes, other writers of bindings, and tables of a Kamailio whose rows have no effect.
 */
public final class DatabaseDoctor {

    private final QuietJdbi jdbi;
    private final KamailioSchema schema;
    private final SubscriberChecks subscribers;
    private final LocationChecks locations;
    private final ServerChecks server;
    private final Set<DatabaseUse> uses;
    private final boolean knowsUses;
    private final Remedies remedies;

    private DatabaseDoctor(Builder builder) {
        this.jdbi = QuietJdbi.over("database", builder.dataSource);
        this.schema = KamailioSchema.on(builder.dataSource);
        this.uses = builder.uses;
        this.knowsUses = builder.knowsUses;
        this.remedies = new Remedies(builder.forLauncher);
        this.server = new ServerChecks(builder.clock);
        this.subscribers = new SubscriberChecks(
                builder.domains, isRead("domain"), builder.userCase, builder.plainPasswords, !uses.isEmpty(), remedies);
        this.locations = new LocationChecks(
                builder.serverId,
                builder.zone,
                builder.clock,
                builder.domains,
                builder.defaultDomain,
                uses.contains(DatabaseUse.SHARE_BINDINGS),
                remedies);
    }

    /** Returns a builder for a doctor of a database. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    /**
     * Returns all findings, in the order of the checks. If the database cannot be reached, that is the only finding.
     * Blocks.
     */
    public List<Finding> examine() {
        try (Handle handle = jdbi.open()) {
            List<Finding> findings = new ArrayList<>(server.examine(handle));
            Set<String> damaged = new TreeSet<>();
            boolean knowsVersions = !PrivilegeChecks.mayNotRead(handle, "version"); // otherwise a finding below
            for (SchemaMismatch mismatch : knowsVersions ? schema.verify() : List.<SchemaMismatch>of()) {
                if (isUsed(mismatch.table())) {
                    if (!KamailioSchema.OWN.containsKey(mismatch.table())) {
                        damaged.add(mismatch.table());
                    }
                    findings.add(finding(mismatch));
                }
            }
            if (knowsVersions && damaged.isEmpty()) {
                findings.add(Finding.ok(
                        "tables",
                        (uses.isEmpty() ? "all " + KamailioSchema.tables().size() : "those that are used")
                                + " have the right version"));
            }
            findings.addAll(PrivilegeChecks.examine(handle, uses, remedies));
            findings.addAll(WidthChecks.examine(
                    handle,
                    KamailioSchema.scripts().stream()
                            .filter(table -> isUsed(table.name()))
                            .toList()));
            for (String table : List.of("subscriber", "location")) {
                if (isUsed(table) && !damaged.contains(table) && PrivilegeChecks.mayRead(handle, table)) {
                    findings.addAll(
                            table.equals("subscriber") ? subscribers.examine(handle) : locations.examine(handle));
                }
            }
            findings.addAll(UnreadTables.examine(handle, this::isRead, remedies));
            return List.copyOf(findings);
        } catch (RuntimeException e) {
            return List.of(ServerChecks.unreachable(e));
        }
    }

    /**
     * Returns a warning for each table of a Kamailio that has rows which the proxy does not read. {@link #examine}
     * includes them. Blocks.
     */
    public List<Finding> examineUnreadTables() {
        try (Handle handle = jdbi.open()) {
            return List.copyOf(UnreadTables.examine(handle, this::isRead, remedies));
        } catch (RuntimeException e) {
            return List.of(ServerChecks.unreachable(e));
        }
    }

    private boolean isRead(String table) {
        return !knowsUses || uses.stream().anyMatch(use -> use.privileges().containsKey(table));
    }

    private Finding finding(SchemaMismatch mismatch) {
        String what = "table " + mismatch.table();
        String value = mismatch.found() + ", not " + mismatch.wanted();
        String loss = KamailioSchema.OWN.get(mismatch.table());
        return loss == null
                ? Finding.fatal(what, value, remedy(mismatch))
                : Finding.warning(what, value, remedy(mismatch) + "; without it " + loss);
    }

    private boolean isUsed(String table) {
        return uses.isEmpty() || uses.stream().anyMatch(use -> use.privileges().containsKey(table));
    }

    private String remedy(SchemaMismatch mismatch) {
        return mismatch.isMissing()
                ? "create the missing tables with "
                        + remedies.of("KamailioSchema.create", "java -jar sipproxy.jar db create")
                : "migrate it with the scripts of your Kamailio release, or use another database";
    }

    /** Options of {@link DatabaseDoctor}. */
    public static final class Builder {

        private final DataSource dataSource;
        private Set<String> domains = Set.of();
        private Optional<Integer> serverId = Optional.empty();
        private ZoneId zone = ZoneId.of("UTC");
        private Clock clock = Clock.systemUTC();
        private UserCase userCase = UserCase.INSENSITIVE;
        private Optional<String> defaultDomain = Optional.empty();
        private boolean plainPasswords;
        private boolean forLauncher;
        private Set<DatabaseUse> uses = Set.of();
        private boolean knowsUses;

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * Sets the domains of the proxy, which must be those of the subscribers. The rows that {@link JdbcDomains}
         * reads count too, unless {@link #uses} lacks {@link DatabaseUse#DOMAINS}. Default none: subscribers' domains
         * are not checked.
         */
        public Builder domains(List<String> domains) {
            Set<String> lower = new TreeSet<>();
            domains.forEach(domain -> lower.add(domain.toLowerCase(Locale.ROOT)));
            this.domains = Set.copyOf(lower);
            return this;
        }

        /**
         * Sets the proxy's rule for the case of users. Default {@link UserCase#INSENSITIVE}: subscribers that differ in
         * case only are reported.
         */
        public Builder userCase(UserCase rule) {
            this.userCase = Objects.requireNonNull(rule, "rule");
            return this;
        }

        /**
         * Sets the {@code server_id} with which the proxy writes bindings. Default unknown: recent rows of every writer
         * are reported.
         */
        public Builder serverId(int serverId) {
            this.serverId = Optional.of(serverId);
            return this;
        }

        /** Sets the zone of the times in {@code location}. Default UTC. */
        public Builder databaseZone(ZoneId zone) {
            this.zone = Objects.requireNonNull(zone, "zone");
            return this;
        }

        /**
         * Sets {@link JdbcBindingRepository.Builder#defaultDomain}. Default: the domain of the proxy if it has only
         * one.
         */
        public Builder defaultDomain(String domain) {
            this.defaultDomain = Optional.of(domain);
            return this;
        }

        /** Sets {@link JdbcCredentials.Builder#plainPasswords}. Default: hashes only. */
        public Builder plainPasswords() {
            this.plainPasswords = true;
            return this;
        }

        /** Sets the uses of the database by the proxy; nothing else is checked. Default: all tables are checked. */
        public Builder uses(Set<DatabaseUse> uses) {
            this.uses = Set.copyOf(uses);
            this.knowsUses = true;
            return this;
        }

        /** Names options and commands of the launcher in remedies. Default: names of the Java API. */
        public Builder forLauncher() {
            this.forLauncher = true;
            return this;
        }

        Builder clock(Clock clock) {
            this.clock = clock;
            return this;
        }

        /** Returns the doctor. Does not open a connection. */
        public DatabaseDoctor build() {
            return new DatabaseDoctor(this);
        }
    }
}
