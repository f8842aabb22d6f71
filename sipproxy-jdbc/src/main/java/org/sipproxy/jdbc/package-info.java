/**
 * PostgreSQL as the back end of a proxy, in Kamailio's tables, so that both can serve one database.
 *
 * <p>Start with {@link org.sipproxy.jdbc.JdbcBindingRepository} (bindings), {@link org.sipproxy.jdbc.JdbcCredentials}
 * (digest authentication) and {@link org.sipproxy.jdbc.JdbcAccounting} (call records). Domains, aliases, access rules,
 * gateways and the proxies' common secret have a {@code Jdbc} class each.
 * {@link org.sipproxy.jdbc.KamailioSchema} creates and verifies the tables, {@link org.sipproxy.jdbc.Subscribers}
 * administers users, and {@link org.sipproxy.jdbc.DatabaseDoctor} checks a database.
 *
 * <p>The parts of a proxy with everything in a database:
 *
 * <pre>{@code
 * .authentication(DigestAuthentication.builder()
 *         .credentials(JdbcCredentials.builder(database).build()) // table subscriber
 *         .secret(secret)
 *         .build())
 * .locationStore(StoreMode.writeBack( // table location
 *         JdbcBindingRepository.builder(database).build(), Duration.ofSeconds(1)))
 * .component(JdbcAccounting.of(database)) // tables acc, missed_calls and acc_cdrs
 * }</pre>
 *
 * <p>The message of a failure names the component, the database and the remedy; exceptions of Jdbi and the driver are its
 * causes.
 *
 * <p>Does not open connections by itself and does not contain a pool: the host application passes a
 * {@link javax.sql.DataSource} and closes it.
 */
@NullMarked
package org.sipproxy.jdbc;

import org.jspecify.annotations.NullMarked;
