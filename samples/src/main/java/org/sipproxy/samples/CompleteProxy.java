package org.sipproxy.samples;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import javax.sql.DataSource;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.JdbcSecret;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.AuditLog;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;

/** The whole of a usual Kamailio set-up: one component for each of its parts, with everything in PostgreSQL. */
public final class CompleteProxy {

    private CompleteProxy() {}

    /**
     * Serves sip.test on port 5060 of all addresses.
     *
     * @param args the JDBC URL of a PostgreSQL database, with user and password
     */
    public static void main(String[] args) throws InterruptedException {
        try (HikariDataSource database = new HikariDataSource()) {
            database.setJdbcUrl(args[0]);
            try (SipProxy proxy = create(database, Endpoint.udp("0.0.0.0", 5060), Endpoint.tcp("0.0.0.0", 5060))) {
                proxy.start();
                Thread.currentThread().join();
            }
        }
    }

    static SipProxy create(DataSource database, Endpoint udp, Endpoint tcp) {
        KamailioSchema.on(database).createAll(); // what is missing of the tables
        byte[] secret = JdbcSecret.readOrCreate(database); // calls survive a restart
        return SipProxy.builder()
                .listen(udp)
                .listen(tcp)
                .domain("sip.test") // also the realm of the passwords
                .alias("proxy.sip.test")
                .component(AccessList.builder()
                        .rules(
                                AccessRule.trust(CidrBlock.parse("192.0.2.0/28")), // no passwords, no rate limits
                                AccessRule.deny(CidrBlock.parse("198.51.100.0/24")))
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .build())
                .component(FloodGuard.builder().build()) // rate limits of each source and user; drops scanners
                .component(NatTraversal.builder().build()) // received address, contact alias, keepalive pings
                .authentication(DigestAuthentication.builder()
                        .credentials(JdbcCredentials.builder(database).build()) // table subscriber
                        .secret(secret)
                        .build())
                .locationStore(StoreMode.writeBack( // table location
                        JdbcBindingRepository.builder(database).build(), Duration.ofSeconds(1)))
                .component(JdbcAccounting.of(database)) // tables acc, missed_calls and acc_cdrs
                .listener(new AuditLog()) // a line for each refusal
                .secret(secret)
                .build();
    }
}
