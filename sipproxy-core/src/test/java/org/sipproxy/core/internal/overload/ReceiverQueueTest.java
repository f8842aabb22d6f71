package org.sipproxy.core.internal.overload;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.transport.InboundQueue;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;

/** A receiver that is behind serves what was admitted first, and refuses what has waited too long. */
class ReceiverQueueTest {

    private static final TransportFlow PHONE = new Phone();

    private final FakeClock clock = new FakeClock();
    private final List<String> handled = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private Duration handlingTime = Duration.ofMillis(1);
    private Duration refusalTime = Duration.ZERO;
    private boolean isFiltered;
    private final OverloadControl control = new OverloadControl(Duration.ofMillis(100), clock);
    private final InboundQueue queue = control.queueFor(new Recorder());

    private final class Recorder implements MessageSink {

        @Override
        public boolean accepts(byte[] wire, TransportFlow from) {
            return !isFiltered;
        }

        @Override
        public boolean isAckOfRefusal(byte[] wire) {
            return name(wire).equals("ACK refused");
        }

        @Override
        public void handle(byte[] wire, TransportFlow from) {
            handled.add(name(wire));
            clock.advance(handlingTime);
        }

        @Override
        public boolean refuse(byte[] wire, TransportFlow from) {
            refused.add(name(wire));
            clock.advance(refusalTime);
            return true;
        }
    }

    private static String name(byte[] wire) {
        String text = new String(wire, StandardCharsets.US_ASCII);
        String call = text.substring(text.indexOf("Call-ID: ") + 9);
        return text.substring(0, text.indexOf(' ')) + " " + call.substring(0, call.indexOf('\r'));
    }

    private void add(String method, String call, String tag) {
        add(method, call, tag, 0);
    }

    private void add(String method, String call, String tag, int bodyBytes) {
        String text = method + " sip:bob@example.org SIP/2.0\r\nTo: <sip:bob@example.org>" + tag + "\r\nCall-ID: "
                + call + "\r\n\r\n" + "x".repeat(bodyBytes);
        queue.add(text.getBytes(StandardCharsets.US_ASCII), PHONE);
    }

    private void serveAll() {
        while (!queue.isEmpty()) {
            queue.serve();
        }
    }

    @Test
    void whatWasAdmittedIsServedFirstAndNewWorkTakesTurns() {
        add("INVITE", "1", "");
        add("INVITE", "2", "");
        add("OPTIONS", "3", "");
        add("REGISTER", "4", "");
        add("BYE", "5", ";tag=1");
        control.registered("<sip:bob@example.org>".getBytes(StandardCharsets.US_ASCII));
        add("REGISTER", "6", "");
        add("SIP/2.0", "7", "");

        serveAll();

        assertThat(handled)
                .containsExactly("BYE 5", "SIP/2.0 7", "REGISTER 6", "INVITE 1", "OPTIONS 3", "INVITE 2", "REGISTER 4");
        assertThat(refused).isEmpty();
        assertThat(control.isOverloaded()).isFalse();
    }

    /** A client should wait for a provisional response before it cancels (RFC 3261 §9.1); many do not. */
    @Test
    void cancelDoesNotOvertakeItsInvite() {
        add("INVITE", "1", "");
        add("INVITE", "2", "");
        add("CANCEL", "2", "");
        add("CANCEL", "unknown", "");
        add("INVITE", "3", "");

        serveAll();

        assertThat(handled).containsExactly("CANCEL unknown", "INVITE 1", "INVITE 2", "CANCEL 2", "INVITE 3");
    }

    @Test
    void cancelOfACallThatIsRefusedIsHandledAfterTheRefusal() {
        add("INVITE", "1", "");
        add("CANCEL", "1", "");
        clock.advance(Duration.ofMillis(250));
        add("CANCEL", "1", "");

        serveAll();

        assertThat(refused).containsExactly("INVITE 1");
        assertThat(handled).containsExactly("CANCEL 1", "CANCEL 1");
        add("CANCEL", "1", "");
        add("BYE", "2", ";tag=1");
        serveAll();
        assertThat(handled).endsWith("CANCEL 1", "BYE 2"); // the call does not wait any more
    }

    @Test
    void ackOfARefusalTakesNoPlace() {
        add("ACK", "refused", ";tag=1");
        add("ACK", "2", ";tag=1");
        add("ACKNOWLEDGE", "3", ";tag=1");

        assertThat(control.waiting()).isEqualTo(2);
        serveAll();
        assertThat(handled).containsExactly("ACK 2", "ACKNOWLEDGE 3");
    }

    @Test
    void refreshIsServedAtEachTurnAlthoughCallsFillTheirs() {
        control.registered("<sip:bob@example.org>".getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < 100; i++) {
            add("BYE", "" + i, ";tag=1");
        }
        add("REGISTER", "1", "");
        add("REGISTER", "2", "");

        queue.serve();
        queue.serve();

        assertThat(handled)
                .containsExactly(
                        "BYE 0",
                        "BYE 1",
                        "BYE 2",
                        "BYE 3",
                        "REGISTER 1",
                        "BYE 4",
                        "BYE 5",
                        "BYE 6",
                        "BYE 7",
                        "REGISTER 2");
    }

    @Test
    void floodThatLooksLikeEstablishedCallsDoesNotStopEverythingElse() {
        control.registered("<sip:bob@example.org>".getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < 100; i++) {
            add("ACK", "" + i, ";tag=forged");
        }
        add("REGISTER", "refresh", "");
        add("INVITE", "call", "");

        for (int i = 0; i < 16; i++) {
            queue.serve(); // four ACKs of a millisecond
        }

        assertThat(handled).contains("REGISTER refresh", "INVITE call");
        assertThat(queue.isEmpty()).isFalse();
    }

