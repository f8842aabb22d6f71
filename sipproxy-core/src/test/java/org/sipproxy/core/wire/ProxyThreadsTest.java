package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;

/** Names and origin of a proxy's threads. */
class ProxyThreadsTest {

    private static SipProxyBuilder everything() {
        return SipProxy.builder()
                .listen(Endpoint.parse("udp:127.0.0.1:0"))
                .listen(Endpoint.parse("tcp:127.0.0.1:0"))
                .domain("sip.test")
                .authentication(context -> Verdict.proceed())
                .locationStore(StoreMode.writeBack(new HeapBindingRepository(), Duration.ofMinutes(1)))
                .beforeRouting(context -> Verdict.proceed());
    }

    @Test
    void allThreadsComeFromTheFactoryOfTheHostAndHaveTheNameOfTheProxy() throws Exception {
        List<Thread> made = new CopyOnWriteArrayList<>();
        try (SipProxy proxy = everything()
                .name("edge")
                .udpReceivers(2)
                .streamThreads(1)
                .threadFactory(task -> {
                    Thread thread = new Thread(task);
                    thread.setDaemon(true);
                    made.add(thread);
                    return thread;
                })
                .build()) {
            proxy.start();
            int port = proxy.boundEndpoints().get(0).port();
            connectAndClose(proxy.boundEndpoints().get(1).port());
            Awaitility.await()
                    .until(() -> made.stream().anyMatch(t -> t.getName().equals("edge-stream-1")));

            assertThat(made)
                    .extracting(Thread::getName)
                    .contains(
                            "edge-timer",
                            "edge-udp-" + port + "-0",
                            "edge-udp-" + port + "-1",
                            "edge-stream-1",
                            "edge-accept-1")
                    .contains("edge-worker-0", "edge-location-flush", "edge-location-sweep")
                    .doesNotContain("edge-stream-2");
        }
        Awaitility.await().until(() -> made.stream().noneMatch(Thread::isAlive));
    }

    /** The threads that read are started with their first connection. */
    private static void connectAndClose(int port) throws IOException {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
    }

    @Test
    void componentGetsItsThreadsFromTheProxy() {
        List<Thread> made = new CopyOnWriteArrayList<>();
        AtomicReference<Thread> ofComponent = new AtomicReference<>();
        ProxyComponent component = new ProxyComponent() {
            @Override
            public void install(ComponentHooks hooks) {}

            @Override
            public void start(ProxyRuntime proxy) {
                assertThatThrownBy(() -> proxy.newThread("", () -> {}))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("role");
                ofComponent.set(proxy.newThread("billing", () -> {}));
            }
        };
        try (SipProxy proxy = everything()
                .name("edge")
                .component(component)
                .threadFactory(task -> {
                    Thread thread = new Thread(task);
                    made.add(thread);
                    return thread;
                })
                .build()) {
            proxy.start();
            assertThat(ofComponent.get().getName()).isEqualTo("edge-billing");
            assertThat(ofComponent.get().getState()).isEqualTo(Thread.State.NEW);
            assertThat(made).contains(ofComponent.get());
        }
    }

    @Test
    void factoryThatReturnsNoThreadFailsTheStart() {
        assertThatThrownBy(() -> {
                    try (SipProxy proxy =
                            everything().threadFactory(task -> null).build()) {
                        proxy.start();
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("threadFactory")
                .hasMessageContaining("sipproxy-timer");
    }

    @Test
    void nameThatIsNotAWordIsRefused() {
        assertThatThrownBy(() -> everything().name("a b").streamThreads(0).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name: \"a b\"")
                .hasMessageContaining("streamThreads: 0 (expected 1 to 64)");
    }
}
