package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.sipproxy.api.routing.FailureCause.NO_ANSWER;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.call.CallStatistics;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.gateway.Algorithm;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Rows;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/**
 * Calls of every outcome at once, each with a challenge, leave nothing behind, and the call records add up. The property
 * {@code sipproxy.mixedCalls} sets how many calls; default 600.
 */
@Timeout(1_800)
class MixedCallsTest {

    private static final int CALLS = Integer.getInteger("sipproxy.mixedCalls", 600);
    private static final int THREADS = 6;
    private static final Duration T1 = Duration.ofMillis(100);

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    /** How a call ends. */
    private enum Outcome {
        CALLER_HANGS_UP(true),
        CALLEE_HANGS_UP(true),
        BUSY(false),
        DECLINED(false),
        CANCELLED(false),
        VOICEMAIL(true),
        FORKED(true),
        REDIRECTED(true),
        FAILED_OVER(true),
        UNKNOWN(false),
        NOT_REGISTERED(false);

        private final boolean isAnswered;

        Outcome(boolean isAnswered) {
            this.isAnswered = isAnswered;
        }
    }

    private final JdbcAccounting accounting = JdbcAccounting.of(postgres.dataSource());

    private final Dispatcher gateways = Dispatcher.builder()
            .set(GatewaySet.named("pstn")
                    .algorithm(Algorithm.PRIORITY)
                    .member(Gateway.builder("pstn", SipUri.of("sip:127.0.0.61:5080"))
                            .priority(1)
                            .build())
                    .member("sip:127.0.0.62:5080")
                    .noProbes()
                    .recoverAfter(Duration.ofSeconds(1))
                    .build())
            .prefix("0", "pstn")
            .build();

    @RegisterExtension
    final SipProxyExtension sip = extension();

    private volatile Target voicemail = Target.of(SipUri.of("sip:voicemail@127.0.0.1"));
    private volatile boolean areOver;
    private final AtomicInteger answered = new AtomicInteger();

    private SipProxyExtension extension() {
        SipProxyExtension.Builder builder = SipProxyExtension.builder()
                .authentication(users ->
                        DigestAuthentication.builder().credentials(users).build())
                .configure(proxy -> proxy.component(accounting)
                        .component(gateways)
                        .calls(CallSettings.DEFAULT)
                        .revealUsers(true)
                        .timers(SipTimers.builder().t1(T1).build())
                        .beforeRouting(RequestStage.onInvite(this::route)
                                .named("mixed calls")
                                .withoutBlocking()));
        builder.user("absent", "secret").user("voicemail", "secret");
        for (int i = 0; i < THREADS; i++) {
            for (String kind : List.of("caller", "callee", "absentminded", "group")) {
                builder.user(kind + i, "secret");
            }
        }
        return builder.build();
    }

    private Verdict route(StageContext context) throws SipParseException {
        SipUri callee = context.request().requestUri();
        if (context.isMyself(callee) && callee.user().startsWith("callee")) {
            return Verdict.relay(
                    RelayPlan.toCallee().followRedirects().onFailure(NO_ANSWER).relay(RelayPlan.to(voicemail)));
        }
        if (context.isMyself(callee) && callee.user().startsWith("absentminded")) {
            return Verdict.relay(RelayPlan.toCallee()
                    .ringFor(Duration.ofMillis(500))
                    .onFailure(NO_ANSWER)
                    .relay(RelayPlan.to(voicemail)));
        }
        return Verdict.proceed();
    }

    /** The phones of one thread. */
    private final class Table {

        private final Phone caller;
        private final Phone callee;
        /** Never answers. Only its ring time is limited, so that the pace of the test decides no other outcome. */
        private final Phone absentminded;

        private final Phone one;
        private final Phone other;

        Table(int number) {
            caller = registered("caller" + number);
            callee = registered("callee" + number);
            absentminded = registered("absentminded" + number);
            one = registered("group" + number);
            other = registered("group" + number);
        }

        private Phone registered(String user) {
            return sip.registeredPhone(user, phone -> phone.t1(T1).patience(Duration.ofSeconds(30)));
        }

