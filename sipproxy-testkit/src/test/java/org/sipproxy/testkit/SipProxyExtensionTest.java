package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.Method;

/** The extension in test classes that are run here, including classes that must fail. */
@Timeout(60)
class SipProxyExtensionTest {

    /** Values recorded by the classes below. */
    private static final List<SipProxy> PROXIES = new ArrayList<>();

    private static final List<String> SEEN = new ArrayList<>();

    private static EngineExecutionResults run(Class<?> tests) {
        PROXIES.clear();
        SEEN.clear();
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(tests))
                .execute();
    }

    private static void assertOneFails(Class<?> tests, String... parts) {
        EngineExecutionResults results = run(tests);
        results.testEvents().assertStatistics(stats -> stats.started(1).failed(1));
        for (String part : parts) {
            results.testEvents()
                    .assertThatEvents()
                    .haveExactly(1, event(finishedWithFailure(message(m -> m.contains(part)))));
        }
    }

    @Test
    void eachTestHasItsOwnProxyInAnInstanceField() {
        run(OwnProxy.class)
                .testEvents()
                .assertStatistics(stats -> stats.started(2).succeeded(2));

        assertThat(PROXIES).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void testsOfAClassAndThoseNestedInItShareOneProxyInAStaticField() {
        run(SharedProxy.class)
                .testEvents()
                .assertStatistics(stats -> stats.started(3).succeeded(3));

        assertThat(PROXIES).hasSize(3);
        assertThat(PROXIES.stream().distinct()).hasSize(1);
        assertThat(SEEN).containsExactly("alice [] [operator]", "alice [] [operator]", "alice [] [operator]");
    }

    @Test
    void proxyHasTheConfigurationAndListenerOfTheTest() {
        run(Configured.class)
                .testEvents()
                .assertStatistics(stats -> stats.started(1).succeeded(1));

        assertThat(SEEN).contains("received", "sent");
    }

    @Test
    void unansweredCallFailsTheTest() {
        assertOneFails(
                LeavesACall.class,
                "leavesACall() left calls, requests or threads behind; end them, or build the extension with"
                        + " withoutLeakCheck():\n  bob: the call ",
                " was neither answered nor cancelled\n  proxy: 1 request still waits for a final response");
    }

    @Test
    void complaintOfAPhoneFailsTheTest() {
        assertOneFails(Complains.class, "\n  bob: MESSAGE sip:bob@127.0.0.1:9 is not for sip:bob@127.0.0.1:");
    }

    @Test
    void leakedThreadOfAComponentFailsTheTest() {
        assertOneFails(LeavesAThread.class, "proxy: closed, but these threads are alive: [forgotten]");
    }

    @Test
    void leaksAreIgnoredWithoutLeakCheck() {
        run(MayLeave.class)
                .testEvents()
                .assertStatistics(stats -> stats.started(1).succeeded(1));
    }

    @Test
    void failedTestPrintsItsLadderAndNoLeaks() {
        PrintStream stderr = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertOneFails(Fails.class, "the test's own failure");
        } finally {
            System.setErr(stderr);
        }

        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("fails()\nNetworkFaults[seed 4711]\n")
                .contains("|-- REGISTER ------------->|")
                .contains("|-- 180 Ringing ---------->|");
    }

    @Test
    void proxyThatCannotStartFailsTheTestWithItsMessage() {
        assertOneFails(CannotStart.class, "listen: udp:127.0.0.1:");
    }

    @Test
    void extensionThatIsNotRegisteredHasAClearMessage() {
        assertThatThrownBy(SipProxyExtension.create()::proxy)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("proxy: not started; annotate the field with @RegisterExtension");
    }

    @Test
    void passwordsThatTheProxyDoesNotCheckAreRefused() {
        SipProxyExtension.Builder builder = SipProxyExtension.builder().user("alice", "secret");

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "user: [alice] have passwords that the proxy does not check; set authentication(");
    }

    // ---- classes that only the tests above run

    static class OwnProxy {

        @RegisterExtension
        final SipProxyExtension sip = SipProxyExtension.create();

        @Test
        void one() {
            PROXIES.add(sip.proxy());
            sip.phone("alice").options("sip:" + sip.domain());
        }

        @Test
        void other() {
            PROXIES.add(sip.proxy());
        }
    }

    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class SharedProxy {

        @RegisterExtension
        static final SipProxyExtension SIP = SipProxyExtension.create();

        @BeforeAll
        static void operator() {
            SIP.registeredPhone("operator", Phone.Builder::answering);
        }

        /** Asserts that bindings of the previous test are removed, and those from before the first test remain. */
        private static void note() {
            PROXIES.add(SIP.proxy());
            List<String> before =
                    SIP.bindings("alice").stream().map(b -> b.contact().user()).toList();
            Phone alice = SIP.registeredPhone("alice");
            alice.call("operator").awaitAnswer().hangUp();
            SEEN.add(alice.user() + " " + before + " "
                    + SIP.bindings("operator").stream()
                            .map(b -> b.contact().user())
                            .toList());
            assertThat(SIP.ladder().arrows().get(0)).isEqualTo("alice -> proxy: REGISTER");
        }

        @Test
        @Order(1)
        void one() {
            note();
        }

        @Test
        @Order(2)
        void other() {
            note();
        }

        @Nested
        class Inner {
            @Test
            void third() {
                note();
            }
        }
    }

    static class Configured {

        @RegisterExtension
        final SipProxyExtension sip = SipProxyExtension.builder()
                .domain("Example.ORG")
                .configure(proxy -> proxy.beforeRouting(context ->
                        context.request().method().equals(Method.MESSAGE) ? Verdict.respond(603) : Verdict.proceed()))
                .configure(proxy -> proxy.udpReceivers(1))
                .wireListener(message -> SEEN.add(message.isReceived() ? "received" : "sent"))
                .build();

        @Test
        void declines() {
            Phone alice = sip.registeredPhone("alice");
            assertThat(alice.aor()).isEqualTo("sip:alice@example.org");
            assertThat(alice.message("bob", "hi").statusCode()).isEqualTo(603);
            assertThat(sip.udp().getPort()).isPositive();
            assertThat(sip.tcp().getPort()).isPositive();
        }
    }

    static class LeavesACall {

        @RegisterExtension
        final SipProxyExtension sip = SipProxyExtension.create();

        @Test
        void leavesACall() {
            Phone bob = sip.registeredPhone("bob");
            sip.phone("alice").call("bob");
            bob.awaitCall().ring();
        }
    }

    static class Complains {

        @RegisterExtension
        final SipProxyExtension sip = SipProxyExtension.create();

        @Test
        void complains() {
            Phone bob = sip.registeredPhone("bob");
            String route = "<sip:127.0.0.1:" + bob.localAddress().getPort() + ";lr>";
            sip.phone("alice")
                    .send(
                            "MESSAGE",
                            "sip:bob@127.0.0.1:9",
                            parts -> parts.header(
                                            "Route",
                                            "<sip:127.0.0.1:" + sip.udp().getPort() + ";lr>")
                                    .header("Route", route));
        }
    }

    static class LeavesAThread {

        @RegisterExtension
        final SipProxyExtension sip = SipProxyExtension.builder()
                .configure(proxy -> proxy.component(new Forgetful()))
                .build();

        @Test
        void nothing() {
            assertThat(sip.proxy().boundEndpoints()).hasSize(2);
        }
    }

    /** Component that starts a thread and never ends it. */
    private static final class Forgetful implements ProxyComponent {

        @Override
        public void install(ComponentHooks hooks) {}

        @Override
        public void start(ProxyRuntime proxy) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            Thread.sleep(5_000);
                        } catch (InterruptedException e) {
                            // the test is over
                        }
                    },
                    "forgotten");
            thread.setDaemon(true);
            thread.start();
        }
    }

    static class MayLeave {

        @RegisterExtension
        final SipProxyExtension sip =
                SipProxyExtension.builder().withoutLeakCheck().build();

        @Test
        void leavesACall() {
            Phone bob = sip.registeredPhone("bob");
            sip.phone("alice").call("bob");
            bob.awaitCall();
        }
    }

    static class Fails {

        @RegisterExtension
        final SipProxyExtension sip = SipProxyExtension.create();

        @Test
        void fails() {
            Phone bob = sip.registeredPhone(
                    "bob", phone -> phone.faults(NetworkFaults.builder(4711).build()));
            OutgoingCall call = sip.phone("alice").call("bob");
            bob.awaitCall().ring();
            call.awaitRinging();
            throw new AssertionError("the test's own failure");
        }
    }

    static class CannotStart {

        @Order(1)
        @RegisterExtension
        final SipProxyExtension first = SipProxyExtension.create();

        @Order(2)
        @RegisterExtension
        final SipProxyExtension second = SipProxyExtension.builder()
                .configure(proxy ->
                        proxy.listen(Endpoint.udp("127.0.0.1", first.udp().getPort())))
                .build();

        @Test
        void neverRuns() {
            SEEN.add("run");
        }
    }
}