    @Test
    void burstThatIsServedWithinTheIntervalIsNotRefused() {
        for (int i = 0; i < 150; i++) {
            add("INVITE", "" + i, "");
        }

        serveAll(); // the last one waits for 149 ms

        assertThat(handled).hasSize(150);
        assertThat(refused).isEmpty();
    }

    @Test
    void newCallsAreRefusedInAStandingOverloadAndEstablishedOnesAreNot() {
        int byes = 0;
        for (int ms = 0; ms < 2_000; ) { // in each ms, which one INVITE takes, three arrive
            for (long now = clock.nanoTime() / 1_000_000; ms <= now; ms++) {
                add("INVITE", ms + "a", "");
                add("INVITE", ms + "b", "");
                add("INVITE", ms + "c", "");
                if (ms % 10 == 0) {
                    add("BYE", "" + ms, ";tag=1");
                    byes++;
                }
            }
            queue.serve();
        }
        queue.serve();

        assertThat(control.isOverloaded()).isTrue();
        int admitted =
                (int) handled.stream().filter(m -> m.startsWith("INVITE")).count();

        assertThat(refused).isNotEmpty().allMatch(m -> m.startsWith("INVITE"));
        assertThat(admitted).isGreaterThan(1_700); // of 1,800 for which there was time
        assertThat(handled).filteredOn(m -> m.startsWith("BYE")).hasSize(byes);
        assertThat(control.refused()).isEqualTo(refused.size());
        assertThat(control.dropped()).isZero();
    }

    @Test
    void inviteThatHasWaitedTwiceTheTargetIsRefusedAtOnce() {
        add("INVITE", "1", "");
        add("BYE", "2", ";tag=1");
        clock.advance(Duration.ofMillis(250));

        queue.serve();

        assertThat(handled).containsExactly("BYE 2");
        assertThat(refused).containsExactly("INVITE 1");
    }

    @Test
    void eachClassHasALimitOfItsOwn() {
        control.registered("<sip:bob@example.org>".getBytes(StandardCharsets.US_ASCII));
        add("REGISTER", "1", "");
        add("OPTIONS", "2", "");
        add("BYE", "3", ";tag=1");
        handlingTime = Duration.ofMillis(4); // a slice
        clock.advance(Duration.ofMillis(350));

        serveAll();

        assertThat(handled).containsExactly("BYE 3", "REGISTER 1");
        assertThat(refused).containsExactly("OPTIONS 2");
    }

    @Test
    void requestsAreDroppedWhenTheResponsesTakeTooMuchTime() {
        refusalTime = Duration.ofMillis(5).plusNanos(1);
        for (int i = 0; i < 10; i++) {
            add("INVITE", "" + i, "");
        }
        clock.advance(Duration.ofMillis(250));

        queue.serve();

        assertThat(refused).containsExactly("INVITE 0", "INVITE 1");
        assertThat(control.dropped()).isEqualTo(8);
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void fullQueueDropsTheOldestOfTheLeastImportant() {
        int body = ReceiverQueue.MAX_BYTES / 4;
        add("INVITE", "1", "", body);
        add("INVITE", "2", "", body);
        add("OPTIONS", "3", "", body);

        add("BYE", "4", ";tag=1", body);
        add("BYE", "5", ";tag=1", body);
        add("INVITE", "6", "", body);

        serveAll();
        assertThat(handled).containsExactly("BYE 4", "BYE 5", "OPTIONS 3");
        assertThat(control.dropped()).isEqualTo(3);
    }

    @Test
    void whatAFilterRefusesTakesNoPlace() {
        isFiltered = true;

        add("INVITE", "1", "");

        assertThat(queue.isEmpty()).isTrue();
        assertThat(control.queued()).isZero();
    }

    @Test
    void overloadIsOverTwoSecondsAfterTheLastRefusal() {
        add("INVITE", "1", "");
        clock.advance(Duration.ofMillis(250));
        queue.serve();
        clock.advance(Duration.ofMillis(1_900));
        control.check();
        assertThat(control.isOverloaded()).isTrue();

        clock.advance(Duration.ofMillis(200));
        control.check();

        assertThat(control.isOverloaded()).isFalse();
    }

    @Test
    void newCallsOfStreamsAreRefusedLikeThoseOverUdp() {
        byte[] invite = "INVITE sip:b SIP/2.0\r\nTo: <sip:b>\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] bye = "BYE sip:b SIP/2.0\r\nTo: <sip:b>;tag=1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(control.refusesFromStream(invite)).isFalse();
        add("INVITE", "1", "");
        clock.advance(Duration.ofMillis(250));
        queue.serve();

        control.check(); // all of the last second were refused

        assertThat(control.refusesFromStream(invite)).isTrue();
        assertThat(control.refusesFromStream(bye)).isFalse();
    }

    /** Flow that nothing is sent on. */
    private record Phone() implements TransportFlow {

        @Override
        public TransportKind kind() {
            return TransportKind.UDP;
        }

        @Override
        public Endpoint endpoint() {
            return Endpoint.udp("127.0.0.1", 5060);
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return new InetSocketAddress("127.0.0.1", 5061);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SentBy advertised() {
            return SentBy.of(TransportKind.UDP, "127.0.0.1", 5060);
        }

        @Override
        public Optional<Long> connectionId() {
            return Optional.empty();
        }
    }
}
