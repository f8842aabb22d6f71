package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.control.ControlMethods;

class ManagementBeansTest {

    private static final MBeanServer BEANS = ManagementFactory.getPlatformMBeanServer();

    private static <T> T bean(String type, Class<T> view) throws Exception {
        return JMX.newMXBeanProxy(BEANS, new ObjectName("org.sipproxy:type=" + type), view);
    }

    @Test
    void beansShowAndChangeTheServerWhileItRuns() throws Exception {
        ServerComponents components = new ServerComponents();
        AtomicInteger stops = new AtomicInteger();
        OperationsPart part = new OperationsPart(components, new ControlMethods(), "1.2.3", stops::incrementAndGet);
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .component(components)
                .build()) {
            proxy.start();
            part.start(proxy);
            AtomicInteger removedByAdmin = new AtomicInteger();
            proxy.locationStore().addListener(event -> {
                if (event.removal().equals(Optional.of(RemovalReason.ADMIN))) {
                    removedByAdmin.incrementAndGet();
                }
            });
            long now = System.currentTimeMillis();
            Binding binding = Binding.builder("1", SipUri.of("sip:1001@192.0.2.1"))
                    .granted(now, Duration.ofHours(1))
                    .build();
            proxy.locationStore().update(new Aor("1001", "sip.test"), current -> List.of(binding));

            assertThat(bean("Server", ServerMXBean.class).getStatus()).containsEntry("version", "1.2.3");
            assertThat(bean("Server", ServerMXBean.class).getState()).isEqualTo("RUNNING");
            assertThat(bean("Figures", FiguresMXBean.class).getFigures()).containsEntry("proxy.requests", 0L);
            assertThat(bean("Access", AccessMXBean.class).test("192.0.2.1")).containsEntry("action", "allow");
            assertThat(bean("Access", AccessMXBean.class).getRefusals()).isEmpty();
            components
                    .recentRefusals()
                    .refused(new Refusal(
                            0,
                            "filtered on arrival by AccessList",
                            new InetSocketAddress("192.0.2.7", 5060),
                            TransportKind.UDP,
                            Optional.empty()));
            assertThat(bean("Access", AccessMXBean.class).showRefusals("192.0.2.0/24"))
                    .singleElement()
                    .satisfies(row -> assertThat(row)
                            .containsEntry("source", "192.0.2.7")
                            .containsEntry("count", "1")
                            .containsEntry("reason", "filtered on arrival by AccessList"));
            assertThat(bean("Gateways", GatewaysMXBean.class).getGateways()).isEmpty();
            RegistrationsMXBean registrations = bean("Registrations", RegistrationsMXBean.class);
            assertThat(registrations.show("1001"))
                    .singleElement()
                    .satisfies(row -> assertThat(row).containsEntry("contact", "sip:1001@192.0.2.1"));
            assertThat(registrations.remove("1001", "")).isOne();
            assertThat(proxy.locationStore().lookup(new Aor("1001", "sip.test")))
                    .isEmpty();
            assertThat(removedByAdmin).hasValue(1);
            assertThatThrownBy(() -> registrations.remove("1001", ""))
                    .isExactlyInstanceOf(IllegalStateException.class)
                    .hasMessage("1001 is not registered");
            assertThatThrownBy(() -> bean("Server", ServerMXBean.class).setLogLevel("loud", ""))
                    .isExactlyInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("level \"loud\"");
            bean("Server", ServerMXBean.class).drain();
            assertThat(proxy.state()).isEqualTo(SipProxy.State.DRAINING);

            part.stop();
            assertThat(BEANS.queryNames(new ObjectName("org.sipproxy:*"), null)).isEmpty();
        }
    }
}
