package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.sipproxy.testkit.assertj.SipAssertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import javax.sip.SipFactory;
import javax.sip.SipStack;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.message.Method;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.ConfigureSipProxy;
import org.sipproxy.testkit.FakeDatabase;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.LeakCheck;
import org.sipproxy.testkit.NatKind;
import org.sipproxy.testkit.NatRouter;
import org.sipproxy.testkit.NetworkFaults;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.Registrations;
import org.sipproxy.testkit.SipProxyExtension;
import org.sipproxy.testkit.SipProxyTest;
import org.sipproxy.testkit.SipUser;
import org.sipproxy.testkit.StreamRelay;
import org.sipproxy.testkit.TestClock;
import org.sipproxy.testkit.Transfer;
import org.sipproxy.testkit.jain.RiStackLogger;

/** The tests of docs/testing.md; {@link ReadmeTest} compares them. */
@Timeout(60)
class TestingPageTest {

    @Nested
    @SipProxyTest
    class ReceptionTest {

        @Test
        void bobIsCalled(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob, Ladder ladder) {
            OutgoingCall call = alice.call("bob");
            bob.awaitCall().ring().answer();
            call.awaitAnswer().hangUp();

            assertThat(call).hasStatuses(180, 200);
            assertThat(ladder)
                    .containsSubsequence("alice -> proxy: INVITE", "proxy -> bob: INVITE", "alice -> proxy: BYE")
                    .doesNotContainRequest(Method.CANCEL);
        }
    }

    @Nested
    @SipProxyTest(
            domain = "example.org",
            users = {"0900123:secret", "1001:test1234", "1002:test1234"})
    class ScreeningTest {

        private final CustomStage stage = new CustomStage("0900");

        @ConfigureSipProxy
        void configure(SipProxyExtension.Builder sip) {
            sip.configure(proxy -> proxy.beforeRouting(stage))
                    .authentication(users ->
                            DigestAuthentication.builder().credentials(users).build());
        }

        @Test
        void callerWithTheBlockedPrefixIsDeclined(
                @SipUser(value = "0900123", transport = TransportKind.TCP) Phone caller,
                @SipUser("1001") Phone callee,
                Ladder ladder) {
            caller.call("1001").awaitStatus(603);

            assertThat(ladder).doesNotContain("proxy -> 1001: INVITE");
        }

        @Test
        void anyOtherCallGetsAHeader(
                @SipUser("1001") Phone callee, @SipUser("1002") Phone caller, SipProxyExtension sip) {
            OutgoingCall call = caller.call("1001");
            callee.awaitCall().answer();
            call.awaitAnswer().hangUp();

            assertThat(sip.ladder()).message("proxy -> 1001: INVITE").hasHeader("X-Screened", "caller=1002");
        }
    }

    @Nested
    @SipProxyTest
    class IvrTest {

        @Test
        void callerHearsTheMenuAndChooses(SipProxyExtension sip, @SipUser("alice") Phone alice) {
            try (Ivr ivr = new Ivr(sip.udp())) {
                ivr.start();
                sip.awaitRegistered("ivr");

                OutgoingCall call = alice.call("ivr").awaitAnswer();
                call.dtmf("1#");
                assertThat(ivr.awaitChoice()).isEqualTo("1#");
                call.hangUp();
            }
            sip.awaitUnregistered("ivr");
        }
    }

    @Nested
    class SharedProxyTest {

        @RegisterExtension
        static final SipProxyExtension SIP =
                SipProxyExtension.builder().domain("example.org").build();

        @Test
        void phoneBehindANatIsServed() {
            NatRouter router = SIP.closing(NatRouter.of(NatKind.PORT_RESTRICTED));
            Phone alice = SIP.phone("alice", phone -> phone.behind(router));

            assertThat(alice.options("sip:example.org").statusCode()).isEqualTo(200);
        }
    }

    @Nested
    @SipProxyTest
    class FaultsTest {

        @Test
        void callSucceedsOverALossyNetwork(SipProxyExtension sip, @SipUser("bob") Phone bob) {
            NetworkFaults lossy = NetworkFaults.builder(4711)
                    .loss(0.1)
                    .duplicates(0.1)
                    .delay(Duration.ofMillis(5), Duration.ofMillis(40))
                    .build();
            Phone alice = sip.phone("alice", phone -> phone.faults(lossy));

            OutgoingCall call = alice.call("bob");
            bob.awaitCall().answer();
            call.awaitAnswer().hangUp();
        }
    }

