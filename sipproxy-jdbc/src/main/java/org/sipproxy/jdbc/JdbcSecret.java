package org.sipproxy.jdbc;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;

/**
 * Secret that the proxies of a database share, for {@code SipProxyBuilder.secret}: calls survive a restart, and these
 * proxies take over each other's calls. It is one row of the table {@code sipproxy_secret}, which
 * {@link KamailioSchema#create} creates.
 *
 * <p>If the row is deleted, the next start creates another secret. In-dialog requests of calls that are older than that
 * start then pass only from authenticated users and trusted peers. A reader of the row can forge signatures of these
 * proxies.
 */
public final class JdbcSecret {

    /** Name of the table. */
    public static final String TABLE = "sipproxy_secret";

    private static final String NAME = "proxy";
    private static final int BYTES = 32;
    private static final int MIN_BYTES = 16;

    private JdbcSecret() {}

    /**
     * Returns the secret; creates it if there is none. Proxies that start at the same time get the same one. Blocks.
     *
     * @throws SecretUnavailableException if the table is missing, the role may not use it, or its row is not a secret;
     *     the message contains the remedy. A proxy can run without a secret from the database.
     * @throws org.jdbi.v3.core.JdbiException if the database cannot be reached
     */
    public static byte[] readOrCreate(DataSource dataSource) {
        try {
            return QuietJdbi.over("secret", dataSource).withHandle(handle -> {
                Optional<String> found = find(handle);
                if (found.isEmpty()) {
                    create(handle);
                    found = find(handle);
                }
                return parsed(found.orElse(""));
            });
        } catch (RuntimeException e) {
            throw translated(e);
        }
    }

    private static Optional<String> find(Handle handle) {
        return handle.createQuery("SELECT secret FROM " + TABLE + " WHERE name = :name")
                .bind("name", NAME)
                .mapTo(String.class)
                .findOne();
    }

    private static void create(Handle handle) {
        byte[] secret = new byte[BYTES];
        new SecureRandom().nextBytes(secret);
        handle.createUpdate("INSERT INTO " + TABLE
                        + " (name, secret) VALUES (:name, :secret) ON CONFLICT (name) DO NOTHING")
                .bind("name", NAME)
                .bind("secret", HexFormat.of().formatHex(secret))
                .execute();
    }

    private static byte[] parsed(String text) {
        try {
            byte[] secret = HexFormat.of().parseHex(text.strip());
            if (secret.length >= MIN_BYTES) {
                return secret;
            }
        } catch (IllegalArgumentException e) {
            // rejected below, without the text
        }
        throw new SecretUnavailableException(
                "secret: the row of table " + TABLE
                        + " does not have at least 32 hexadecimal digits; delete it, and the next start creates a new"
                        + " one",
                null);
    }

    private static RuntimeException translated(RuntimeException e) {
        return switch (SqlStates.of(e)) {
            case "42P01" ->
                new SecretUnavailableException(
                        "secret: the database has no table " + TABLE
                                + "; create it with KamailioSchema.createAll or the launcher's db create",
                        e);
            case SqlStates.INSUFFICIENT_PRIVILEGE, "25006" ->
                new SecretUnavailableException(
                        "secret: the role may not read and insert rows of table " + TABLE + ": " + SqlStates.text(e)
                                + "; grant it with the launcher's db grants, or GRANT SELECT, INSERT",
                        e);
            default -> e;
        };
    }
}
