package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.spring.SipProxyAutoConfigurationTest.phone;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.actuate.info.Info;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class SipProxyActuatorAutoConfigurationTest {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    SipProxyAutoConfiguration.class,
                    SipProxyMetricsAutoConfiguration.class,
                    SipProxyActuatorAutoConfiguration.class))
            // those of Boot 4, which are on the class path of these tests only
            .withClassLoader(new FilteredClassLoader("org.springframework.boot.health"))
            .withPropertyValues(
                    "sipproxy.listen=udp:127.0.0.1:0",
                    "sipproxy.domain=sip.test",
                    "sipproxy.subscriber=1001:test1234,1002:test1234",
                    "sipproxy.calls.enabled=true",
                    "management.endpoints.web.exposure.include=*");

    @Test
    void healthFollowsTheStateOfTheProxy() {
        runner.run(context -> {
            SipProxy proxy = context.getBean(SipProxy.class);
            HealthIndicator health = context.getBean("sipProxyHealthIndicator", HealthIndicator.class);
            assertThat(health.health().getStatus()).isEqualTo(Status.UP);
            assertThat(health.health().getDetails()).containsEntry("state", "RUNNING");
            proxy.drain();
            assertThat(health.health().getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
            assertThat(health.health().getDetails()).containsKey("problems");
            proxy.close();
            assertThat(health.health().getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
        });
    }

    @Test
    void healthHasTheTypesOfBoot4() {
        runner.withClassLoader(new FilteredClassLoader(
                        "org.springframework.boot.actuate.health",
                        "org.springframework.boot.actuate.autoconfigure.health"))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    org.springframework.boot.health.contributor.HealthIndicator health = context.getBean(
                            "sipProxyHealthIndicator",
                            org.springframework.boot.health.contributor.HealthIndicator.class);
                    assertThat(health.health().getStatus().getCode()).isEqualTo("UP");
                });
    }

    @Test
    void healthAndInfoCanBeSwitchedOff() {
        runner.withPropertyValues("management.health.sipproxy.enabled=false", "management.info.sipproxy.enabled=false")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean("sipProxyHealthIndicator")
                        .doesNotHaveBean("sipProxyInfoContributor"));
    }

    @Test
    void infoNamesDomainsAndEndpoints() {
        runner.run(context -> {
            Info.Builder info = new Info.Builder();
            context.getBean("sipProxyInfoContributor", InfoContributor.class).contribute(info);
            assertThat(info.build().get("sipproxy").toString()).contains("sip.test", "udp:127.0.0.1:");
        });
    }

    @Test
    @SuppressWarnings("unchecked")
    void theEndpointShowsStateCallsAndBindings() {
        runner.run(context -> {
            SipProxyEndpoint endpoint = context.getBean(SipProxyEndpoint.class);
            SipProxy proxy = context.getBean(SipProxy.class);
            assertThat(endpoint.state()).containsEntry("state", "RUNNING").containsEntry("health", "READY");
            try (Phone callee = phone("1001", proxy);
                    Phone caller = phone("1002", proxy)) {
                callee.register();
                OutgoingCall call = caller.call("1001");
                callee.awaitCall().ring().answer();
                call.awaitAnswer();

                Map<String, Object> page = endpoint.part("calls", null, null);
                assertThat(page).containsEntry("total", 1).containsEntry("size", 50);
                assertThat((List<Map<String, Object>>) page.get("calls"))
                        .singleElement()
                        .satisfies(shown -> assertThat(shown)
                                .containsEntry("callId", call.id())
                                .containsEntry("state", "ANSWERED"));
                assertThat((List<Object>) endpoint.part("calls", 1, 1).get("calls"))
                        .isEmpty();
                assertThat(endpoint.element("bindings", "1001@sip.test").toString())
                        .contains(callee.contact())
                        .doesNotContain("test1234");
                assertThat(endpoint.element("bindings", "1001"))
                        .isEqualTo(endpoint.element("bindings", "1001@sip.test"));
                assertThat((List<Object>) endpoint.element("bindings", "nobody").get("bindings"))
                        .isEmpty();
                call.hangUp();
            }
            assertThat(endpoint.part("secrets", null, null)).isNull();
            assertThat(endpoint.element("secrets", "1001")).isNull();
            assertThatThrownBy(() -> endpoint.part("calls", 0, 501))
                    .isInstanceOf(InvalidEndpointRequestException.class)
                    .hasMessageContaining("1 to 500");
            assertThatThrownBy(() -> endpoint.part("calls", -1, 1)).isInstanceOf(InvalidEndpointRequestException.class);
            assertThatThrownBy(() -> endpoint.element("bindings", "a b"))
                    .isInstanceOf(InvalidEndpointRequestException.class);
        });
    }

    @Test
    void aPasswordInAUriIsNotShown() {
        assertThat(SipProxyEndpoint.withoutPassword(SipUri.of("sip:1001:hunter2@192.0.2.1:5060")))
                .isEqualTo("sip:1001@192.0.2.1:5060");
        assertThat(SipProxyEndpoint.withoutPassword(SipUri.of("sip:1001@192.0.2.1:5060;x=a:b")))
                .isEqualTo("sip:1001@192.0.2.1:5060;x=a:b");
    }

    @Test
    void metersAreInTheRegistryOfTheApplication() {
        runner.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
                .run(context -> assertThat(context.getBean(MeterRegistry.class)
                                .find("sip.proxy.ready")
                                .gauge()
                                .value())
                        .isEqualTo(1));
    }

    @Test
    void aProxyOfTheApplicationIsObservedToo() {
        runner.withBean(
                        SipProxy.class,
                        () -> SipProxy.builder()
                                .listen(org.sipproxy.api.transport.Endpoint.udp("127.0.0.1", 0))
                                .domain("own.test")
                                .noAuthentication()
                                .build())
                .run(context -> {
                    HealthIndicator health = context.getBean("sipProxyHealthIndicator", HealthIndicator.class);
                    assertThat(health.health().getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
                });
    }

    @Test
    void worksWithoutTheActuatorAndTheAddOns() {
        runner.withClassLoader(new FilteredClassLoader(
                        "org.springframework.boot.actuate",
                        "org.springframework.boot.health",
                        "io.micrometer",
                        "org.sipproxy.jdbc",
                        "org.sipproxy.micrometer",
                        "org.sipproxy.testkit"))
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(SipProxy.class));
    }
}
