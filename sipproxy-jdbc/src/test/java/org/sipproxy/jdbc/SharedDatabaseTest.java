package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.testkit.Phone;

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
    void phoneOfOneProxyIsReachedThroughTheOther() throws SipParseException {
        SipProxy first = start(StoreMode.databaseOnly(repository()));
        SipProxy second = start(StoreMode.databaseOnly(repository()));
        Phone alice = phone("alice", first);
        alice.register();
        assertThat(Rows.of(POSTGRES, "SELECT socket FROM location"))
                .containsExactly(first.boundEndpoints().get(0).toString());

        SipRequest got = reached(second, alice);

        assertThat(got.requestUri()).hasToString(alice.contact());
        assertThat(alice.sourceOf(got)).isEqualTo(address(second, 0));
    }

    @Test
    void phoneBehindAnEdgeProxyIsReachedThroughItsPath() throws SipParseException {
        SipProxy first = start(StoreMode.databaseOnly(repository()));
        SipProxy second = start(StoreMode.databaseOnly(repository()));
        Phone edge = phone("edge", first, Phone.Builder::lenient);
        Phone alice = phone("alice", first);
        alice.register();
        String path = "<sip:127.0.0.1:" + edge.localAddress().getPort() + ";lr>";
        POSTGRES.execute("UPDATE location SET path = '" + path + "'");

        SipRequest got = reached(second, edge);

        assertThat(got.requestUri()).hasToString(alice.contact());
        assertThat(got.header(HeaderName.ROUTE)).hasValue(path);
    }

    @Test
    void concurrentUpdatesOfOneAorByTwoProxiesLoseNothing() {
        int each = 10;
        List<SipProxy> proxies =
                List.of(start(StoreMode.databaseOnly(repository())), start(StoreMode.databaseOnly(repository())));
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        List<String> contacts = new ArrayList<>();
        for (int i = 0; i < 2 * each; i++) {
            Phone phone = phone("alice", proxies.get(i % 2));
            contacts.add(phone.contact());
            answers.add(CompletableFuture.supplyAsync(() -> registered(phone)));
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
            Phone phone = phone("alice", proxies.get(i % 2));
            answers.add(CompletableFuture.supplyAsync(() -> registered(phone)));
        }

        assertThat(answers.stream().map(CompletableFuture::join).filter(status -> status == 200))
                .hasSize(3);
        assertThat(Rows.of(POSTGRES, "SELECT count(*) FROM location")).containsExactly("3");
    }

    @Test
    void bindingsSurviveARestartOfTheProxy() throws SipParseException {
        for (StoreMode mode : List.of(StoreMode.writeThrough(repository()), StoreMode.writeBack(repository()))) {
            empty();
            Phone alice;
            try (SipProxy before = start(mode)) {
                alice = phone("alice", before);
                alice.register();
            }

            SipProxy after = start(StoreMode.loadAtStart(repository()));

            assertThat(reached(after, alice).requestUri()).hasToString(alice.contact());
        }
    }

    @Test
    void phoneBehindANatIsReachedAtTheAddressAndFromTheSocketOfItsRow() throws SipParseException {
        SipProxy proxy = start(StoreMode.databaseOnly(repository()), 10, 3);
        Phone alice = phone("alice", proxy, phone -> phone.claiming("192.0.2.7:5060"));
        String socket = proxy.boundEndpoints().get(1).toString();
        POSTGRES.execute("INSERT INTO location (ruid, username, domain, contact, received, socket, cflags) VALUES "
                + "('uloc-1', 'alice', 'sip.test', 'sip:alice@192.0.2.7:5060', 'sip:127.0.0.1:"
                + alice.localAddress().getPort() + "', '" + socket + "', 64)");

        SipRequest got = reached(proxy, alice);

        assertThat(got.requestUri()).hasToString("sip:alice@192.0.2.7:5060");
        assertThat(alice.sourceOf(got)).isEqualTo(address(proxy, 1));
    }

    // ---- helpers

    /** Sends a MESSAGE to alice, and returns it as the callee got it. */
    private SipRequest reached(SipProxy proxy, Phone callee) {
        assertThat(phone("caller", proxy).message("alice", "hello").statusCode())
                .isEqualTo(200);
        return callee.awaitRequest("MESSAGE");
    }

    private static int registered(Phone phone) {
        return phone.tryRegister(Phone.DEFAULT_EXPIRES, parts -> {}).statusCode();
    }

    private static InetSocketAddress address(SipProxy proxy, int endpoint) {
        return new InetSocketAddress(
                "127.0.0.1", proxy.boundEndpoints().get(endpoint).port());
    }

    private static JdbcBindingRepository repository() {
        return JdbcBindingRepository.builder(POSTGRES.dataSource()).build();
    }

    private Phone phone(String user, SipProxy proxy) {
        return phone(user, proxy, options -> {});
    }

    private Phone phone(String user, SipProxy proxy, Consumer<Phone.Builder> options) {
        Phone.Builder builder = Phone.builder(user).proxy(address(proxy, 0));
        options.accept(builder);
        Phone phone = builder.open();
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
                .registrar(RegistrarPolicy.builder()
                        .maxContacts(maxContacts)
                        .whenFull(RegistrarPolicy.WhenFull.REJECT)
                        .build())
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
