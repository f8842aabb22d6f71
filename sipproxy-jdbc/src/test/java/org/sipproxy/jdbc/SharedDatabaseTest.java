package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.RegistrarPolicy;

/** Proxies that share a database, or use it again after a restart: bindings without a flow of this process. */
class SharedDatabaseTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeEach
    void empty() {
        POSTGRES.execute("DELETE FROM location");
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    @Test
    void phoneOfOneProxyIsReachedThroughTheOther() {
        SipProxy first = start(StoreMode.databaseOnly(repository()));
        SipProxy second = start(StoreMode.databaseOnly(repository()));
        SipClient alice = phone();
        assertThat(alice.register(SipClient.addressOf(first), "alice", 1)).isEqualTo(200);
        assertThat(Rows.of(POSTGRES, "SELECT socket FROM location"))
                .containsExactly(first.boundEndpoints().get(0).toString());

        String got = reached(SipClient.addressOf(second), alice, "alice");

        assertThat(got)
                .startsWith("MESSAGE sip:alice@" + alice.hostPort() + " SIP/2.0\r\n")
                .endsWith("from /" + hostPort(second, 0));
    }

    @Test
    void phoneBehindAnEdgeProxyIsReachedThroughItsPath() {
        SipProxy first = start(StoreMode.databaseOnly(repository()));
        SipProxy second = start(StoreMode.databaseOnly(repository()));
        SipClient edge = phone();
        SipClient alice = phone();
        assertThat(alice.register(SipClient.addressOf(first), "alice", 1)).isEqualTo(200);
        POSTGRES.execute("UPDATE location SET path = '<sip:" + edge.hostPort() + ";lr>'");

        String got = reached(SipClient.addressOf(second), edge, "alice");

        assertThat(got)
                .startsWith("MESSAGE sip:alice@" + alice.hostPort() + " SIP/2.0\r\n")
                .contains("\r\nRoute: <sip:" + edge.hostPort() + ";lr>\r\n");
    }

    @Test
    void concurrentUpdatesOfOneAorByTwoProxiesLoseNothing() {
        int each = 10;
        List<SipProxy> proxies =
                List.of(start(StoreMode.databaseOnly(repository())), start(StoreMode.databaseOnly(repository())));
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        List<String> contacts = new ArrayList<>();
        for (int i = 0; i < 2 * each; i++) {
            SipClient phone = phone();
            InetSocketAddress proxy = SipClient.addressOf(proxies.get(i % 2));
            contacts.add("sip:alice@" + phone.hostPort());
            answers.add(CompletableFuture.supplyAsync(() -> phone.register(proxy, "alice", 1)));
        }

        assertThat(answers).allSatisfy(answer -> assertThat(answer.join()).isEqualTo(200));
        assertThat(Rows.of(POSTGRES, "SELECT contact FROM location")).containsExactlyInAnyOrderElementsOf(contacts);
    }

    @Test
    void limitOfContactsHoldsAcrossProxies() {
        List<SipProxy> proxies = List.of(
                start(StoreMode.databaseOnly(repository()), 3, 1), start(StoreMode.databaseOnly(repository()), 3, 1));
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            SipClient phone = phone();
            InetSocketAddress proxy = SipClient.addressOf(proxies.get(i % 2));
            answers.add(CompletableFuture.supplyAsync(() -> phone.register(proxy, "alice", 1)));
        }

        assertThat(answers.stream().map(CompletableFuture::join).filter(status -> status == 200))
                .hasSize(3);
        assertThat(Rows.of(POSTGRES, "SELECT count(*) FROM location")).containsExactly("3");
    }

    @Test
    void bindingsSurviveARestartOfTheProxy() {
        for (StoreMode mode : List.of(StoreMode.writeThrough(repository()), StoreMode.writeBack(repository()))) {
            empty();
            SipClient alice = phone();
            try (SipProxy before = start(mode)) {
                assertThat(alice.register(SipClient.addressOf(before), "alice", 1))
                        .isEqualTo(200);
            }

            SipProxy after = start(StoreMode.loadAtStart(repository()));

            assertThat(reached(SipClient.addressOf(after), alice, "alice")).startsWith("MESSAGE ");
        }
    }

    @Test
    void phoneBehindANatIsReachedAtTheAddressAndFromTheSocketOfItsRow() {
        SipClient alice = phone();
        SipProxy proxy = start(StoreMode.databaseOnly(repository()), 10, 3);
        String socket = proxy.boundEndpoints().get(1).toString();
        POSTGRES.execute("INSERT INTO location (ruid, username, domain, contact, received, socket, cflags) VALUES "
                + "('uloc-1', 'alice', 'sip.test', 'sip:alice@192.0.2.7:5060', 'sip:" + alice.hostPort() + "', '"
                + socket
                + "', 64)");

        String got = reached(SipClient.addressOf(proxy), alice, "alice");

        assertThat(got)
                .startsWith("MESSAGE sip:alice@192.0.2.7:5060 SIP/2.0\r\n")
                .endsWith("from /" + hostPort(proxy, 1));
    }

    // ---- helpers

    private String reached(InetSocketAddress proxy, SipClient callee, String user) {
        CompletableFuture<String> got =
                CompletableFuture.supplyAsync(() -> callee.answer("MESSAGE", Duration.ofSeconds(5)));
        assertThat(phone().message(proxy, user)).isEqualTo(200);
        return got.join();
    }

    private static String hostPort(SipProxy proxy, int endpoint) {
        return "127.0.0.1:" + proxy.boundEndpoints().get(endpoint).port();
    }

    private static JdbcBindingRepository repository() {
        return JdbcBindingRepository.builder(POSTGRES.dataSource()).build();
    }

    private SipClient phone() {
        SipClient phone = new SipClient();
        opened.add(phone);
        return phone;
    }

    private SipProxy start(StoreMode mode) {
        return start(mode, 64, 1);
    }

    private SipProxy start(StoreMode mode, int maxContacts, int endpoints) {
        var builder = SipProxy.builder()
                .domain("sip.test")
                .noAuthentication()
                .registrar(RegistrarPolicy.builder().maxContacts(maxContacts).whenFull(RegistrarPolicy.WhenFull.REJECT).build())
                .locationStore(mode);
        for (int i = 0; i < endpoints; i++) {
            builder.listen(Endpoint.udp("127.0.0.1", 0));
        }
        SipProxy proxy = builder.build();
        opened.add(proxy);
        proxy.start();
        return proxy;
    }
}
