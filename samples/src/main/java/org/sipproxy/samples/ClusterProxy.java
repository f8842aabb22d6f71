package org.sipproxy.samples;

import com.zaxxer.hikari.HikariDataSource;
import javax.sql.DataSource;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.JdbcSecret;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.DigestAuthentication;

/** One of several servers that share a database: a phone registered at one of them is called from all of them. */
public final class ClusterProxy {

    private ClusterProxy() {}

    /**
     * Serves sip.test on port 5060 of one address.
     *
     * @param args the JDBC URL of a PostgreSQL database, with user and password; the name of this server, unique among
     *     them; its address
     */
    public static void main(String[] args) throws InterruptedException {
        try (HikariDataSource database = new HikariDataSource()) {
            database.setJdbcUrl(args[0]);
            try (SipProxy proxy = create(database, args[1], Endpoint.udp(args[2], 5060), Endpoint.tcp(args[2], 5060))) {
                proxy.start();
                Thread.currentThread().join();
            }
        }
    }

    static SipProxy create(DataSource database, String name, Endpoint udp, Endpoint tcp) {
        KamailioSchema.on(database).createAll();
        byte[] secret = JdbcSecret.readOrCreate(database); // the same at every server
        return SipProxy.builder()
                .listen(udp)
                .listen(tcp)
                .domain("sip.test")
                .authentication(DigestAuthentication.builder()
                        .credentials(JdbcCredentials.builder(database).build())
                        .build())
                .component(NatTraversal.builder().build())
                .locationStore(StoreMode.databaseOnly(
                        JdbcBindingRepository.builder(database).build()))
                .secret(secret)
                .cluster(new ClusterSettings(name, tcp)) // where the others send to
                .build();
    }
}
