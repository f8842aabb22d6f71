package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Rows;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.RiPhone;

@Timeout(120)
class StorageModesTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.empty();

    @AfterEach
    void drop() {
        KamailioSchema.on(postgres.dataSource()).drop();
    }

    @ParameterizedTest(name = "db_mode {0}: {1} rows, {2} after a restart")
    @CsvSource({"0, 0, 0", "1, 1, 1", "2, 1, 1", "3, 1, 1", "4, 0, 0"})
    void registrationIsStoredAsTheModeSays(int dbMode, int rows, int afterRestart) throws Exception {
        try (SipProxy proxy = StorageModes.create(Endpoint.udp("127.0.0.1", 0), postgres.dataSource(), dbMode)) {
            Subscribers.in(postgres.dataSource()).add("1001", "sip.test", "test1234");
            proxy.start();
            register(proxy.boundEndpoints().get(0).port());
        }

        assertThat(Rows.of(postgres.dataSource(), "SELECT username FROM location"))
                .hasSize(rows);
        try (SipProxy next = StorageModes.create(Endpoint.udp("127.0.0.1", 0), postgres.dataSource(), dbMode)) {
            next.start();
            assertThat(next.locationStore().lookup(new Aor("1001", "sip.test"))).hasSize(afterRestart);
        }
    }

    private static void register(int port) throws Exception {
        InetAddress host = InetAddress.getLoopbackAddress();
        try (RiPhone phone = RiPhone.open(
                new Account("1001", "test1234", "sip.test"),
                host,
                new InetSocketAddress(host, port),
                Duration.ZERO,
                Duration.ofSeconds(10))) {
            phone.register(Duration.ofHours(1));
        }
    }
}