    @Nested
    @SipProxyTest
    class StreamTest {

        @Test
        void callsThroughASlowConnection(SipProxyExtension sip, @SipUser("alice") Phone alice) {
            StreamRelay relay = sip.closing(StreamRelay.builder(sip.tcp())
                    .pieces(40, Duration.ofMillis(1))
                    .open());
            Phone bob = sip.registeredPhone(
                    "bob",
                    phone -> phone.transport(TransportKind.TCP)
                            .proxy(relay.address())
                            .lenient());

            relay.stall();
            OutgoingCall call = alice.call("bob");
            relay.resume();

            bob.awaitCall().answer();
            call.awaitAnswer().hangUp();
        }
    }

    @Nested
    @SipProxyTest
    class TimeTest {

        private final TestClock clock = TestClock.stopped();

        @ConfigureSipProxy
        void stopTheClock(SipProxyExtension.Builder sip) {
            sip.clock(clock);
        }

        @Test
        void callerGivesUpAfter32Seconds(SipProxyExtension sip, @SipUser("alice") Phone alice) {
            NetworkFaults network =
                    NetworkFaults.builder(4711).delay(Duration.ofSeconds(2)).build();
            sip.registeredPhone("bob", phone -> phone.faults(network));
            network.silence();
            Instant start = clock.now();

            OutgoingCall call = alice.call("bob");
            clock.advance(Duration.ofSeconds(40));

            assertThat(call.awaitFinal().statusCode()).isEqualTo(408);
            assertThat(Duration.between(start, clock.now())).isEqualTo(Duration.ofSeconds(40));
        }
    }

    @Nested
    @SipProxyTest
    class OutageTest {

        private final FakeDatabase database = new FakeDatabase();

        @ConfigureSipProxy
        void storeBindings(SipProxyExtension.Builder sip) {
            sip.configure(proxy -> proxy.locationStore(StoreMode.writeThrough(database.bindings())));
        }

        @Test
        void registerFailsDuringTheOutage(@SipUser(value = "bob", registered = false) Phone bob) {
            database.fail();
            assertThat(bob.tryRegister(Duration.ofMinutes(5), parts -> {}).statusCode())
                    .isEqualTo(500);

            database.recover();
            await().untilAsserted(bob::register); // while one thread tries the database, requests of others still fail
        }
    }

    @Nested
    @SipProxyTest
    class TransferTest {

        @Test
        void receptionTransfersTheCaller(
                @SipUser("alice") Phone alice, @SipUser("reception") Phone reception, @SipUser("carol") Phone carol) {
            OutgoingCall calling = alice.call("reception");
            IncomingCall called = reception.awaitCall().ring().answer();
            calling.awaitAnswer();
            called.hold();
            assertThat(calling.isHeld()).isTrue();

            Transfer transfer = called.transfer("carol");
            OutgoingCall moved = calling.awaitTransfer();
            carol.awaitCall().answer();
            assertThat(transfer.awaitEnd()).isEqualTo(200);
            called.hangUp();
            moved.hangUp();
        }
    }

    @Test
    void phonesOfAnyProxyOrServer() {
        SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("example.org")
                .noAuthentication()
                .build();
        try (proxy) {
            proxy.start();
            LeakCheck check = LeakCheck.before(proxy);
            Phone bob = Phone.builder("bob").domain("example.org").proxy(proxy).open();
            try (bob) {
                bob.register();
                Registrations.of(proxy).awaitRegistered("bob");
                assertThat(check.after(List.of(bob))).isEmpty();
            }
        }
    }

    @Test
    void stackOfAnApplicationNeedsNoLog4j() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("javax.sip.STACK_NAME", "ivr");
        properties.setProperty("gov.nist.javax.sip.STACK_LOGGER", RiStackLogger.class.getName());
        SipFactory factory = SipFactory.getInstance();
        factory.setPathName("gov.nist");
        SipStack stack = factory.createSipStack(properties);
        stack.stop();
        assertThat(stack.getStackName()).isEqualTo("ivr");
    }

    /** The application under test. */
    private static final class Ivr implements AutoCloseable {

        private final Phone phone;

        Ivr(InetSocketAddress proxy) {
            phone = Phone.builder("ivr")
                    .domain("sip.test")
                    .proxy(proxy)
                    .answering()
                    .open();
        }

        void start() {
            phone.register();
        }

        String awaitChoice() {
            return phone.awaitCall().awaitDtmf(2);
        }

        @Override
        public void close() {
            phone.unregister();
            phone.close();
        }
    }
}
