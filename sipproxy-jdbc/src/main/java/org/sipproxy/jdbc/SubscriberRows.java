package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import javax.sql.DataSource;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.message.SipParseException;

/**
 * Reader of the table {@code subscriber}: its queries, and what a row means for the digest. All methods block. Does not
 * cache.
 */
final class SubscriberRows {

    /** How long the server may send nothing while a row is read. */
    private static final long SILENCE_MILLIS = 5_000;

    private final DataSource dataSource;
    private final boolean plainPasswords;
    private final RowProblems problems;
    private final String query;
    private final String batchQuery;

    /**
     * Creates a reader.
     *
     * @param plainPasswords true to use column {@code password} where it is not empty
     * @param sha256 true to read column {@code ha1_sha256}
     * @param problems notified of rows with which no digest can be verified
     */
    SubscriberRows(DataSource dataSource, boolean plainPasswords, boolean sha256, RowProblems problems) {
        this.dataSource = dataSource;
        this.plainPasswords = plainPasswords;
        this.problems = problems;
        String columns = "ha1, ha1b, " + (sha256 ? Subscriber.SHA256_COLUMN : "''") + ", "
                + (plainPasswords ? RowText.bytes("password") : "''") + ", CASE WHEN username = "
                + Subscribers.lower("username")
                + " THEN false ELSE EXISTS (SELECT 1 FROM subscriber o WHERE o.domain = s.domain AND "
                + Subscribers.lower("o.username") + " = " + Subscribers.lower("s.username")
                + " AND o.username <> s.username) END";
        this.query = "SELECT " + columns + " FROM subscriber s WHERE username = ? AND domain = ?";
        this.batchQuery = "SELECT " + columns + ", k.number FROM UNNEST(CAST(? AS TEXT[]), CAST(? AS TEXT[]))"
                + " WITH ORDINALITY AS k (name, realm, number)"
                + " JOIN subscriber s ON s.username = k.name AND s.domain = k.realm";
    }

    /** Returns the credentials of a row; {@link Credentials#NONE} if there is none. */
    Credentials find(CredentialCache.Key key) throws SQLException {
        return query(
                query,
                select -> {
                    select.setString(1, key.username());
                    select.setString(2, key.domain());
                },
                row -> row.next() ? credentials(key, row) : Credentials.NONE);
    }

    /**
     * Returns the credentials for each key, in the same order, with one query.
     *
     * @throws SQLException also if the database cannot represent one of the names
     */
    Credentials[] find(List<CredentialCache.Key> keys) throws SQLException {
        Credentials[] found = new Credentials[keys.size()];
        Arrays.fill(found, Credentials.NONE);
        return query(
                batchQuery,
                select -> {
                    Connection connection = select.getConnection();
                    select.setArray(1, connection.createArrayOf("text", names(keys, CredentialCache.Key::username)));
                    select.setArray(2, connection.createArrayOf("text", names(keys, CredentialCache.Key::domain)));
                },
                rows -> {
                    while (rows.next()) {
                        int i = rows.getInt(6) - 1;
                        if (found[i] == Credentials.NONE) { // the first row, like a read alone
                            found[i] = credentials(keys.get(i), rows);
                        }
                    }
                    return found;
                });
    }

    private static Object[] names(List<CredentialCache.Key> keys, Function<CredentialCache.Key, String> name) {
        return keys.stream().map(name).toArray();
    }

    /** Returns true if another row has the name in another case. */
    boolean hasOtherSpelling(CredentialCache.Key key) throws SQLException {
        return query(
                Subscribers.OTHER_SPELLING,
                select -> {
                    select.setString(1, key.domain());
                    select.setString(2, UserCase.INSENSITIVE.canonical(key.username()));
                    select.setString(3, key.username());
                },
                ResultSet::next);
    }

    /** Returns true if the table has no rows. */
    boolean isEmpty() throws SQLException {
        return query("SELECT 1 FROM subscriber LIMIT 1", select -> {}, row -> !row.next());
    }

    private interface Parameters {
        void set(PreparedStatement statement) throws SQLException;
    }

    private interface Reading<T> {
        T of(ResultSet rows) throws SQLException;
    }

    /**
     * Runs a query with plain JDBC, because a request waits for it. A server that sends nothing is given up when the
     * time is over.
     */
    private <T> T query(String sql, Parameters parameters, Reading<T> reading) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            int before = connection.getNetworkTimeout();
            connection.setNetworkTimeout(Runnable::run, (int) RequestDeadline.within(SILENCE_MILLIS));
            try (PreparedStatement select = connection.prepareStatement(sql)) {
                parameters.set(select);
                try (ResultSet rows = select.executeQuery()) {
                    return reading.of(rows);
                }
            } finally {
                if (!connection.isClosed()) {
                    connection.setNetworkTimeout(Runnable::run, before);
                    if (!connection.getAutoCommit()) {
                        connection.rollback();
                    }
                }
            }
        }
    }

    private Credentials credentials(CredentialCache.Key key, ResultSet row) throws SQLException {
        String password = RowText.orEmpty(row, 4);
        Credentials hashes = Credentials.ofHashes(
                key.username(),
                key.domain(),
                RowText.orEmpty(row, 1),
                RowText.orEmpty(row, 2),
                RowText.orEmpty(row, 3));
        Credentials credentials =
                password.isEmpty() ? hashes : Credentials.ofPassword(key.username(), key.domain(), password);
        report(key, password, hashes, credentials);
        return row.getBoolean(5) ? credentials.withOtherSpelling(true) : credentials;
    }

    /** Logs a row with which no digest can be verified, or whose two columns disagree. */
    private void report(CredentialCache.Key key, String password, Credentials hashes, Credentials credentials) {
        String problem;
        if (RowText.isDamaged(password)) {
            problem = "its password is not UTF-8, so no digest matches; set another one with passwd";
        } else if (credentials.bare().isEmpty() && credentials.qualified().isEmpty()) {
            problem = "no digest can be verified: ha1 is empty, or not 32 or 64 hexadecimal digits; set a password with"
                    + " passwd"
                    + (plainPasswords
                            ? ""
                            : ", or use column password with JdbcCredentials.Builder.plainPasswords or the launcher's"
                                    + " --password-column=password");
        } else if (!password.isEmpty() && !hashes.agreesWith(credentials)) {
            problem = "ha1 is not the hash of user:domain:password; column password is used, like a Kamailio with"
                    + " calculate_ha1=yes does. To use ha1, omit JdbcCredentials.Builder.plainPasswords or give the"
                    + " launcher --password-column=ha1";
        } else {
            return;
        }
        problems.found(
                "subscriber", "\"" + SipParseException.excerpt(key.username() + "@" + key.domain()) + "\"", problem);
    }
}
