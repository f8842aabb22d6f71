package org.sipproxy.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;

/**
 * Administration of the subscribers in the database, like {@code kamctl add}, {@code passwd}, {@code rm} and
 * {@code show}.
 *
 * <p>Stores {@code ha1}, the MD5 of {@code user:domain:password}, and {@code ha1b}, the MD5 of
 * {@code user@domain:domain:password}. The plain password is stored only with {@link Builder#storePlainPasswords}. If
 * the table has the column {@code ha1_sha256}, the SHA-256 HA1 is stored there. The domain is stored in lower case,
 * like the realm of a proxy.
 *
 * <p>Thread-safe. All methods block. They throw {@link org.jdbi.v3.core.JdbiException} if the database cannot be
 * reached or rejects the statement, and {@link IllegalArgumentException} with all problems if a name or password is not
 * valid.
 */
public final class Subscribers {

    /** Widths of Kamailio's columns, in characters. */
    private static final int MAX_NAME = 64;

    private static final int MAX_PASSWORD = 64;

    /** Largest page, in rows. */
    private static final int MAX_PAGE = 10_000;

    /** SQL parameters: the domain, the name in lower case, and the name itself. */
    static final String OTHER_SPELLING = "SELECT username FROM subscriber WHERE domain = ? AND " + lower("username")
            + " = ? AND username <> ? ORDER BY username LIMIT 1";

    private final QuietJdbi jdbi;
    private final UserCase userCase;
    private final boolean storePlainPasswords;

    private Subscribers(Builder builder) {
        this.jdbi = QuietJdbi.over("subscribers", builder.dataSource);
        this.userCase = builder.userCase;
        this.storePlainPasswords = builder.storePlainPasswords;
    }

    /** Returns SQL for {@link UserCase#INSENSITIVE}: only ASCII letters have a case, whatever the database's locale. */
    static String lower(String column) {
        return "lower(" + column + " COLLATE \"C\")";
    }

    /** Returns the subscribers of a database with all defaults: only hashes are stored. Does not open a connection. */
    public static Subscribers in(DataSource dataSource) {
        return builder(dataSource).build();
    }

