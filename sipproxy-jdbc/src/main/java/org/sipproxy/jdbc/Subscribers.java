package org.sipproxy.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;

/**
 * The subscribers in the database, as {@code kamctl add}, {@code passwd}, {@code rm} and {@code show} administer them.
 *
 * <p>What is stored is {@code ha1}, the MD5 of {@code user:domain:password}, and {@code ha1b}, that of
 * {@code user@domain:domain:password}; the plain password only if {@link Builder#storePlainPasswords} asks for it. The
 * domain is put into lower case, as the realm of a proxy is. If the table has the column {@code ha1_sha256}, the SHA-256 HA1 is
 * stored there.
 *
 * <p>Safe for use by several threads. All methods block; they throw {@link org.jdbi.v3.core.JdbiException} if the database
 * refuses or cannot be reached, and {@link IllegalArgumentException}, with all problems at once, for what cannot be a user.
 */
public final class Subscribers {

    /** The widths of Kamailio's columns, in characters. */
    private static final int MAX_NAME = 64;

    private static final int MAX_PASSWORD = 64;

    /** A page of more rows than this is a mistake. */
    private static final int MAX_PAGE = 10_000;

    /** Parameters: domain, the name in lower case, and the name itself. */
    static final String OTHER_SPELLING = "SELECT username FROM subscriber WHERE domain = ? AND " + lower("username")
            + " = ? AND username <> ? ORDER BY username LIMIT 1";

    private final Jdbi jdbi;
    private final UserCase userCase;
    private final boolean storePlainPasswords;

    private Subscribers(Builder builder) {
        this.jdbi = QuietJdbi.over(builder.dataSource);
        this.userCase = builder.userCase;
        this.storePlainPasswords = builder.storePlainPasswords;
    }

    /** SQL for {@link UserCase#INSENSITIVE}: only ASCII letters have a case, whatever the database's locale. */
    static String lower(String column) {
        return "lower(" + column + " COLLATE \"C\")";
    }

    /** Subscribers in a database; only hashes are stored. Opens nothing yet. */
    public static Subscribers in(DataSource dataSource) {
        return builder(dataSource).build();
    }

    /** Subscribers in a database, with options. The data source stays the host's to close. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    /**
     * Adds a subscriber. Unless users are {@link Builder#caseSensitive case-sensitive}, of two that are added at the same time and
     * differ in case only one is refused.
     *
     * @throws SubscriberException if the domain has one of that name already, or one whose name differs in the case of ASCII letters
     *     only, so that both would be one address-of-record; nothing is changed then
     */
    public void add(String username, String domain, String password) {
        String realm = checked(username, domain, password);
        try {
            // each statement must see what was committed before it: the second one what the holder of the lock has
            // added
            jdbi.useTransaction(TransactionIsolationLevel.READ_COMMITTED, handle -> {
                refuseOtherSpelling(handle, username, realm);
                Map<String, @Nullable String> row = secrets(handle, username, realm, password);
                row.put("username", username);
                row.put("domain", realm);
                List<String> columns = List.copyOf(row.keySet());
                handle.createUpdate("INSERT INTO subscriber (" + String.join(", ", columns) + ") VALUES (:"
                                + String.join(", :", columns) + ")")
                        .bindMap(row)
                        .execute();
            });
        } catch (RuntimeException e) {
            if (SqlStates.isUniqueViolation(e)) {
                throw SubscriberException.exists(username, realm);
            }
            throw e;
        }
    }

    private void refuseOtherSpelling(Handle handle, String username, String realm) {
        if (userCase == UserCase.SENSITIVE) {
            return;
        }
        String lower = userCase.canonical(username);
        handle.createQuery("SELECT pg_advisory_xact_lock(?)")
                .bind(0, AdvisoryLock.number("subscriber", lower + "@" + realm))
                .map((row, context) -> true)
                .list();
        otherSpelling(handle, username, realm).ifPresent(other -> {
            throw SubscriberException.otherSpelling(username, other, realm);
        });
    }

    private static Optional<String> otherSpelling(Handle handle, String username, String realm) {
        return handle.createQuery(OTHER_SPELLING)
                .bind(0, realm)
                .bind(1, UserCase.INSENSITIVE.canonical(username))
                .bind(2, username)
                .mapTo(String.class)
                .findOne();
    }

    private SubscriberException unknown(Handle handle, String username, String realm) {
        return SubscriberException.unknown(
                username,
                realm,
                ColumnText.isStorable(username) ? otherSpelling(handle, username, realm) : Optional.empty());
    }

