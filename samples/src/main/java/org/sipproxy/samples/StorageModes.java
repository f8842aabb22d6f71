package org.sipproxy.samples;

import java.time.Duration;
import javax.sql.DataSource;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.security.DigestAuthentication;

/**
 * Registrar with everything in PostgreSQL, in Kamailio's tables: subscribers, call records, and registrations in one of
 * the five storage modes.
 */
public final class StorageModes {

    private StorageModes() {}

    /**
     * Returns the proxy, not started. Creates missing tables.
     *
     * @param database a connection pool, which the caller closes after the proxy
     * @param dbMode the number of the mode in Kamailio, 0 to 4
     */
    public static SipProxy create(Endpoint endpoint, DataSource database, int dbMode) {
        KamailioSchema.on(database).createAll();
        CredentialStore users = JdbcCredentials.builder(database).build();
        BindingRepository rows = JdbcBindingRepository.builder(database).build();
        return SipProxy.builder()
                .listen(endpoint)
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .locationStore(mode(dbMode, rows))
                .component(JdbcAccounting.of(database))
                .build();
    }

    private static StoreMode mode(int dbMode, BindingRepository rows) {
        return switch (dbMode) {
            case 0 -> StoreMode.memory(); // a restart loses the registrations
            case 1 -> StoreMode.writeThrough(rows); // what got a 200 is in the database
            case 2 -> StoreMode.writeBack(rows, Duration.ofSeconds(10)); // a crash loses changes of 10 s at most
            case 3 -> StoreMode.databaseOnly(rows); // several proxies share the rows; slower
            case 4 -> StoreMode.loadAtStart(rows); // read once, never written
            default -> throw new IllegalArgumentException("dbMode: " + dbMode + " (expected 0 to 4)");
        };
    }
}
