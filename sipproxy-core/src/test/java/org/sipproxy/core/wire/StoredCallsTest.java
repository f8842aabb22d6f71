package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.core.wire.CallScene.join;
import static org.sipproxy.core.wire.CallScene.until;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.call.CallState;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;

/** Calls are tracked again after a restart. */
class StoredCallsTest {

    private static final byte[] SECRET = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** Rows in memory. */
    private static final class Rows implements CallRepository {

        final Map<StoredCall.Key, StoredCall> rows = new ConcurrentHashMap<>();
        volatile boolean fails;
        final AtomicInteger failures = new AtomicInteger();

        @Override
        public List<StoredCall> findAll() {
            check();
            return new ArrayList<>(rows.values());
        }

        @Override
        public void write(Collection<StoredCall> changed, Collection<StoredCall.Key> ended) {
            check();
            changed.forEach(call -> rows.put(call.key(), call));
            ended.forEach(rows::remove);
        }

        private void check() {
            if (fails) {
                failures.incrementAndGet();
                throw new IllegalStateException("no database");
            }
        }

        StoredCall only() {
            until(() -> rows.size() == 1);
            return rows.values().iterator().next();
        }
    }

    private final Rows rows = new Rows();
    private final HeapBindingRepository bindings = new HeapBindingRepository();
    private final CallScene.Ahead clock = new CallScene.Ahead();
    private final List<CallEvent> events = new CopyOnWriteArrayList<>();
    private List<Endpoint> endpoints = List.of(Endpoint.udp("127.0.0.1", 0));
    private CallSettings settings = CallSettings.DEFAULT;
    private ProxyUnderTest proxy = start();
    private final WireClient.Udp bob = proxy.registered("bob");
    private final WireClient.Udp alice = proxy.udp("alice");

    private SipProxyBuilder options() {
        SipProxyBuilder builder = SipProxy.builder()
                .domain("sip.test")
                .noAuthentication()
                .clock(clock)
                .locationStore(StoreMode.writeThrough(bindings))
                .secret(SECRET)
                .drainTime(Duration.ZERO)
                .calls(settings)
                .callRepository(rows)
                .callListener(events::add);
        endpoints.forEach(builder::listen);
        return builder;
    }

    private ProxyUnderTest start() {
        ProxyUnderTest started = ProxyUnderTest.of(options());
        endpoints = started.proxy().boundEndpoints();
        return started;
    }

    /** Restarts the proxy at the same address; the phones stay. */
    private void restart() {
        proxy.proxy().close();
        events.clear();
        proxy = start();
    }

    @AfterEach
    void close() {
        alice.close();
        bob.close();
        proxy.close();
    }

