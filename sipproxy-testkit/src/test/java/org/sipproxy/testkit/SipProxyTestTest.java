package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.message.Method;

/** The annotation, in test classes that are run here, including classes that must fail. */
@Timeout(120)
class SipProxyTestTest {

    /** Number of tests of {@link Many}. */
    private static final int MANY = 200;

    /** Values recorded by the classes below. */
    private static final Collection<Object> SEEN = new ConcurrentLinkedQueue<>();

    private static EngineExecutionResults run(Class<?> tests, int threads) {
        SEEN.clear();
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(tests))
                .configurationParameter("junit.jupiter.execution.parallel.enabled", String.valueOf(threads > 1))
                .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
                .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
                .configurationParameter(
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", String.valueOf(threads))
                .execute();
    }

    private static void assertAllSucceed(EngineExecutionResults results, int tests) {
        results.testEvents().assertStatistics(stats -> stats.started(tests).succeeded(tests));
    }

    private static void assertFails(Class<?> tests, String text) {
        EngineExecutionResults results = run(tests, 1);
        results.allEvents()
                .assertThatEvents()
                .haveExactly(1, event(finishedWithFailure(message(m -> m.contains(text)))));
    }

    @Test
    void parametersAreThoseOfTheProxyOfTheTest() {
        assertAllSucceed(run(Injected.class, 1), 4);

        assertThat(SEEN).hasSize(4).doesNotHaveDuplicates();
    }

    @Test
    void nestedClassesHaveTheAnnotationOfTheOuterOneOrTheirOwn() {
        assertAllSucceed(run(Outer.class, 1), 3);

        assertThat(SEEN).containsExactlyInAnyOrder("outer.test 603 200", "outer.test 603 488", "inner.test 603 488");
    }

    @Test
    void composedAnnotationHasTheOptions() {
        assertAllSucceed(run(Composed.class, 1), 1);

        assertThat(SEEN).containsExactly("composed.test");
    }

    @Test
    void testsOfOneClassRunAtTheSameTime() {
        assertAllSucceed(run(AtTheSameTime.class, 2), 2);
    }

    @Test
    void manyTestsRunConcurrentlyEachOnItsOwnProxy() {
        assertAllSucceed(run(Many.class, 8), MANY);

        assertThat(SEEN).hasSize(MANY).doesNotHaveDuplicates();
    }

    @Test
    void parameterOfAMethodWithoutAProxyIsExplained() {
        assertFails(
                BeforeAllParameter.class,
                "SipProxy: the proxy of @SipProxyTest runs during a test only; move the parameter to a test,");
    }

    @Test
    void userWithoutAPasswordIsExplained() {
        assertFails(
                WithoutPassword.class, "users: \"alice\" of @SipProxyTest has no password; write \"user:password\"");
    }

    @Test
    void userWithoutAnAuthenticationIsExplained() {
        assertFails(WithoutAuthentication.class, "user: [alice] have passwords that the proxy does not check");
    }

    @Test
    void methodWithOtherParametersIsExplained() {
        assertFails(
                OtherParameters.class,
                "OtherParameters.configure() must not be private and must have one parameter, a"
                        + " SipProxyExtension.Builder");
    }

    @Test
    void complaintOfAPhoneFailsTheTest() {
        assertFails(Complains.class, "\n  bob: MESSAGE sip:bob@127.0.0.1:9 is not for sip:bob@127.0.0.1:");
    }

    // ---- classes that only the tests above run

    @SipProxyTest
    static class Injected {

        private Phone operator;

        @BeforeEach
        void open(@SipUser(value = "operator", answering = true) Phone phone) {
            operator = phone;
        }

        @Test
        void everything(
                @SipUser(value = "alice", registered = false) Phone alice,
                @SipUser("bob") Phone desk,
                @SipUser("bob") Phone mobile,
                SipProxy proxy,
                Ladder ladder,
                SipProxyExtension sip) {
            OutgoingCall call = alice.call("bob");
            desk.awaitCall().ring();
            mobile.awaitCall().answer();
            call.awaitAnswer().hangUp();

            assertThat(alice.registrations()).isZero();
            assertThat(sip.proxy()).isSameAs(proxy);
            assertThat(sip.ladder()).isSameAs(ladder);
            assertThat(sip.bindings("bob")).hasSize(2);
            assertThat(ladder.arrows()).contains("alice -> proxy: INVITE");
            SEEN.add(proxy);
        }

