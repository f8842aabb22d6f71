package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.Call;
import org.sipproxy.server.phone.PhoneException;
import org.sipproxy.server.phone.RiPhone;

/**
 * A Kamailio and this proxy on one database, both database-only. Skipped if Kamailio is not installed. Runs with
 * domains and hashes, and with Kamailio's default configuration: {@code use_domain=0}, {@code calculate_ha1=yes}, and
 * passwords without hashes.
 */
@ParameterizedClass
@EnumSource
@Timeout(120)
class KamailioInteropTest {

    private static final Path KAMAILIO = Path.of("/usr/sbin/kamailio");
    private static final Account BOB = new Account("bob", "bobspassword", "sip.test");
    private static final Account ALICE = new Account("alice", "alicespassword", "sip.test");
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    /** Configuration of Kamailio. */
    enum Rows {
        WITH_DOMAIN_AND_HASH("1", "0", "\"ha1\""),
        AS_KAMAILIO_BY_DEFAULT("0", "1", "\"password\"");

        private final String useDomain;
        private final String calculateHa1;
        private final String passwordColumn;

        Rows(String useDomain, String calculateHa1, String passwordColumn) {
            this.useDomain = useDomain;
            this.calculateHa1 = calculateHa1;
            this.passwordColumn = passwordColumn;
        }
    }

    private final Rows rows;

    @TempDir
    private Path directory;

    private Process kamailio;
    private InetSocketAddress atKamailio;
    private SipProxy proxy;
    private InetSocketAddress atUs;

    KamailioInteropTest(Rows rows) {
        this.rows = rows;
    }

    @BeforeEach
    void start() throws IOException, URISyntaxException {
        assumeTrue(Files.isExecutable(KAMAILIO), () -> KAMAILIO + " is not installed");
        POSTGRES.execute("TRUNCATE subscriber; TRUNCATE location");
        Subscribers subscribers = Subscribers.in(POSTGRES.dataSource());
        for (Account account : List.of(BOB, ALICE)) {
            subscribers.add(account.user(), account.domain(), account.password());
        }
        if (rows == Rows.AS_KAMAILIO_BY_DEFAULT) {
            POSTGRES.execute("UPDATE subscriber SET ha1 = '', ha1b = '', password = username || 'spassword'");
        }
        startKamailio();
        JdbcCredentials users =
                JdbcCredentials.builder(POSTGRES.dataSource()).plainPasswords().build();
        proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .component(users)
                .locationStore(StoreMode.databaseOnly(JdbcBindingRepository.builder(POSTGRES.dataSource())
                        .defaultDomain("sip.test")
                        .build()))
                .build();
        proxy.start();
        atUs = new InetSocketAddress(
                InetAddress.getLoopbackAddress(), proxy.boundEndpoints().get(0).port());
    }

    private void startKamailio() throws IOException, URISyntaxException {
        int port;
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        atKamailio = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        URL config = Objects.requireNonNull(getClass().getResource("/kamailio/shared-database.cfg"));
        String password = POSTGRES.password() == null || POSTGRES.password().isEmpty() ? "" : ":" + POSTGRES.password();
        String database = "\"postgres://" + POSTGRES.user() + password + "@"
                + POSTGRES.url().substring("jdbc:postgresql://".length()) + "\"";
        File log = directory.resolve("kamailio.log").toFile();
        kamailio = new ProcessBuilder(
                        KAMAILIO.toString(),
                        "-DD",
                        "-E",
                        "-n",
                        "1",
                        "-Y",
                        directory.toString(),
                        "-P",
                        directory.resolve("pid").toString(),
                        "-f",
                        Path.of(config.toURI()).toString(),
                        "-A",
                        "DBURL=" + database,
                        "-A",
                        "USE_DOMAIN=" + rows.useDomain,
                        "-A",
                        "CALCULATE_HA1=" + rows.calculateHa1,
                        "-A",
                        "PASSWORD_COLUMN=" + rows.passwordColumn,
                        "-l",
                        "udp:127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        Awaitility.await("Kamailio, which says " + Files.readString(log.toPath()))
                .atMost(PATIENCE)
                .until(() -> kamailio.isAlive() && isBound(port));
    }

    private static boolean isBound(int port) {
        try (DatagramSocket probe = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (proxy != null) {
            proxy.close();
        }
        if (kamailio != null) {
            kamailio.destroy();
            if (!kamailio.waitFor(5, TimeUnit.SECONDS)) {
                kamailio.destroyForcibly();
            }
        }
    }

    private static RiPhone phone(Account account, InetSocketAddress server) throws PhoneException {
        return RiPhone.open(account, InetAddress.getLoopbackAddress(), server, Duration.ofMillis(100), PATIENCE);
    }

    private static void registerAndCall(InetSocketAddress calleesServer, InetSocketAddress callersServer)
            throws PhoneException {
        try (RiPhone callee = phone(BOB, calleesServer);
                RiPhone caller = phone(ALICE, callersServer)) {
            callee.register(Duration.ofMinutes(10));
            caller.register(Duration.ofMinutes(10));

            Call call = caller.call(BOB.user());

            assertThat(call.rang()).isTrue();
            call.hangUp();
        }
    }

    @Test
    void phoneRegisteredAtKamailioIsCalledThroughTheProxy() throws PhoneException {
        registerAndCall(atKamailio, atUs);

        assertThat(proxy.locationStore().lookup(new Aor("bob", "sip.test"))).hasSize(1);
    }

    @Test
    void phoneRegisteredAtTheProxyIsCalledThroughKamailio() throws PhoneException {
        registerAndCall(atUs, atKamailio);
    }
}
