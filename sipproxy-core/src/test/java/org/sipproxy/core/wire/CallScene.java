package org.sipproxy.core.wire;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.core.options.ProxyClock;

/** Proxy that tracks calls, with the events that a listener got. */
final class CallScene implements AutoCloseable {

    /** Clock that a test advances. */
    static final class Ahead implements ProxyClock {

        private final AtomicLong nanos = new AtomicLong();

        @Override
        public long nanoTime() {
            return System.nanoTime() + nanos.get();
        }

        @Override
        public long currentTimeMillis() {
            return System.currentTimeMillis() + nanos.get() / 1_000_000;
        }

        void advance(Duration by) {
            nanos.addAndGet(by.toNanos());
        }
    }

    final Ahead clock = new Ahead();
    final List<CallEvent> events = new CopyOnWriteArrayList<>();
    final ProxyUnderTest proxy;

    CallScene(UnaryOperator<CallSettings.Builder> settings) {
        this(settings, b -> b);
    }

    CallScene(UnaryOperator<CallSettings.Builder> settings, UnaryOperator<SipProxyBuilder> options) {
        this.proxy = ProxyUnderTest.start(b -> options.apply(b.clock(clock)
                .calls(settings.apply(CallSettings.builder()).build())
                .callListener(events::add)));
    }

    Calls calls() {
        return proxy.proxy().calls();
    }

    Call only() {
        until(() -> calls().count() == 1);
        return calls().list().get(0);
    }

    /** A call that was answered, as its two sides see it. */
    record Established(Dialog caller, Dialog callee) {}

    Established establish(WireClient alice, WireClient bob) {
        Request invite = alice.send(alice.request("INVITE", "sip:" + bob.name() + "@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        return new Established(caller, Dialog.ofCallee(bob, received, ok));
    }

    /** Waits until the call has ended, and returns how. */
    CallEnd awaitEnd() {
        until(() -> ends().size() == 1);
        return ends().get(0);
    }

    List<CallEnd> ends() {
        return events.stream()
                .filter(event -> event.kind() == CallEvent.Kind.ENDED)
                .map(event -> event.call().end().orElseThrow())
                .toList();
    }

    List<String> kinds() {
        return events.stream().map(event -> event.kind().name()).toList();
    }

    static Call join(CompletableFuture<Call> hangUp) {
        return hangUp.orTimeout(5, java.util.concurrent.TimeUnit.SECONDS).join();
    }

    static void until(BooleanSupplier condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(5))
                .until(condition::getAsBoolean);
    }

    /** Ends all transactions, and checks that nothing is left of the calls. */
    void nothingIsLeft() {
        until(() -> calls().count() == 0);
        clock.advance(Duration.ofSeconds(40));
        until(() -> {
            ProxyStatistics now = proxy.proxy().statistics();
            return now.serverTransactions() == 0 && now.clientTransactions() == 0 && now.transactionBytes() == 0;
        });
    }

    @Override
    public void close() {
        proxy.close();
    }
}
