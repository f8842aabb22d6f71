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
import org.jdbi.v3.core.Jdbi;
import org.sipproxy.api.location.UserCase;

/**
 * Looks at a database for what would hurt a proxy that uses it, and says how to fix each thing. It changes nothing.
 *
 * <p>It looks at the connection and its role, password encryption, privileges, table versions, clocks and time zones, what the
 * subscribers' hashes belong to, and who else writes bindings.
 */
public final class DatabaseDoctor {

    private final Jdbi jdbi;
    private final KamailioSchema schema;
    private final SubscriberChecks subscribers;
    private final LocationChecks locations;
    private final ServerChecks server;
    private final Set<DatabaseUse> uses;
    private final Remedies remedies;

    private DatabaseDoctor(Builder builder) {
        this.jdbi = QuietJdbi.over(builder.dataSource);
        this.schema = KamailioSchema.on(builder.dataSource);
        this.uses = builder.uses;
        this.remedies = new Remedies(builder.forLauncher);
        this.server = new ServerChecks(builder.clock);
        this.subscribers = new SubscriberChecks(
                builder.domains, builder.userCase, builder.plainPasswords, !uses.isEmpty(), remedies);
        this.locations = new LocationChecks(
                builder.serverId,
                builder.zone,
                builder.clock,
                builder.domains,
                builder.defaultDomain,
                uses.contains(DatabaseUse.SHARE_BINDINGS),
                remedies);
    }

    /** A doctor for a database. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    /** All findings, in the order of looking; the one of a database that cannot be reached is alone. Blocks. */
    public List<Finding> examine() {
        try (Handle handle = jdbi.open()) {
            List<Finding> findings = new ArrayList<>(server.examine(handle));
            Set<String> damaged = new TreeSet<>();
            for (SchemaMismatch mismatch : schema.verify()) {
                if (isUsed(mismatch.table())) {
                    if (!mismatch.table().equals(JdbcSecret.TABLE)) {
                        damaged.add(mismatch.table());
                    }
                    findings.add(finding(mismatch));
                }
            }
            if (damaged.isEmpty()) {
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
            return List.copyOf(findings);
        } catch (RuntimeException e) {
            return List.of(ServerChecks.unreachable(e));
        }
    }

    private Finding finding(SchemaMismatch mismatch) {
        String what = "table " + mismatch.table();
        String value = mismatch.found() + ", not " + mismatch.wanted();
        return mismatch.table().equals(JdbcSecret.TABLE)
                ? Finding.warning(what, value, remedy(mismatch) + "; without it calls do not outlive a restart")
                : Finding.fatal(what, value, remedy(mismatch));
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

    /** The options of {@link DatabaseDoctor}. */
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

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /** The domains of the proxy, which have to be those of the subscribers. Default none: that is not looked at. */
        public Builder domains(List<String> domains) {
            Set<String> lower = new TreeSet<>();
            domains.forEach(domain -> lower.add(domain.toLowerCase(Locale.ROOT)));
            this.domains = Set.copyOf(lower);
            return this;
        }

        /** The proxy's rule for the case of users. Default {@link UserCase#INSENSITIVE}: subscribers that differ in case only are reported. */
        public Builder userCase(UserCase rule) {
            this.userCase = Objects.requireNonNull(rule, "rule");
            return this;
        }

        /** The {@code server_id} with which the proxy writes bindings. Default unknown: fresh rows of anybody are told. */
        public Builder serverId(int serverId) {
            this.serverId = Optional.of(serverId);
            return this;
        }

        /** The zone of the times in {@code location}. Default UTC. */
        public Builder databaseZone(ZoneId zone) {
            this.zone = Objects.requireNonNull(zone, "zone");
            return this;
        }

        /** {@link JdbcBindingRepository.Builder#defaultDomain}. Default: the domain of the proxy if there is one only. */
        public Builder defaultDomain(String domain) {
            this.defaultDomain = Optional.of(domain);
            return this;
        }

        /** {@link JdbcCredentials.Builder#plainPasswords}. Default: hashes only. */
        public Builder plainPasswords() {
            this.plainPasswords = true;
            return this;
        }

        /** What the proxy does with the database: nothing else is looked at. Default: all tables are looked at. */
        public Builder uses(Set<DatabaseUse> uses) {
            this.uses = Set.copyOf(uses);
            return this;
        }

        /** Words remedies as options and commands of the launcher. Default: as Java. */
        public Builder forLauncher() {
            this.forLauncher = true;
            return this;
        }

        Builder clock(Clock clock) {
            this.clock = clock;
            return this;
        }

        /** The doctor. Opens nothing yet. */
        public DatabaseDoctor build() {
            return new DatabaseDoctor(this);
        }
    }
}