    /**
     * Changes a password. A plain password that was stored before is replaced, or emptied if none are to be stored.
     *
     * @throws SubscriberException if there is no such subscriber
     */
    public void changePassword(String username, String domain, String password) {
        String realm = checked(username, domain, password);
        jdbi.useTransaction(handle -> {
            Map<String, @Nullable String> row = secrets(handle, username, realm, password);
            List<String> settings = row.keySet().stream()
                    .map(column -> column + " = :" + column)
                    .toList();
            int changed = handle.createUpdate("UPDATE subscriber SET " + String.join(", ", settings)
                            + " WHERE username = :username AND domain = :domain")
                    .bindMap(row)
                    .bind("username", username)
                    .bind("domain", realm)
                    .execute();
            if (changed == 0) {
                throw unknown(handle, username, realm);
            }
        });
    }

    /**
     * Removes a subscriber with the aliases that lead to it and its rows in {@code location}, in one transaction. Running proxies
     * remove its bindings from memory when the trigger notifies them ({@link JdbcCredentials}). Rows stay if the role may not delete
     * them.
     *
     * @throws SubscriberException if there is no such subscriber; aliases stay then
     */
    public void remove(String username, String domain) {
        String realm = domain.toLowerCase(Locale.ROOT);
        jdbi.useTransaction(handle -> {
            int removed = handle.createUpdate("DELETE FROM subscriber WHERE username = :username AND domain = :domain")
                    .bind("username", username)
                    .bind("domain", realm)
                    .execute();
            if (removed == 0) {
                throw unknown(handle, username, realm);
            }
            if (hasAliases(handle)) {
                handle.createUpdate("DELETE FROM dbaliases WHERE username = :username AND domain = :domain")
                        .bind("username", username)
                        .bind("domain", realm)
                        .execute();
            }
            removeBindings(handle, username, realm);
        });
    }

    /** Not those of another subscriber whose name differs in case only, or, in rows without a domain, of the same name elsewhere. */
    private void removeBindings(Handle handle, String username, String realm) {
        if (!PrivilegeChecks.mayDelete(handle, "location")
                || otherSpelling(handle, username, realm).isPresent()) {
            return;
        }
        handle.createUpdate(
                        "DELETE FROM location WHERE username = :user AND (domain = :domain OR (coalesce(domain, '') ="
                                + " '' AND NOT EXISTS (SELECT 1 FROM subscriber WHERE username = :username)))")
                .bind("user", userCase.canonical(username))
                .bind("username", username)
                .bind("domain", realm)
                .execute();
    }

    /** One subscriber, or nothing. */
    public Optional<Subscriber> find(String username, String domain) {
        return jdbi.withHandle(
                handle -> handle.createQuery(select(handle) + "WHERE username = :username AND domain = :domain")
                        .bind("username", username)
                        .bind("domain", domain.toLowerCase(Locale.ROOT))
                        .map(Subscribers::read)
                        .findOne());
    }