    /** Returns a builder for the subscribers of a database. The host application closes the data source. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    /**
     * Adds a subscriber. Unless users are {@link Builder#caseSensitive case-sensitive}, one of two subscribers that are
     * added at the same time and differ in case only is refused.
     *
     * @throws ConfigurationException if a name or the password cannot be used
     * @throws SubscriberException if the domain has a subscriber of that name, or one whose name differs in the case of
     *     ASCII letters only, so that both would share an address-of-record; nothing is changed then
     */
    public void add(String username, String domain, String password) {
        String realm = checked(username, domain, password);
        try {
            // each statement must see what was committed before it: the second one reads what the lock's holder added
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
     * Changes a password. A stored plain password is replaced, or emptied if plain passwords are not stored.
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
     * Removes a subscriber, the aliases that lead to it and its rows in {@code location}, in one transaction. Running
     * proxies remove its bindings from memory when the trigger notifies them ({@link JdbcCredentials}). Rows in
     * {@code location} stay if the role may not delete them.
     *
     * @throws SubscriberException if there is no such subscriber; its aliases stay then
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

    /**
     * Removes the bindings, except those of another subscriber whose name differs in case only. Rows without a domain
     * stay if the same name exists in another domain.
     */
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

    /** Returns a subscriber, or empty if there is no such row. */
    public Optional<Subscriber> find(String username, String domain) {
        return jdbi.withHandle(
                handle -> handle.createQuery(select(handle) + "WHERE username = :username AND domain = :domain")
                        .bind("username", username)
                        .bind("domain", domain.toLowerCase(Locale.ROOT))
                        .map(Subscribers::read)
                        .findOne());
    }

    /** Returns all subscribers with a user name, which may exist in several domains; at most 10,000. */
    public List<Subscriber> find(String username) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        select(handle) + "WHERE username = :username ORDER BY domain LIMIT " + MAX_PAGE)
                .bind("username", username)
                .map(Subscribers::read)
                .list());
    }

    /** Returns the first domains, in order, that have subscribers; at most {@code limit}. */
    public List<String> domains(int limit) {
        return jdbi.withHandle(
                handle -> handle.createQuery("SELECT DISTINCT domain FROM subscriber ORDER BY domain LIMIT :limit")
                        .bind("limit", limit)
                        .mapTo(String.class)
                        .list());
    }

    /**
     * Returns a page of subscribers, ordered by user and domain.
     *
     * @param after the last subscriber of the page before; empty for the first page
     * @param limit the maximum number of rows, 1 to 10,000; a shorter page is the last one
     * @throws IllegalArgumentException if {@code limit} is outside its range
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

    /** Returns the number of subscribers. */
    public long count() {
        return jdbi.withHandle(handle -> handle.createQuery("SELECT count(*) FROM subscriber")
                .mapTo(Long.class)
                .one());
    }

    /**
     * Returns true if the column {@code ha1_sha256} exists and every subscriber has that hash, so that SHA-256 may be
     * offered.
     */
    public boolean allHaveSha256() {
        return jdbi.withHandle(handle -> hasSha256(handle)
                && handle.createQuery(
                                "SELECT NOT EXISTS (SELECT 1 FROM subscriber WHERE coalesce(ha1_sha256, '') = '')")
                        .mapTo(Boolean.class)
                        .one());
    }

    /** Returns the values of all columns that depend on the password. */
    private Map<String, @Nullable String> secrets(Handle handle, String username, String realm, String password) {
        Map<String, @Nullable String> row = new HashMap<>();
        row.put("password", storePlainPasswords ? password : "");
        row.put("ha1", DigestAlgorithm.MD5.ha1(username, realm, password));
        row.put("ha1b", DigestAlgorithm.MD5.ha1(username + "@" + realm, realm, password));
        if (hasSha256(handle)) {
            row.put(Subscriber.SHA256_COLUMN, DigestAlgorithm.SHA_256.ha1(username, realm, password));
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

    /** Checks the names and the password, and returns the domain in lower case. */
    private String checked(String username, String domain, String password) {
        OptionProblems problems = new OptionProblems("");
        checkName("username", username, problems);
        checkName("domain", domain, problems);
        Objects.requireNonNull(password, "password");
        if (password.isEmpty() || hasControls(password)) {
            problems.add(
                    "password", "", "empty, or has control characters that a phone cannot send", "choose another one");
        }
        if (storePlainPasswords && password.codePointCount(0, password.length()) > MAX_PASSWORD) {
            problems.add(
                    "password",
                    "",
                    "more than " + MAX_PASSWORD + " characters, which the column cannot hold",
                    "choose a shorter one or store hashes only");
        }
        problems.throwIfAny();
        return domain.toLowerCase(Locale.ROOT);
    }

    private static void checkName(String what, String name, OptionProblems problems) {
        Objects.requireNonNull(name, what);
        int length = name.codePointCount(0, name.length());
        if (length == 0 || length > MAX_NAME) {
            problems.add(what, length + " characters", "expected 1 to " + MAX_NAME);
        } else if (!Aor.isUser(name)
                || name.indexOf('@') >= 0
                || (name.indexOf(':') >= 0 && !(what.equals("domain") && name.startsWith("[")))) {
            // a colon separates the parts of an HA1, an at sign those of an address; [2001:db8::1] is a domain
            problems.add(what, "", "has an @, a colon or a control character", "give user and domain separately");
        }
    }

    private static boolean hasControls(String text) {
        return text.chars().anyMatch(Character::isISOControl);
    }

    /** Options of {@link Subscribers}. */
    public static final class Builder {

        private final DataSource dataSource;
        private boolean storePlainPasswords;
        private UserCase userCase = UserCase.INSENSITIVE;

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * Stores the plain password beside its hashes, for a Kamailio with {@code calculate_ha1=1}. Every reader of the
         * table can then read the passwords. Default: hashes only.
         */
        public Builder storePlainPasswords() {
            storePlainPasswords = true;
            return this;
        }

        /**
         * Allows subscribers that differ in case only, for a proxy whose users are case-sensitive. Default: such a pair
         * is refused, because both would share one address-of-record.
         */
        public Builder caseSensitive() {
            userCase = UserCase.SENSITIVE;
            return this;
        }

        /** Returns the subscribers. */
        public Subscribers build() {
            return new Subscribers(this);
        }
    }
}
