/**
 * An embedded PostgreSQL for trials, and a log of the statements that it gets.
 *
 * <p>Start reading at {@link org.sipproxy.server.database.EmbeddedDatabase}. Its data directory can be shared by
 * several processes of one user; {@code EmbeddedAccess} denies access to other users.
 *
 * <p>Does not contain any SQL of the proxy; that is in {@code sipproxy-jdbc}. Not meant for production: use a
 * PostgreSQL that is administered and backed up.
 */
@NullMarked
package org.sipproxy.server.database;

import org.jspecify.annotations.NullMarked;