    /** All of one user name, which may be in several domains, at most 10,000. */
    public List<Subscriber> find(String username) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        select(handle) + "WHERE username = :username ORDER BY domain LIMIT " + MAX_PAGE)
                .bind("username", username)
                .map(Subscribers::read)
                .list());
    }

    /** The first domains, in order, that have subscribers; at most {@code limit}. */
    public List<String> domains(int limit) {
        return jdbi.withHandle(
                handle -> handle.createQuery("SELECT DISTINCT domain FROM subscriber ORDER BY domain LIMIT :limit")
                        .bind("limit", limit)
                        .mapTo(String.class)
                        .list());
    }

    /**
     * A page of subscribers, ordered by user and domain.
     *
     * @param after the last one of the page before, or nothing for the first page
     * @param limit the most rows, 1 to 10,000; a shorter page is the last one
     */
    public List<Subscriber> list(Optional<Subscriber> after, int limit) {
        if (limit < 1 || limit > MAX_PAGE) {
            throw new IllegalArgumentException("limit: " + limit + " (expected 1 to " + MAX_PAGE + ")");
        }
        return jdbi.withHandle(handle -> handle.createQuery(select(handle)
                        + (after.isPresent() ? "WHERE (username, domain) > (:username, :domain) " : "")
                        + "ORDER BY username, domain LIMIT :limit")
                .bind("username", after.map(Subscriber::username).orElse(""))
                .bind("domain", after.map(Subscriber::domain).orElse(""))
                .bind("limit", limit)
                .configure(SqlStatements.class, statements -> statements.setUnusedBindingAllowed(true))
                .map(Subscribers::read)
                .list());
    }

    /** How many there are. */
    public long count() {
        return jdbi.withHandle(handle -> handle.createQuery("SELECT count(*) FROM subscriber")
                .mapTo(Long.class)
                .one());
    }

    /** True if the column {@code ha1_sha256} is there and no subscriber lacks that hash, so that SHA-256 may be offered. */
    public boolean allHaveSha256() {
        return jdbi.withHandle(handle -> hasSha256(handle)
                && handle.createQuery(
                                "SELECT NOT EXISTS (SELECT 1 FROM subscriber WHERE coalesce(ha1_sha256, '') = '')")
                        .mapTo(Boolean.class)
                        .one());
    }

    /** All that depends on the password, by column. */
    private Map<String, @Nullable String> secrets(Handle handle, String username, String realm, String password) {
        Map<String, @Nullable String> row = new HashMap<>();
        row.put("password", storePlainPasswords ? password : "");
        row.put("ha1", Ha1.of(DigestAlgorithm.MD5, username, realm, password));
        row.put("ha1b", Ha1.of(DigestAlgorithm.MD5, username + "@" + realm, realm, password));
        if (hasSha256(handle)) {
            row.put(Subscriber.SHA256_COLUMN, Ha1.of(DigestAlgorithm.SHA_256, username, realm, password));
        }
        return row;
    }

    private static String select(Handle handle) {
        return "SELECT username, domain, ha1 <> '', password <> '', "
                + (hasSha256(handle) ? "coalesce(ha1_sha256, '') <> ''" : "false") + " FROM subscriber ";
    }

    private static Subscriber read(ResultSet row, StatementContext context) throws SQLException {
        return new Subscriber(
                row.getString(1), row.getString(2), row.getBoolean(3), row.getBoolean(4), row.getBoolean(5));
    }

    private static boolean hasSha256(Handle handle) {
        return KamailioSchema.columns(handle, "subscriber").contains(Subscriber.SHA256_COLUMN);
    }

    private static boolean hasAliases(Handle handle) {
        return !KamailioSchema.columns(handle, "dbaliases").isEmpty();
    }

    /** The domain in lower case. */
    private String checked(String username, String domain, String password) {
        List<String> problems = new ArrayList<>();
        checkName("username", username, problems);
        checkName("domain", domain, problems);
        Objects.requireNonNull(password, "password");
        if (password.isEmpty() || hasControls(password)) {
            problems.add("password: empty or with control characters; no phone could send it");
        }
        if (storePlainPasswords && password.codePointCount(0, password.length()) > MAX_PASSWORD) {
            problems.add("password: more than " + MAX_PASSWORD
                    + " characters, which the column cannot hold; take a shorter one or store hashes only");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        return domain.toLowerCase(Locale.ROOT);
    }

    private static void checkName(String what, String name, List<String> problems) {
        Objects.requireNonNull(name, what);
        int length = name.codePointCount(0, name.length());
        if (length == 0 || length > MAX_NAME) {
            problems.add(what + ": " + length + " characters (expected 1 to " + MAX_NAME + ")");
        } else if (!Aor.isUser(name)
                || name.indexOf('@') >= 0
                || (name.indexOf(':') >= 0 && !(what.equals("domain") && name.startsWith("[")))) {
            // a colon separates the parts of an HA1, an at sign those of an address; [2001:db8::1] is a domain
            problems.add(what + ": has an @, a colon or a control character; give user and domain apart");
        }
    }

    private static boolean hasControls(String text) {
        return text.chars().anyMatch(Character::isISOControl);
    }

    /** The options of {@link Subscribers}. */
    public static final class Builder {

        private final DataSource dataSource;
        private boolean storePlainPasswords;
        private UserCase userCase = UserCase.INSENSITIVE;

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * Stores the plain password beside its hashes, for a Kamailio with {@code calculate_ha1=1}. Default: hashes only. Who
         * reads the table then has the passwords.
         */
        public Builder storePlainPasswords() {
            storePlainPasswords = true;
            return this;
        }

        /**
         * Lets subscribers differ in case only, for a proxy whose users are case-sensitive. Default: such a pair is refused, because it
         * would be one address-of-record.
         */
        public Builder caseSensitive() {
            userCase = UserCase.SENSITIVE;
            return this;
        }

        /** The subscribers. */
        public Subscribers build() {
            return new Subscribers(this);
        }
    }
}
