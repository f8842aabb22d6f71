package org.sipproxy.jdbc;

import org.postgresql.ds.PGSimpleDataSource;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * PostgreSQL in a container, which ends with the JVM. A separate class, so that nothing loads it without
 * Testcontainers.
 */
final class PostgresContainer {

    private PostgresContainer() {}

    @SuppressWarnings("resource") // the container's reaper ends it
    static PGSimpleDataSource start() {
        PostgreSQLContainer container =
                new PostgreSQLContainer(System.getProperty("sipproxy.test.postgres.image", "postgres:17-alpine"));
        container.start();
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setURL(container.getJdbcUrl());
        dataSource.setUser(container.getUsername());
        dataSource.setPassword(container.getPassword());
        return dataSource;
    }
}
