/**
 * PostgreSQL as the back end of a proxy, in the tables that a Kamailio uses, so that both can serve one database. The host
 * hands in a {@link javax.sql.DataSource} and closes it itself.
 */
@NullMarked
package org.sipproxy.jdbc;

import org.jspecify.annotations.NullMarked;