        void play(Outcome outcome) {
            switch (outcome) {
                case CALLER_HANGS_UP -> {
                    OutgoingCall call = caller.call(callee.user());
                    callee.awaitCall().ring().answer();
                    hangUp(call);
                }
                case CALLEE_HANGS_UP -> {
                    OutgoingCall call = caller.call(callee.user());
                    IncomingCall taken = callee.awaitCall().ring().answer();
                    call.awaitAnswer();
                    taken.awaitAck().hangUp();
                    call.awaitHangUp();
                }
                case BUSY -> refused(486);
                case DECLINED -> refused(603);
                case CANCELLED -> {
                    OutgoingCall call = caller.call(callee.user());
                    IncomingCall ringing = callee.awaitCall().ring();
                    call.awaitRinging();
                    call.cancel();
                    ringing.awaitCancel();
                    assertThat(status(call)).isEqualTo(487);
                }
                case VOICEMAIL -> {
                    OutgoingCall call = caller.call(absentminded.user());
                    IncomingCall ringing = absentminded.awaitCall().ring();
                    hangUp(call); // voicemail has answered
                    ringing.awaitCancel();
                }
                case FORKED -> {
                    OutgoingCall call = caller.call(one.user());
                    IncomingCall first = one.awaitCall().ring();
                    IncomingCall second = other.awaitCall().ring();
                    first.answer();
                    second.awaitCancel();
                    hangUp(call);
                }
                case REDIRECTED -> {
                    OutgoingCall call = caller.call(callee.user());
                    callee.awaitCall()
                            .respond(302, parts -> parts.header("Contact", "<sip:voicemail@" + sip.domain() + ">"));
                    hangUp(call);
                }
                case FAILED_OVER -> hangUp(caller.call("030123"));
                case UNKNOWN -> assertThat(status(caller.call("nobody"))).isEqualTo(404);
                case NOT_REGISTERED -> assertThat(status(caller.call("absent"))).isEqualTo(480);
                default -> throw new AssertionError(outcome);
            }
            if (outcome.isAnswered) {
                answered.incrementAndGet();
            }
        }

        private void refused(int status) {
            OutgoingCall call = caller.call(callee.user());
            callee.awaitCall().ring().respond(status);
            assertThat(status(call)).isEqualTo(status);
        }

        private void hangUp(OutgoingCall call) {
            assertThat(call.awaitAnswer().hangUp().statusCode()).isEqualTo(200);
        }

        private int status(OutgoingCall call) {
            return call.awaitFinal().statusCode();
        }
    }

    @Test
    void nothingIsLeftAndTheRecordsAddUp() throws Exception {
        voicemail = Target.of(
                SipUri.of(sip.registeredPhone("voicemail", phone -> phone.t1(T1).answering())
                        .contact()));
        gateway("127.0.0.62", Phone.Builder::answering);
        Thread broken = new Thread(() -> refuseAll(gateway("127.0.0.61", phone -> {})), "broken gateway");
        broken.start();

        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Table table = new Table(i);
            int first = i;
            all.add(threads.submit(() -> {
                Outcome[] outcomes = Outcome.values();
                for (int call = first; call < CALLS; call += THREADS) {
                    table.play(outcomes[call / THREADS % outcomes.length]);
                }
            }));
        }
        threads.shutdown();
        for (Future<?> one : all) {
            one.get(25, TimeUnit.MINUTES);
        }
        areOver = true;
        broken.join();

        await().atMost(Duration.ofSeconds(40)).untilAsserted(() -> {
            ProxyStatistics left = sip.proxy().statistics();
            assertThat(List.of(
                            left.serverTransactions(),
                            left.clientTransactions(),
                            left.lingeringTransactions(),
                            left.transactionBytes(),
                            left.unanswered(),
                            left.queued()))
                    .containsOnly(0L);
        });
        CallStatistics calls = sip.proxy().calls().statistics();
        assertThat(calls.unanswered() + calls.answered()).isZero();
        assertThat(calls.established()).isEqualTo(answered.get());
        assertThat(calls.lost() + calls.expired() + calls.untracked() + calls.droppedEvents())
                .isZero();
        await().until(() -> one("SELECT count(*) FROM acc WHERE method = 'BYE'").equals("" + answered));
        await().until(() -> one("SELECT count(*) FROM acc_cdrs").equals("" + answered));
        assertThat(one("SELECT count(DISTINCT callid) FROM acc WHERE method = 'INVITE' AND sip_code = '200'"))
                .isEqualTo("" + answered);
        assertThat(one("SELECT count(*) FROM acc_cdrs WHERE duration < 0 OR end_time < start_time"))
                .isEqualTo("0");
    }

    private Phone gateway(String host, Consumer<Phone.Builder> more) {
        return sip.phone(
                "gateway" + host,
                phone -> more.accept(
                        phone.local(new InetSocketAddress(host, 5080)).t1(T1).lenient()));
    }

    private void refuseAll(Phone gateway) {
        while (!areOver) {
            gateway.pendingCalls().forEach(call -> call.respond(503));
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
    }

    private static String one(String query) {
        return Rows.of(postgres.dataSource(), query).get(0);
    }
}
