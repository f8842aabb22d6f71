package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipUri;

/** Storage modes as a host application sees them. */
class StorageModeTest {

    private static final Aor ALICE = new Aor("alice", "sip.test");

    private final HeapBindingRepository repository = new HeapBindingRepository();

    private static SipProxyBuilder builder() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication();
    }

    private static Binding binding(String id) {
        return Binding.builder(id, SipUri.of("sip:alice@192.0.2.1"))
                .granted(System.currentTimeMillis(), Duration.ofHours(1))
                .build();
    }

    @Test
    void storedBindingsAreLoadedBeforeTheFirstRequestIsRead() {
        repository.write(List.of(new BindingWrite.Put(ALICE, binding("a"))));
        try (SipProxy proxy =
                builder().locationStore(StoreMode.writeThrough(repository)).build()) {
            assertThat(proxy.locationStore().lookup(ALICE)).isEmpty();

            proxy.start();

            assertThat(proxy.locationStore().lookup(ALICE)).hasSize(1);
        }
    }

    @Test
    void proxyThatNeedsItsDatabaseIsNotReadyWhileItIsDown() {
        SipProxyBuilder options =
                builder().locationStore(StoreMode.databaseOnly(repository)).refuseOptionsWhenNotReady(true);
        try (ProxyUnderTest proxy = ProxyUnderTest.of(options)) {
            WireClient dispatcher = proxy.udp("dispatcher");
            assertThat(proxy.proxy().health().isReady()).isTrue();
            dispatcher.awaitResponse(dispatcher.send(dispatcher.request("OPTIONS", "sip:sip.test")), 200);

            repository.fail(Kind.UNREACHABLE);
            dispatcher.awaitResponse(dispatcher.send(dispatcher.request("MESSAGE", "sip:alice@sip.test")), 503);

            assertThat(proxy.proxy().health().status()).isEqualTo(ProxyHealth.Status.NOT_READY);
            assertThat(proxy.proxy().health().problems().get(0))
                    .contains("does not respond")
                    .contains("set to fail");
            dispatcher.awaitResponse(dispatcher.send(dispatcher.request("OPTIONS", "sip:sip.test")), 503);

            repository.fail(null); // detected without a request
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> proxy.proxy().health().isReady());
            dispatcher.awaitResponse(dispatcher.send(dispatcher.request("OPTIONS", "sip:sip.test")), 200);
        }
    }

    @Test
    void writeBackIsDegradedButReadyWhileItsDatabaseIsDown() {
        SipProxy proxy =
                builder().locationStore(StoreMode.writeBack(repository)).build();
        assertThat(proxy.health().isReady()).isFalse();
        proxy.start();
        try {
            assertThat(proxy.health()).isEqualTo(new ProxyHealth(ProxyHealth.Status.READY, List.of()));
            proxy.locationStore().update(ALICE, current -> List.of(binding("a")));
            repository.fail(Kind.UNREACHABLE);
            assertThatThrownBy(proxy::flushLocationStore).isInstanceOf(LocationStoreException.class);

            assertThat(proxy.health().status()).isEqualTo(ProxyHealth.Status.DEGRADED);
            assertThat(proxy.health().isReady()).isTrue();
        } finally {
            repository.fail(null);
            proxy.close();
        }
        assertThat(proxy.health().isReady()).isFalse();
        assertThat(repository.ids()).containsExactly("a");
    }

    @Test
    void databaseThatCannotBeReadStopsTheStartBeforeAnythingIsBound() {
        repository.fail(Kind.UNREACHABLE);
        SipProxy proxy =
                builder().locationStore(StoreMode.writeBack(repository)).build();

        assertThatThrownBy(proxy::start)
                .isInstanceOf(LocationStoreException.class)
                .hasMessageContaining("locationStore: the bindings cannot be read at the start");

        assertThat(proxy.boundEndpoints()).isEmpty();
        assertThatThrownBy(proxy::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void writeBackIsFlushedOnDemandAndWhenTheProxyCloses() {
        SipProxy proxy =
                builder().locationStore(StoreMode.writeBack(repository)).build();
        proxy.start();
        proxy.locationStore().update(ALICE, current -> List.of(binding("a")));
        assertThat(proxy.storeStatus().waiting()).isOne();
        assertThat(repository.ids()).isEmpty();

        proxy.flushLocationStore();
        assertThat(repository.ids()).containsExactly("a");
        assertThat(proxy.storeStatus().waiting()).isZero();
        assertThat(proxy.storeStatus().lastWrite()).get().matches(at -> at.isAfter(Instant.EPOCH));

        proxy.locationStore().update(ALICE, current -> List.of(binding("b")));
        proxy.close();
        assertThat(repository.ids()).containsExactly("b");
    }

    @Test
    void storeInMemoryHasNoStatusOfADatabase() {
        try (SipProxy proxy = builder().build()) {
            proxy.start();
            proxy.flushLocationStore();
            assertThat(proxy.storeStatus()).isEqualTo(StoreStatus.WITHOUT_DATABASE);
        }
    }

    @Test
    void storeCanBeSetOnlyOnce() {
        assertThatThrownBy(() -> builder()
                        .locationStore(StoreMode.memory())
                        .locationStore(StoreMode.writeThrough(repository))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("locationStore: given twice; give it once");
    }
}
