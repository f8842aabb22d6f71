package org.sipproxy.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

/** Proxy in a separate process, to be killed. Prints the port that it listens on. */
final class CrashVictim {

    private CrashVictim() {}

    /** Takes JDBC URL, user, password, and the interval of write-back in milliseconds, or 0 for write-through. */
    public static void main(String[] args) throws InterruptedException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(args[0]);
        config.setUsername(args[1]);
        config.setPassword(args[2]);
        config.setMaximumPoolSize(4);
        JdbcBindingRepository repository =
                JdbcBindingRepository.builder(new HikariDataSource(config)).build();
        long interval = Long.parseLong(args[3]);
        SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .locationStore(
                        interval == 0
                                ? StoreMode.writeThrough(repository)
                                : StoreMode.writeBack(repository, Duration.ofMillis(interval)))
                .build();
        proxy.start();
        System.out.println("port " + proxy.boundEndpoints().get(0).port());
        new CountDownLatch(1).await(); // until it is killed
    }
}