    private CallScene.Established establish() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        return new CallScene.Established(caller, Dialog.ofCallee(bob, received, ok));
    }

    @Test
    void aCallIsShownCountedAndEndedAfterARestart() {
        CallScene.Established call = establish();
        Call before = proxy.proxy().calls().list().get(0);
        restart();

        Call after = proxy.proxy().calls().list().get(0);
        assertThat(after.callId()).isEqualTo(before.callId());
        assertThat(after.state()).isEqualTo(CallState.ANSWERED);
        assertThat(after.caller().uri()).isEqualTo(before.caller().uri());
        assertThat(after.caller().tag()).isEqualTo(before.caller().tag());
        assertThat(after.caller().address()).isEqualTo(before.caller().address());
        assertThat(after.caller().endpoint()).isEqualTo(before.caller().endpoint());
        assertThat(after.callee().tag()).isEqualTo(before.callee().tag());
        assertThat(after.callee().contact()).isEqualTo(before.callee().contact());
        assertThat(after.target()).isEqualTo(before.target());
        assertThat(after.startedAt()).isEqualTo(before.startedAt());
        assertThat(after.answeredAt()).isEqualTo(before.answeredAt());
        assertThat(proxy.proxy().calls().count(new Aor("bob", "sip.test"))).isEqualTo(1);
        assertThat(proxy.proxy().calls().count(new Aor("alice", "sip.test"))).isEqualTo(1);
        assertThat(proxy.proxy().calls().statistics().answered()).isEqualTo(1);

        Request bye = bob.send(call.callee().request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.awaitResponse(bye, 200);
        until(() -> events.size() == 1);
        assertThat(events.get(0).kind()).isEqualTo(CallEvent.Kind.ENDED);
        assertThat(events.get(0).call().end()).contains(new CallEnd(CallEnd.Side.CALLEE, Reason.BYE, 0, ""));
        assertThat(proxy.proxy().calls().count()).isZero();
        assertThat(proxy.proxy().calls().count(new Aor("bob", "sip.test"))).isZero();
        until(rows.rows::isEmpty);
    }

    @Test
    void aHangUpAfterARestartReachesBothSidesAboveTheirLastCseq() {
        CallScene.Established call = establish();
        restart();
        // a request that was not stored when another process was killed
        Request info = alice.send(call.caller().request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);

        CompletableFuture<Call> result =
                proxy.proxy().calls().hangUp(proxy.proxy().calls().list().get(0), "over");
        WireMessage atAlice = alice.awaitRequest("BYE");
        WireMessage atBob = bob.awaitRequest("BYE");
        alice.respond(atAlice, 200);
        bob.respond(atBob, 200);

        assertThat(join(result).end()).map(CallEnd::reason).contains(Reason.HUNG_UP);
        assertThat(atBob.uri()).isEqualTo(bob.contact());
        assertThat(atBob.header("From")).isEqualTo(call.caller().request("BYE").from());
        assertThat(atBob.header("To")).isEqualTo(call.caller().request("BYE").to());
        assertThat(Long.parseLong(atBob.header("CSeq").replace(" BYE", ""))).isGreaterThan(2);
        assertThat(atAlice.header("From"))
                .isEqualTo(call.callee().request("BYE").from());
        until(rows.rows::isEmpty);
    }

    @Test
    void aCallWhoseLongestDurationPassedWhileTheProxyWasDownIsEnded() {
        establish();
        proxy.proxy().close();
        clock.advance(Duration.ofHours(13));
        events.clear();
        proxy = start();

        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);
        until(() -> events.size() == 1);
        assertThat(events.get(0).call().end()).map(CallEnd::reason).contains(Reason.MAX_DURATION);
        assertThat(events.get(0).call().duration()).isGreaterThanOrEqualTo(Duration.ofHours(13));
        until(rows.rows::isEmpty);
    }

    @Test
    void longestDurationContinuesAfterARestart() {
        settings = CallSettings.builder().maxDuration(Duration.ofHours(1)).build();
        restart();
        establish();
        clock.advance(Duration.ofMinutes(40));
        restart();
        assertThat(proxy.proxy().calls().count()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(21));

        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.respond(bob.awaitRequest("BYE"), 200);
        until(() -> proxy.proxy().calls().statistics().expired() == 1);
    }

    @Test
    void aRefreshIsStored() {
        CallScene.Established call = establish();
        StoredCall first = rows.only();
        WireClient.Udp moved = proxy.udp("bob2");
        Request update = bob.send(call.callee().request("UPDATE").contact("<" + moved.contact() + ">"));
        alice.respond(alice.awaitRequest("UPDATE"), 200, "Session-Expires: 90");
        bob.awaitResponse(update, 200);

        until(() -> rows.only().callee().contact().equals(moved.contact()));
        StoredCall row = rows.only();
        assertThat(row.key()).isEqualTo(first.key());
        assertThat(row.callee().cseq()).isGreaterThan(first.callee().cseq());
        assertThat(row.sessionInterval()).isEqualTo(Duration.ofSeconds(90));
    }

    @Test
    void aShortCallIsNeverWritten() {
        CallScene.Established call = establish();
        Request bye = alice.send(call.caller().request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        until(() -> proxy.proxy().calls().statistics().unwritten() == 0);
        assertThat(proxy.proxy().calls().count()).isZero();
        until(rows.rows::isEmpty); // it may have been written, if the second was just over
    }

    @Test
    void withoutADatabaseCallsContinueAndAreWrittenLater() {
        rows.fails = true;
        restart();
        CallScene.Established first = establish();
        until(() -> rows.failures.get() > 1);
        assertThat(proxy.proxy().calls().count()).isEqualTo(1);
        assertThat(proxy.proxy().calls().statistics().unwritten()).isEqualTo(1);

        rows.fails = false;
        assertThat(rows.only().key().callId())
                .isEqualTo(first.caller().request("BYE").callId());
    }

    @Test
    void callsThatCouldNotBeReadAtStartAreReadLater() {
        establish();
        proxy.proxy().close();
        rows.fails = true;
        proxy = start();
        assertThat(proxy.proxy().calls().count()).isZero();

        rows.fails = false;
        until(() -> proxy.proxy().calls().count() == 1);
    }

    @Test
    void rowThatCannotBeReadIsSkipped() {
        establish();
        proxy.proxy().close();
        StoredCall good = rows.only();
        StoredCall.Side side = good.caller();
        for (String bad : List.of("<sip:alice@sip.test>;tag=1\r\nX: 1", "<sip:", "")) {
            StoredCall.Key key = new StoredCall.Key("bad" + bad.length(), "1");
            rows.rows.put(
                    key,
                    new StoredCall(
                            key,
                            new StoredCall.Side(
                                    bad,
                                    "1",
                                    side.contact(),
                                    side.route(),
                                    1,
                                    Optional.empty(),
                                    Optional.empty(),
                                    side.countedAs()),
                            good.callee(),
                            Optional.empty(),
                            good.target(),
                            Instant.EPOCH,
                            Optional.empty(),
                            Instant.EPOCH,
                            good.expiresAt(),
                            Duration.ZERO));
        }
        proxy = start();

        assertThat(proxy.proxy().calls().list())
                .extracting(Call::callId)
                .containsExactly(good.key().callId());
        assertThat(proxy.proxy().calls().count(new Aor("alice", "sip.test"))).isEqualTo(1);
    }

    @Test
    void aRepositoryNeedsCallsAndASecret() {
        assertThatThrownBy(() -> SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("sip.test")
                        .noAuthentication()
                        .callRepository(rows)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("callRepository")
                .hasMessageContaining("calls(CallSettings.DEFAULT)");
        assertThatThrownBy(() -> SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("sip.test")
                        .noAuthentication()
                        .calls(CallSettings.DEFAULT)
                        .callRepository(rows)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("secret");
    }
}
