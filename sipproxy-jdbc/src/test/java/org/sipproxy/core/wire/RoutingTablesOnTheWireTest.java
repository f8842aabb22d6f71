package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.sipproxy.jdbc.JdbcAliases;
import org.sipproxy.jdbc.JdbcDomains;
import org.sipproxy.jdbc.PostgresFixture;

/** The tables domain and dbaliases as a proxy on the wire obeys them. In this package for the elements on the wire. */
class RoutingTablesOnTheWireTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    /** The threads that asked for a connection. */
    private final List<String> askers = Collections.synchronizedList(new ArrayList<>());

    private volatile boolean databaseFails;

    @BeforeEach
    void emptyTables() {
        postgres.execute("TRUNCATE domain, dbaliases");
    }

    /** The database, with a note of who asks for it. */
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

    /** Sends a request that a registered user answers; returns that user's view of it. */
    private static WireMessage message(WireClient from, String uri, WireClient to) {
        Request message = from.send(from.request("MESSAGE", uri));
        WireMessage received = to.awaitRequest("MESSAGE");
        to.reply(received, 200);
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
    void domainOfTheTableIsServedFromTheNextReloadOn() {
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
    void reloadThatFailsLeavesTheDomainsAsTheyWere() {
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
    void answersAreCachedThatThereIsNoAliasToo() {
        alias("sales@sip.test", "bob@sip.test");
        JdbcAliases aliases = JdbcAliases.of(watched());
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(aliases))) {
            WireClient alice = proxy.udp("alice");
            WireClient bob = proxy.registered("bob");
            for (int i = 0; i < 5; i++) {
                message(alice, "sip:sales@sip.test", bob);
                message(alice, "sip:bob@sip.test", bob);
                assertThat(status(alice, "MESSAGE", "sip:nobody@sip.test")).isEqualTo(404);
            }
            assertThat(askers).hasSize(3).allMatch(thread -> thread.contains("worker"));

            alias("nobody@sip.test", "bob@sip.test");
            aliases.reload();
            message(alice, "sip:nobody@sip.test", bob);
            assertThat(askers).hasSize(4);
        }
    }

    @Test
    void registerIsLeftAloneAndSoIsWhatGoesElsewhere() {
        alias("sales@sip.test", "bob@sip.test");
        try (ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.component(JdbcAliases.of(watched())))) {
            WireClient sales = proxy.registered("sales");
            message(sales, "sip:carol@" + sales.hostPort(), sales);

            assertThat(askers).isEmpty();
        }
    }

    @Test
    void usersAreReachedWhileTheDatabaseIsAway() {
        databaseFails = true;
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                builder -> builder.component(JdbcAliases.of(watched(), Duration.ofSeconds(1), 100)))) {
            WireClient alice = proxy.udp("alice");
            WireClient bob = proxy.registered("bob");
            for (int i = 0; i < 20; i++) {
                message(alice, "sip:bob@sip.test", bob);
            }

            assertThat(askers).hasSize(1);
        }
    }
}
