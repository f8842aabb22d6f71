package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.RecordingTransport;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;

/** A table of transactions whose time advances only in {@link #advance}. */
public final class TransactionScene {

    /** The lock of client transactions without a server transaction. */
    final Object lock = new Object();

    public final FakeClock clock = new FakeClock();
    public final ProxyTime time = new ProxyTime(clock);
    public final TimerWheel wheel = new TimerWheel(clock.nanoTime());
    public final TransactionTable table;
    public final RecordingTransport transport = new RecordingTransport(clock);

    public TransactionScene() {
        this(SipTimers.DEFAULT);
    }

    public TransactionScene(SipTimers timers) {
        table = new TransactionTable(
                wheel, clock, TransactionTimers.of(timers), 1_000_000, new TransactionBudget(1_000_000));
    }

    /** Advances the time one tick at a time, so that each timer fires at its own time. */
    public void advance(long millis) {
        for (long done = 0; done < millis; done += 10) {
            clock.advance(Duration.ofMillis(Math.min(10, millis - done)));
            wheel.advance(clock.nanoTime());
        }
    }

    public void advanceTo(long millis) {
        advance(millis - clock.nanoTime() / 1_000_000);
    }

    public ResponsePath pathOn(RecordingFlow flow) {
        return new ResponsePath() {
            @Override
            public void send(byte[] wire, SendFailure onFailure) {
                flow.send(wire, onFailure);
            }

            @Override
            public boolean isReliable() {
                return flow.kind().isReliable();
            }

            @Override
            public Upstream datagrams() {
                return isReliable() ? null : new Upstream(flow.remoteAddress(), flow.endpoint());
            }
        };
    }

    public RecordingFlow caller(TransportKind kind) {
        return transport.flow(kind, "192.0.2.1", 5060);
    }

    RecordingFlow callee(TransportKind kind) {
        return transport.flow(kind, "192.0.2.2", 5060);
    }

    /** Returns when each message so far was sent. */
    List<Long> sentAt() {
        return transport.sent().stream().map(Sent::atMillis).toList();
    }

    /** Returns what was sent so far, requests by method and responses by status. */
    List<String> sentWhat() {
        return transport.sent().stream().map(Sent::what).toList();
    }

    /** Asserts that nothing is kept: no transaction and no timer. */
    public void assertNothingLeft() {
        assertThat(table.servers()).as("server transactions").isZero();
        assertThat(table.clients()).as("client transactions").isZero();
        assertThat(table.unanswered()).as("unanswered requests").isZero();
        assertThat(wheel.size()).as("timers").isZero();
        assertThat(table.budget().used()).as("bytes of the budget").isZero();
    }

    static TransactionKey keyOf(SipRequest request) {
        try {
            return TransactionKey.of(request);
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
    }

    static SipRequest request(String method) {
        return SipText.request("""
        %1$s sip:bob@192.0.2.2 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
        Max-Forwards: 70
        From: <sip:alice@example.org>;tag=1
        To: <sip:bob@example.org>
        Call-ID: c1
        CSeq: 1 %1$s
        Content-Length: 0

        """.formatted(method));
    }

    static SipResponse response(int status, String method) {
        return SipText.response("""
        SIP/2.0 %d X
        Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK2
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
        From: <sip:alice@example.org>;tag=1
        To: "Bob" <sip:bob@example.org>;tag=2
        Call-ID: c1
        CSeq: 1 %s
        Content-Length: 0

        """.formatted(status, method));
    }

    /** Events of a client transaction, one word each: a status, {@code timeout}, {@code timerC} or {@code error}. */
    static class RecordingUser implements ClientTransactionUser {

        final List<String> upcalls = new ArrayList<>();

        @Override
        public void onResponse(SipResponse response) {
            upcalls.add(String.valueOf(response.statusCode()));
        }

        @Override
        public void onTimeout() {
            upcalls.add("timeout");
        }

        @Override
        public void onTimerC() {
            upcalls.add("timerC");
        }

        @Override
        public void onTransportError(Throwable cause) {
            upcalls.add("error");
        }
    }
}
