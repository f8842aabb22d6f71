package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpClient;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.ConnectionLoss;
import org.sipproxy.core.options.RegistrarPolicy.WhenFull;

/** Bindings end with their connection, and a web page that is reloaded does not lock its user out. */
class ConnectionLossTest {

    private static final Aor BOB = new Aor("bob", "sip.test");

    private final Queue<String> removed = new ConcurrentLinkedQueue<>();
    private ProxyUnderTest proxy = start(RegistrarPolicy.DEFAULT);

    private ProxyUnderTest start(RegistrarPolicy policy) {
        return ProxyUnderTest.start(builder -> builder.listen(Endpoint.ws("127.0.0.1", 0))
                .registrar(policy)
                .locationListener(event -> event.removal().ifPresent(reason -> removed.add(reason.name()))));
    }

    private void restart(RegistrarPolicy policy) {
        proxy.close();
        proxy = start(policy);
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    private int bindings() {
        return proxy.proxy().locationStore().lookup(BOB).size();
    }

    private void awaitBindings(int count) {
        await().untilAsserted(() -> assertThat(bindings()).isEqualTo(count));
    }

    private WireClient.Web page() {
        WireClient.Web page = proxy.web("bob", TransportKind.WS, HttpClient.newHttpClient());
        proxy.register(page, "bob", "");
        return page;
    }

    @Test
    void aPageThatIsReloadedTwentyTimesRegistersEachTime() {
        for (int i = 0; i < 20; i++) {
            page().close();
        }

        awaitBindings(0);
        await().untilAsserted(() -> assertThat(removed).hasSize(20).containsOnly("CONNECTION_LOST"));
    }

    @Test
    void pagesThatAreOpenCountAndAreNotReplaced() {
        restart(RegistrarPolicy.builder()
                .maxContacts(2)
                .whenFull(WhenFull.REPLACE_UNREACHABLE)
                .build());
        page();
        page();
        WireClient.Web third = proxy.web("bob", TransportKind.WS, HttpClient.newHttpClient());
        Request register = third.request("REGISTER", "sip:sip.test")
                .from("<sip:bob@sip.test>;tag=third")
                .to("<sip:bob@sip.test>")
                .contact("<" + third.contact() + ">");

        third.send(register);

        assertThat(third.awaitFinal(register).status()).isEqualTo(503);
        assertThat(bindings()).isEqualTo(2);
    }

    @Test
    void whereBindingsStayAFullListReplacesThoseWhoseConnectionIsClosed() {
        restart(RegistrarPolicy.builder()
                .maxContacts(3)
                .whenFull(WhenFull.REPLACE_UNREACHABLE)
                .connectionLoss(ConnectionLoss.KEEP)
                .build());
        for (int i = 0; i < 3; i++) {
            page().close();
        }
        await().untilAsserted(() ->
                assertThat(proxy.proxy().statistics().connections()).isZero());
        assertThat(bindings()).isEqualTo(3);

        page();

        assertThat(bindings()).isEqualTo(3);
        await().untilAsserted(() -> assertThat(removed).containsExactly("LIMIT"));
    }

    @Test
    void aTcpPhoneWithoutNatStaysUnlessThePolicySaysOtherwise() {
        WireClient.Tcp phone = proxy.registeredByTcp("bob");
        WireClient.Web page = page();
        phone.close();
        page.close();

        awaitBindings(1);
        assertThat(removed).containsExactly("CONNECTION_LOST");

        restart(RegistrarPolicy.builder().connectionLoss(ConnectionLoss.REMOVE).build());
        proxy.registeredByTcp("bob").close();
        awaitBindings(0);
    }

    @Test
    void aBindingThatWasRefreshedOverAnotherConnectionStays() {
        WireClient.Web first = page();
        WireClient.Web second = proxy.web("bob", TransportKind.WS, HttpClient.newHttpClient());
        Request refresh = second.request("REGISTER", "sip:sip.test")
                .from("<sip:bob@sip.test>;tag=again")
                .to("<sip:bob@sip.test>")
                .contact("<" + first.contact() + ">");
        second.awaitResponse(second.send(refresh), 200);

        first.close();
        page().close();

        await().untilAsserted(() -> assertThat(removed).containsExactly("CONNECTION_LOST"));
        assertThat(proxy.proxy().locationStore().lookup(BOB))
                .extracting(binding -> binding.contact().toString())
                .isEqualTo(List.of(first.contact()));
    }

    /** In a shared database, a row does not say which server a wildcard address belongs to. */
    @Test
    void phoneThatReconnectsAtASharedDatabaseIsNotLockedOutByItsEarlierContacts() {
        HeapBindingRepository rows = new HeapBindingRepository();
        try (ProxyUnderTest shared = ProxyUnderTest.on(
                "0.0.0.0",
                builder -> builder.locationStore(StoreMode.databaseOnly(rows))
                        .registrar(RegistrarPolicy.builder()
                                .maxContacts(2)
                                .whenFull(WhenFull.REPLACE_UNREACHABLE)
                                .connectionLoss(ConnectionLoss.KEEP)
                                .build()))) {
            for (int i = 1; i <= 5; i++) {
                WireClient.Tcp phone = shared.tcp("bob");
                Request register = phone.request("REGISTER", "sip:sip.test")
                        .callId("of-the-phone")
                        .cseq(i)
                        .from("<sip:bob@sip.test>;tag=bob")
                        .to("<sip:bob@sip.test>")
                        .contact("<" + phone.contact() + ">");

                assertThat(phone.awaitFinal(phone.send(register)).status()).isEqualTo(200);
                phone.close();
                await().untilAsserted(() ->
                        assertThat(shared.proxy().statistics().connections()).isZero());
            }
            assertThat(shared.proxy().locationStore().lookup(BOB)).hasSize(2);
        }
    }

    /** Registers a phone that does not listen, and whose contact differs each time. */
    private WireClient.Tcp phoneThatDoesNotListen(int number) {
        WireClient.Tcp phone = proxy.tcp("bob");
        proxy.registerContact(phone, "bob", "<sip:bob@phone" + number + ".invalid;transport=tcp>");
        return phone;
    }

    /** A row cannot hold the connection, and such a phone is reachable only over it. */
    @Test
    void phoneThatDoesNotListenIsCalledAndReplacedAlsoIfItsBindingIsInADatabaseOnly() {
        proxy.close();
        proxy = ProxyUnderTest.start(builder -> builder.locationStore(
                        StoreMode.databaseOnly(new HeapBindingRepository()))
                .registrar(RegistrarPolicy.builder()
                        .maxContacts(2)
                        .connectionLoss(ConnectionLoss.REMOVE)
                        .build())
                .locationListener(event -> event.removal().ifPresent(reason -> removed.add(reason.name()))));
        WireClient.Udp alice = proxy.udp("alice");
        for (int i = 1; i <= 5; i++) {
            WireClient.Tcp phone = phoneThatDoesNotListen(i);
            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            phone.respond(phone.awaitRequest("MESSAGE"), 200);
            alice.awaitResponse(message, 200);

            phone.close();

            awaitBindings(0);
            int phones = i;
            await().untilAsserted(() -> assertThat(removed).hasSize(phones).containsOnly("CONNECTION_LOST"));
        }
    }

    @Test
    void contactsFromBeforeARestartThatAreReachableOnlyOverTheirConnectionAreReplaced() {
        for (StoreMode mode : List.of(
                StoreMode.writeThrough(new HeapBindingRepository()),
                StoreMode.databaseOnly(new HeapBindingRepository()))) {
            int port = 0;
            for (int i = 1; i <= 5; i++) {
                proxy.proxy().close(); // before its clients: their bindings stay
                proxy.close();
                Endpoint point = Endpoint.tcp("127.0.0.1", port);
                proxy = ProxyUnderTest.of(SipProxy.builder()
                        .listen(point)
                        .domain("sip.test")
                        .noAuthentication()
                        .locationStore(mode)
                        .registrar(RegistrarPolicy.builder().maxContacts(2).build()));
                port = proxy.address(TransportKind.TCP).getPort();

                phoneThatDoesNotListen(i); // asserts the 200
            }
            assertThat(bindings()).isEqualTo(2);
        }
    }
}
