package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.gateway.Algorithm;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.jdbc.JdbcAliases;
import org.sipproxy.jdbc.JdbcDomains;
import org.sipproxy.jdbc.JdbcGateways;
import org.sipproxy.jdbc.PostgresFixture;

/**
 * Tables domain, dbaliases and dispatcher as a proxy on the network applies them. In this package because of the SIP
 * elements there, with which a test writes every message.
 */
class RoutingTablesOnTheWireTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    /** The threads that requested a connection. */
    private final List<String> askers = Collections.synchronizedList(new ArrayList<>());

    private volatile boolean databaseFails;

    @BeforeEach
    void emptyTables() {
        postgres.execute("TRUNCATE domain, dbaliases, dispatcher");
    }

    /** Returns the data source, which records the threads that use it. */
    private DataSource watched() {
        return (DataSource) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    if (!method.getName().equals("getConnection")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    askers.add(Thread.currentThread().getName());
                    if (databaseFails) {
                        throw new SQLException("no connection", "08001");
                    }
                    return postgres.dataSource().getConnection();
                });
    }

    /** Sends a request to which a registered user responds; returns the request as that user received it. */
    private static WireMessage message(WireClient from, String uri, WireClient to) {
        Request message = from.send(from.request("MESSAGE", uri));
        WireMessage received = to.awaitRequest("MESSAGE");
        to.respond(received, 200);
        from.awaitResponse(message, 200);
        return received;
    }

    private static int status(WireClient from, String method, String uri) {
        Request request = from.send(from.request(method, uri));
        return from.awaitFinal(request).status();
    }

    // ---- domain

    private static Request registration(WireClient client, String domain) {
        return client.request("REGISTER", "sip:" + domain)
                .from("<sip:" + client.name() + "@" + domain + ">;tag=" + WireClient.unique("r"))
                .to("<sip:" + client.name() + "@" + domain + ">")
                .contact("<" + client.contact() + ">")
                .with("Expires: 300");
    }

    @Test
    void domainOfTheTableIsServedAfterTheNextReload() {
        postgres.execute("INSERT INTO domain (domain) VALUES ('other.test'), ('not a host'), ('a@b.test')");
        JdbcDomains domains = JdbcDomains.of(postgres.dataSource());
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(domains))) {
            WireClient bob = proxy.udp("bob");
            WireClient alice = proxy.udp("alice");
            assertThat(domains.domains()).containsExactly("other.test");
            Request first = bob.send(registration(bob, "other.test"));
            bob.awaitResponse(first, 200);
            message(alice, "sip:bob@OTHER.test", bob);

            Request refused = bob.send(registration(bob, "late.test"));
            assertThat(bob.awaitFinal(refused).status()).isNotEqualTo(200);
            postgres.execute("INSERT INTO domain (domain) VALUES ('Late.test')");
            domains.reload();
            Request accepted = bob.send(registration(bob, "late.test"));
            bob.awaitResponse(accepted, 200);
            message(alice, "sip:bob@late.test", bob);

            postgres.execute("DELETE FROM domain WHERE domain = 'Late.test'");
            domains.reload();
            Request again = bob.send(registration(bob, "late.test"));
            assertThat(bob.awaitFinal(again).status()).isNotEqualTo(200);
        }
    }

    @Test
    void failedReloadKeepsTheDomains() {
        postgres.execute("INSERT INTO domain (domain) VALUES ('other.test')");
        JdbcDomains domains = JdbcDomains.of(watched());
        domains.reload();
        databaseFails = true;

        assertThatThrownBy(domains::reload).isInstanceOf(RuntimeException.class);

        assertThat(domains.domains()).containsExactly("other.test");
    }

    // ---- dbaliases

    private static void alias(String from, String to) {
        String[] a = from.split("@", -1);
        String[] b = to.split("@", -1);
        postgres.execute("INSERT INTO dbaliases (alias_username, alias_domain, username, domain) VALUES ('" + a[0]
                + "', '" + a[1] + "', '" + b[0] + "', '" + b[1] + "')");
    }

    @Test
    void requestToAnAliasGoesToItsUser() {
        alias("sales@sip.test", "bob@sip.test");
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(JdbcAliases.of(watched())))) {
            WireClient alice = proxy.udp("alice");
            WireClient bob = proxy.registered("bob");

            WireMessage received = message(alice, "sip:Sales@SIP.test;transport=udp", bob);

            assertThat(received.uri()).isEqualTo(bob.contact());
            assertThat(received.header("To")).contains("Sales@SIP.test");
        }
    }

    @Test
    void userThatIsTooLongForAnAliasIsNeitherLookedUpNorKept() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(JdbcAliases.of(watched())))) {
            askers.clear(); // that of the start
            WireClient alice = proxy.udp("alice");

            assertThat(status(alice, "MESSAGE", "sip:" + "a".repeat(256) + "@sip.test"))
                    .isNotEqualTo(200);
            assertThat(status(alice, "MESSAGE", "sip:" + "b".repeat(20_000) + "@sip.test"))
                    .isNotEqualTo(200);
            assertThat(askers).isEmpty();

            assertThat(status(alice, "MESSAGE", "sip:" + "c".repeat(255) + "@sip.test"))
                    .isNotEqualTo(200);
            assertThat(askers).hasSize(1);
        }
    }

    @Test
    void resultsAreCachedEvenIfThereIsNoAlias() {
        alias("sales@sip.test", "bob@sip.test");
        JdbcAliases aliases = JdbcAliases.of(watched());
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(aliases))) {
            askers.clear(); // that of the start
            WireClient alice = proxy.udp("alice");
            WireClient bob = proxy.registered("bob");
            for (int i = 0; i < 5; i++) {
                message(alice, "sip:sales@sip.test", bob);
                message(alice, "sip:bob@sip.test", bob);
                assertThat(status(alice, "MESSAGE", "sip:nobody@sip.test")).isEqualTo(404);
            }
            assertThat(askers).hasSize(3).allMatch(thread -> thread.contains("stage"));

            alias("nobody@sip.test", "bob@sip.test");
            aliases.reload();
            message(alice, "sip:nobody@sip.test", bob);
            assertThat(askers).hasSize(4);
        }
    }

    @Test
    void registerAndRequestsToOtherDomainsAreNotChanged() {
        alias("sales@sip.test", "bob@sip.test");
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(JdbcAliases.of(watched())))) {
            askers.clear(); // that of the start
            WireClient sales = proxy.registered("sales");
            message(sales, "sip:carol@" + sales.hostPort(), sales);

            assertThat(askers).isEmpty();
        }
    }

    @Test
    void usersAreReachedDuringAnOutage() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                builder -> builder.component(JdbcAliases.of(watched(), Duration.ofSeconds(1), 100)))) {
            askers.clear(); // that of the start
            databaseFails = true;
            WireClient alice = proxy.udp("alice");
            WireClient bob = proxy.registered("bob");
            for (int i = 0; i < 20; i++) {
                message(alice, "sip:bob@sip.test", bob);
            }

            assertThat(askers)
                    .filteredOn(thread -> !thread.contains("probe"))
                    .hasSize(1)
                    .allMatch(thread -> thread.contains("stage"));
        }
    }

    // ---- dispatcher

    private static void destination(int set, String uri, int flags, int priority, String attrs) {
        postgres.execute("INSERT INTO dispatcher (setid, destination, flags, priority, attrs) VALUES (" + set + ", '"
                + uri + "', " + flags + ", " + priority + ", '" + attrs + "')");
    }

    private static Dispatcher dispatcher(Algorithm algorithm) {
        return Dispatcher.builder()
                .source(JdbcGateways.of(postgres.dataSource()))
                .defaults(
                        GatewaySet.named("any").algorithm(algorithm).noProbes().build())
                .recognize(SourceMatch.OFF)
                .openRoute("1", context -> context.request().requestUri().user().startsWith("8"))
                .build();
    }

    /** Returns which of the elements gets a request, and responds to it. */
    private static String taker(WireClient caller, int status, WireClient... gateways) {
        Request message = caller.send(caller.request("MESSAGE", "sip:8%3b00@sip.test"));
        List<WireClient> some = List.of(gateways);
        await().until(() -> some.stream()
                .anyMatch(g -> g.pending().stream().anyMatch(m -> m.method().equals("MESSAGE"))));
        WireClient taker = some.stream()
                .filter(g -> g.pending().stream().anyMatch(m -> m.method().equals("MESSAGE")))
                .findFirst()
                .orElseThrow();
        WireMessage received = taker.awaitRequest("MESSAGE");
        assertThat(received.uri()).isEqualTo("sip:8%3b00@" + taker.hostPort());
        taker.respond(received, status);
        caller.awaitResponse(message, status);
        return taker.name();
    }

    @Test
    void activeRowsAreUsedInTurn() {
        Dispatcher dispatcher = dispatcher(Algorithm.ROUND_ROBIN);
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(dispatcher))) {
            WireClient alice = proxy.udp("alice");
            WireClient one = proxy.udp("one");
            WireClient two = proxy.udp("two");
            assertThat(status(alice, "MESSAGE", "sip:800@sip.test")).isEqualTo(503);

            destination(1, "sip:" + one.hostPort(), 0, 0, "");
            destination(1, "sip:" + two.hostPort(), 8, 0, "duid=two");
            destination(1, "sip:192.0.2.1", 1, 9, "");
            destination(1, "sip:192.0.2.2", 4, 9, "");
            destination(1, "no uri", 0, 9, "");
            destination(1, "sip:192.0.2.3", 0, 9, "obproxy=x y");
            destination(2, "sip:192.0.2.4", 0, 9, "");
            dispatcher.reload();

            assertThat(dispatcher.status())
                    .extracting(status -> status.gateway() + " " + status.state())
                    .containsExactly(
                            "1/sip:192.0.2.1 DOWN",
                            "1/sip:192.0.2.2 DISABLED",
                            "1/sip:" + one.hostPort() + " ACTIVE",
                            "1/two ACTIVE",
                            "2/sip:192.0.2.4 ACTIVE");
            List<String> takers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                takers.add(taker(alice, 200, one, two));
            }
            assertThat(takers).containsOnly("one", "two");
            assertThat(takers.get(0)).isNotEqualTo(takers.get(1)).isEqualTo(takers.get(2));
            assertThat(takers.subList(0, 3)).isNotEqualTo(takers.subList(1, 4));
            assertThat(status(alice, "MESSAGE", "sip:900@sip.test")).isEqualTo(404);

            postgres.execute("DELETE FROM dispatcher WHERE attrs = 'duid=two'");
            dispatcher.reload();
            for (int i = 0; i < 4; i++) {
                assertThat(taker(alice, 200, one, two)).isEqualTo("one");
            }
        }
    }

    @Test
    void failedReloadKeepsTheGateways() {
        destination(1, "sip:192.0.2.1", 0, 0, "");
        Dispatcher dispatcher =
                Dispatcher.builder().source(JdbcGateways.of(watched())).build();
        dispatcher.reload();
        databaseFails = true;

        assertThatThrownBy(dispatcher::reload).isInstanceOf(RuntimeException.class);

        assertThat(dispatcher.status()).hasSize(1);
    }

    @Test
    void weightsOfTheTableAreApplied() {
        Dispatcher dispatcher = dispatcher(Algorithm.WEIGHT);
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(dispatcher))) {
            WireClient alice = proxy.udp("alice");
            WireClient all = proxy.udp("all");
            WireClient none = proxy.udp("none");
            destination(1, "sip:" + none.hostPort(), 0, 0, "weight=0");
            destination(1, "sip:" + all.hostPort(), 0, 0, "duid=x;weight=50");
            dispatcher.reload();

            for (int i = 0; i < 20; i++) {
                assertThat(taker(alice, 200, all, none)).isEqualTo("all");
            }
        }
    }
}