        @Test
        void phoneOfBeforeEach(@SipUser("alice") Phone alice, SipProxy proxy) {
            alice.call("operator").awaitAnswer().hangUp();
            operator.awaitCall().awaitHangUp();
            SEEN.add(proxy);
        }

        @ParameterizedTest
        @EnumSource(names = {"UDP", "TCP"})
        void eachInvocation(TransportKind kind, SipProxyExtension sip, @SipUser("alice") Phone alice) {
            sip.phone("carol", phone -> phone.transport(kind)).message("alice", "hi");
            alice.awaitRequest("MESSAGE");
            SEEN.add(sip.proxy());
        }
    }

    @SipProxyTest(domain = "outer.test")
    static class Outer {

        private final int status = 603;

        @ConfigureSipProxy
        void refuse(SipProxyExtension.Builder sip) {
            sip.configure(proxy -> proxy.beforeRouting(context ->
                    context.request().method().equals(Method.MESSAGE) ? Verdict.respond(status) : Verdict.proceed()));
        }

        private static void note(SipProxyExtension sip, Phone alice) {
            SEEN.add(sip.domain() + " " + alice.message("alice", "hi").statusCode() + " "
                    + alice.options("alice").statusCode());
        }

        @Test
        void outer(SipProxyExtension sip, @SipUser("alice") Phone alice) {
            note(sip, alice);
        }

        /** Also has the options of the outer class. */
        static class Refusing {

            @ConfigureSipProxy
            void refuseMore(SipProxyExtension.Builder sip) {
                sip.configure(proxy -> proxy.beforeRouting(context ->
                        context.request().method().equals(Method.OPTIONS) ? Verdict.respond(488) : Verdict.proceed()));
            }
        }

        @Nested
        class Inherits extends Refusing {

            @Test
            void inner(SipProxyExtension sip, @SipUser("alice") Phone alice) {
                note(sip, alice);
            }
        }

        @Nested
        @SipProxyTest(domain = "inner.test")
        class HasItsOwn extends Refusing {

            @Test
            void inner(SipProxyExtension sip, @SipUser("alice") Phone alice) {
                note(sip, alice);
            }
        }
    }

    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.TYPE)
    @SipProxyTest(domain = "composed.test")
    @interface OfOurProduct {}

    @OfOurProduct
    static class Composed {

        @Test
        void composed(SipProxyExtension sip) {
            SEEN.add(sip.domain());
        }
    }

    @SipProxyTest
    static class AtTheSameTime {

        private static final CountDownLatch BOTH = new CountDownLatch(2);

        @RepeatedTest(2)
        void waitsForTheOther(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob) throws Exception {
            OutgoingCall call = alice.call("bob");
            IncomingCall called = bob.awaitCall().ring();
            BOTH.countDown();
            assertThat(BOTH.await(60, TimeUnit.SECONDS)).isTrue();
            called.answer();
            call.awaitAnswer().hangUp();
        }
    }

    @SipProxyTest
    static class Many {

        @RepeatedTest(MANY)
        void callIsAnswered(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob, SipProxy proxy) {
            OutgoingCall call = alice.call("bob");
            bob.awaitCall().ring().answer();
            call.awaitAnswer().hangUp();
            SEEN.add(proxy);
        }
    }

    @SipProxyTest
    static class BeforeAllParameter {

        @BeforeAll
        static void open(SipProxy proxy) {
            SEEN.add(proxy);
        }

        @Test
        void neverRuns() {}
    }

    @SipProxyTest(users = "alice")
    static class WithoutPassword {

        @Test
        void neverRuns() {}
    }

    @SipProxyTest(users = "alice:secret")
    static class WithoutAuthentication {

        @Test
        void neverRuns() {}
    }

    @SipProxyTest
    static class OtherParameters {

        @ConfigureSipProxy
        void configure() {}

        @Test
        void neverRuns() {}
    }

    @SipProxyTest
    static class Complains {

        @Test
        void complains(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob, SipProxyExtension sip) {
            String route = "<sip:127.0.0.1:%d;lr>";
            alice.send(
                    "MESSAGE",
                    "sip:bob@127.0.0.1:9",
                    parts -> parts.header("Route", route.formatted(sip.udp().getPort()))
                            .header("Route", route.formatted(bob.localAddress().getPort())));
        }
    }
}
