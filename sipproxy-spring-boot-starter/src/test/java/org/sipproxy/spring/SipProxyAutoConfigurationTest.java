package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.StatusCode;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

class SipProxyAutoConfigurationTest {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    SipProxyAutoConfiguration.class,
                    SipProxyJdbcAutoConfiguration.class,
                    SipProxyMetricsAutoConfiguration.class,
                    SipProxyActuatorAutoConfiguration.class))
            .withPropertyValues(
                    "sipproxy.listen=udp:127.0.0.1:0,tcp:127.0.0.1:0",
                    "sipproxy.domain=sip.test",
                    "sipproxy.subscriber=1001:test1234,1002:test1234");

    @Test
    void threePropertiesAreAProxy() {
        runner.run(context -> {
            SipProxy proxy = context.getBean(SipProxy.class);
            assertThat(proxy.state()).isEqualTo(SipProxy.State.RUNNING);
            try (Phone callee = phone("1001", proxy);
                    Phone caller = phone("1002", proxy)) {
                callee.register();
                OutgoingCall call = caller.call("1001");
                callee.awaitCall().ring().answer();
                call.awaitAnswer().hangUp();
            }
        });
    }

    static Phone phone(String user, SipProxy proxy) {
        return Phone.builder(user).password("test1234").proxy(proxy).open();
    }

    @Test
    void aWrongPasswordIsRefused() {
        runner.run(context -> {
            try (Phone phone = Phone.builder("1001")
                    .password("other")
                    .lenient()
                    .proxy(context.getBean(SipProxy.class))
                    .open()) {
                assertThat(phone.tryRegister(Phone.DEFAULT_EXPIRES, parts -> {}).statusCode())
                        .isEqualTo(401);
            }
        });
    }

    @Test
    void limitsThatAreNotSetAdaptToThoseThatAre() {
        runner.withPropertyValues(
                        "sipproxy.max-expires=10m",
                        "sipproxy.t1=5s",
                        "sipproxy.calls.enabled=true",
                        "sipproxy.calls.max=200000")
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void theProxyClosesWithItsContext() {
        SipProxy[] kept = new SipProxy[1];
        Set<Thread> others = Thread.getAllStackTraces().keySet(); // such as those of a context that Spring has cached
        runner.run(context -> kept[0] = context.getBean(SipProxy.class));

        assertThat(kept[0].state()).isEqualTo(SipProxy.State.CLOSED);
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> !others.contains(thread))
                .extracting(Thread::getName)
                .doesNotContain("sipproxy-keep-alive", "sipproxy-stop"));
    }

    @Test
    void canBeSwitchedOff() {
        runner.withPropertyValues("sipproxy.enabled=false")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(SipProxy.class)
                        .doesNotHaveBean(FloodGuard.class));
    }

    @Test
    void aProxyOfTheApplicationReplacesAll() {
        SipProxy own = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("own.test")
                .noAuthentication()
                .build();
        runner.withBean(SipProxy.class, () -> own).run(context -> {
            assertThat(context)
                    .hasSingleBean(SipProxy.class)
                    .doesNotHaveBean(SipProxyLifecycle.class)
                    .doesNotHaveBean(FloodGuard.class)
                    .doesNotHaveBean(Authentication.class);
            assertThat(own.state()).as("the application starts it").isEqualTo(SipProxy.State.NEW);
        });
    }

    @Test
    void addOnsAreBeansThatTheApplicationMayReplace() {
        AccessList own =
                AccessList.builder().defaultPolicy(AccessRule.Action.ALLOW).build();
        runner.withBean("mine", AccessList.class, () -> own)
                .withPropertyValues("sipproxy.nat.enabled=true")
                .run(context -> {
                    assertThat(context.getBean(AccessList.class)).isSameAs(own);
                    assertThat(context).hasSingleBean(FloodGuard.class).hasSingleBean(NatTraversal.class);
                });
    }

    @Test
    void credentialsOfTheApplicationReplaceThoseOfTheProperties() {
        runner.withPropertyValues("sipproxy.subscriber=")
                .withBean(
                        InMemoryCredentials.class,
                        () -> InMemoryCredentials.of(Credential.ofPassword("bean", "sip.test", "test1234")))
                .run(context -> {
                    try (Phone phone = phone("bean", context.getBean(SipProxy.class))) {
                        assertThat(phone.register().statusCode()).isEqualTo(200);
                    }
                });
    }

    @Test
    void stagesRunInOrderAtTheirPlaces() {
        runner.withUserConfiguration(Stages.class).run(context -> {
            SipProxy proxy = context.getBean(SipProxy.class);
            List<String> seen = context.getBean(Seen.class).names();
            try (Phone callee = phone("1001", proxy);
                    Phone caller = phone("1002", proxy)) {
                callee.register();
                await().until(() -> seen.contains("location")); // after the phone has its response
                seen.clear();
                assertThat(caller.message("1001", "hello").statusCode()).isEqualTo(200);
                await().until(() -> seen.contains("completed")); // after the phone has its response
                assertThat(seen)
                        .as("the first MESSAGE is challenged")
                        .containsExactly(
                                "authentication",
                                "authentication",
                                "routing 1",
                                "routing 2",
                                "forwarding",
                                "response",
                                "completed");
                assertThat(caller.message("1009", "hello").statusCode()).isEqualTo(480);
                assertThat(seen).contains("unavailable");
            }
        });
    }

    record Seen(List<String> names) {}

    @Configuration(proxyBeanMethods = false)
    static class Stages {

        private final List<String> seen = new CopyOnWriteArrayList<>();

        private RequestStage stage(String name) {
            RequestStage stage = context -> {
                if (context.request().method().name().equals("MESSAGE")) {
                    seen.add(name);
                }
                return name.equals("unavailable")
                        ? Verdict.respond(StatusCode.TEMPORARILY_UNAVAILABLE, "Away")
                        : Verdict.proceed();
            };
            return stage.withoutBlocking();
        }

        @Bean
        Seen seen() {
            return new Seen(seen);
        }

        @Bean
        @Order(2)
        RequestStage second() {
            return stage("routing 2");
        }

        @Bean
        @Order(1)
        @StageAt(StageAt.Place.BEFORE_ROUTING)
        RequestStage first() {
            return stage("routing 1");
        }

        @Bean
        @StageAt(StageAt.Place.BEFORE_AUTHENTICATION)
        RequestStage early() {
            return stage("authentication");
        }

        @Bean
        @StageAt(StageAt.Place.BEFORE_FORWARDING)
        RequestStage late() {
            return stage("forwarding");
        }

        @Bean
        @StageAt(StageAt.Place.ON_UNAVAILABLE_USER)
        RequestStage unavailable() {
            return stage("unavailable");
        }

        @Bean
        ResponseStage responses() {
            return context -> {
                if (context.response().cseq().method().name().equals("MESSAGE")) {
                    seen.add("response");
                }
            };
        }

        @Bean
        RequestListener completed() {
            return request -> {
                if (request.statusCode() == 200
                        && request.request().method().name().equals("MESSAGE")) {
                    seen.add("completed");
                }
            };
        }

        @Bean
        LocationListener locations() {
            return event -> seen.add("location");
        }
    }

    @Test
    void componentsAndCustomizersAreApplied() {
        List<String> seen = new CopyOnWriteArrayList<>();
        ProxyComponent component = new ProxyComponent() {
            @Override
            public void install(ComponentHooks hooks) {
                seen.add("installed");
            }
        };
        runner.withBean("component", ProxyComponent.class, () -> component)
                .withBean("customizer", SipProxyCustomizer.class, () -> builder -> {
                    seen.add("customized");
                    builder.stageExecutor(Runnable::run);
                })
                .run(context -> assertThat(seen).containsExactly("customized", "installed"));
    }

    @Test
    void callListenersNeedTrackedCalls() {
        CallListener listener = event -> {};
        runner.withBean("listener", CallListener.class, () -> listener)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(InvalidSipPropertiesException.class)
                        .hasMessageContaining("sipproxy.calls.enabled"));
        runner.withBean("listener", CallListener.class, () -> listener)
                .withPropertyValues("sipproxy.calls.enabled=true")
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void aContextThatFailsDoesNotOpenAPort() {
        List<SipProxy> kept = new CopyOnWriteArrayList<>();
        runner.withBean("watch", SipProxyCustomizer.class, () -> builder -> {})
                .withUserConfiguration(Broken.class)
                .withInitializer(context -> context.getBeanFactory()
                        .addBeanPostProcessor(new org.springframework.beans.factory.config.BeanPostProcessor() {
                            @Override
                            public Object postProcessAfterInitialization(Object bean, String name) {
                                if (bean instanceof SipProxy proxy) {
                                    kept.add(proxy);
                                }
                                return bean;
                            }
                        }))
                .run(context -> assertThat(context).hasFailed());
        assertThat(kept).hasSize(1);
        assertThat(kept.get(0).statistics().requests()).isZero();
        assertThat(kept.get(0).boundEndpoints()).isEmpty();
        assertThat(kept.get(0).state()).isEqualTo(SipProxy.State.CLOSED);
    }

    @Configuration(proxyBeanMethods = false)
    static class Broken {

        @Bean
        String broken(SipProxy proxy) {
            throw new IllegalStateException("broken, and the proxy is " + proxy.state());
        }
    }

    @Test
    void twoContextsOfOneJvmHaveAProxyEach() {
        runner.run(first -> runner.run(second -> {
            SipProxy one = first.getBean(SipProxy.class);
            SipProxy other = second.getBean(SipProxy.class);
            assertThat(other).isNotSameAs(one);
            try (Phone phone = phone("1001", one);
                    Phone same = phone("1001", other)) {
                phone.register();
                same.register();
            }
        }));
    }

    @Test
    void thePortIsFreeForTheNextContext() {
        int port = freePort();
        ApplicationContextRunner fixed = runner.withPropertyValues("sipproxy.listen=udp:127.0.0.1:" + port);
        for (int round = 0; round < 3; round++) {
            fixed.run(context -> assertThat(context.getBean(SipProxy.class).boundEndpoints())
                    .singleElement()
                    .extracting(Endpoint::port)
                    .isEqualTo(port));
        }
    }

    private static int freePort() {
        try (java.net.DatagramSocket socket = new java.net.DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            return socket.getLocalPort();
        } catch (java.net.SocketException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theProxyStartsAfterTheWebServerAndStopsBeforeIt() {
        runner.run(
                context -> assertThat(context.getBean(SipProxyLifecycle.class).getPhase())
                        .isGreaterThan(SmartLifecycle.DEFAULT_PHASE - 1024)
                        .isLessThan(SmartLifecycle.DEFAULT_PHASE));
    }

    @Test
    void aStoppedProxyIsNotStartedAgain() {
        runner.run(context -> {
            context.stop();
            assertThat(context.getBean(SipProxy.class).state()).isEqualTo(SipProxy.State.CLOSED);
            assertThatThrownBy(context::start).hasRootCauseInstanceOf(IllegalStateException.class);
        });
    }

    @Test
    void contextsOfTestsAreNotPaused() throws Exception {
        assertThat(SipProxyLifecycle.class.getMethod("isPauseable").getReturnType())
                .as("as in Spring Framework 7")
                .isEqualTo(boolean.class);
    }

    @Test
    void answeredCallsMayEndWhileTheContextCloses() {
        runner.withPropertyValues("sipproxy.calls.enabled=true", "sipproxy.call-drain-time=20s")
                .run(context -> {
                    SipProxy proxy = context.getBean(SipProxy.class);
                    Phone callee = phone("1001", proxy);
                    Phone caller = phone("1002", proxy);
                    callee.register();
                    OutgoingCall call = caller.call("1001");
                    callee.awaitCall().ring().answer();
                    call.awaitAnswer();

                    Thread closing = new Thread(context::close);
                    closing.start();
                    await().until(() -> proxy.state() == SipProxy.State.DRAINING);
                    assertThat(caller.options("1001").statusCode())
                            .as("refused")
                            .isEqualTo(503);
                    call.hangUp();
                    closing.join(15_000);

                    assertThat(proxy.state()).isEqualTo(SipProxy.State.CLOSED);
                    callee.close();
                    caller.close();
                });
    }

    @Test
    void aSecretIsHexadecimal() {
        runner.withPropertyValues("sipproxy.secret=" + "0a".repeat(32))
                .run(context -> assertThat(context).hasNotFailed());
        runner.withPropertyValues("sipproxy.secret=hunter2")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("sipproxy.secret")
                        .hasMessageNotContaining("hunter2"));
    }
}
