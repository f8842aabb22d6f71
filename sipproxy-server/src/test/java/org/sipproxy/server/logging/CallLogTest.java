package org.sipproxy.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallParty;
import org.sipproxy.message.SipUri;
import org.slf4j.LoggerFactory;

/** Which lines of calls are written when there are many. */
class CallLogTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger("org.sipproxy.calls");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final AtomicLong nanos = new AtomicLong();
    private final CallLog log = new CallLog(nanos::get);

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
        logger.setAdditive(false);
    }

    @AfterEach
    void stopListening() {
        logger.setAdditive(true);
        logger.detachAppender(lines);
    }

    private void call(String user, String from, int number) {
        Call call = call(Optional.ofNullable(user), "sip:" + from, "call-" + number);
        log.onCall(new CallEvent(CallEvent.Kind.STARTED, call));
        log.onCall(new CallEvent(CallEvent.Kind.ENDED, call));
    }

    private static Call call(Optional<String> user, String from, String callId) {
        CallParty caller = party(from);
        CallParty callee = party("sip:1001@sip.test");
        return (Call) Proxy.newProxyInstance(
                CallLogTest.class.getClassLoader(),
                new Class<?>[] {Call.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "callId" -> callId;
                    case "caller" -> caller;
                    case "callee" -> callee;
                    case "authenticatedUser" -> user;
                    case "startedAt" -> Instant.EPOCH;
                    case "answeredAt", "endedAt" -> Optional.of(Instant.EPOCH.plusSeconds(2));
                    case "duration" -> Duration.ofSeconds(3);
                    case "end" -> Optional.of(new CallEnd(CallEnd.Side.CALLER, CallEnd.Reason.BYE, 0, ""));
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private static CallParty party(String uri) {
        return (CallParty) Proxy.newProxyInstance(
                CallLogTest.class.getClassLoader(), new Class<?>[] {CallParty.class}, (self, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("uri");
                    return SipUri.of(uri);
                });
    }

    private long written(String word) {
        return lines.list.stream()
                .filter(line -> line.getFormattedMessage().startsWith(word))
                .count();
    }

    @Test
    void callsThatAUserMayMakeAreAllWritten() {
        int calls = 0;
        for (; calls < 500; calls++) {
            call("1002@sip.test", "1002@sip.test", calls);
        }
        for (int second = 1; second <= 30; second++) {
            nanos.set(TimeUnit.SECONDS.toNanos(second));
            for (int i = 0; i < 10; i++) {
                call("1002@sip.test", "1002@sip.test", calls++);
            }
        }

        assertThat(written("CALL-STARTED")).isEqualTo(calls);
        assertThat(written("CALL-ENDED")).isEqualTo(calls);
        assertThat(written("OMITTED")).isZero();
    }

    @Test
    void aUserWhoCallsFasterIsLimitedAndCounted() {
        for (int i = 0; i < 2_000; i++) {
            call("1002@sip.test", "1002@sip.test", i);
        }
        nanos.set(TimeUnit.SECONDS.toNanos(1));
        call("1002@sip.test", "1002@sip.test", 2_000);

        assertThat(written("CALL-")).isEqualTo(1_002);
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .contains("OMITTED lines=3000 user=1002@sip.test");
    }

    @Test
    void strangersHaveFewLinesAndDoNotUseUpThoseOfUsers() {
        for (int i = 0; i < 1_000; i++) {
            call(null, "1002@sip.test", i);
        }
        assertThat(written("CALL-")).isEqualTo(200);

        for (int i = 0; i < 20_000; i++) {
            call(null, i + "@forged.test", i);
        }
        assertThat(written("CALL-")).isEqualTo(10_000);

        lines.list.clear();
        call("1002@sip.test", "1002@sip.test", 1);
        assertThat(written("CALL-")).isEqualTo(2);
    }
}
