package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.routing.AsyncRequestStage;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.message.Method;

/** Events that a flight recording of a serving proxy contains. */
@Timeout(60)
class FlightEventsTest {

    private static final Duration SLOW = Duration.ofMillis(30);

    @TempDir
    private Path directory;

    /** Returns the events of a name that were recorded while {@code traffic} ran. */
    private List<RecordedEvent> record(String name, Traffic traffic) throws IOException {
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.start();
            traffic.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
    }

    private interface Traffic {
        void run();
    }

    @Test
    void registrationIsRecordedWhenItIsAddedRefreshedAndRemoved() throws IOException {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp bob = proxy.udp("bob");
            List<RecordedEvent> events = record("sipproxy.Registration", () -> {
                proxy.register(bob, "bob", ";expires=600");
                proxy.register(bob, "bob", ";expires=600");
                proxy.register(bob, "bob", ";expires=0");
            });

            assertThat(events)
                    .extracting(event -> event.getString("change"))
                    .containsExactly("ADDED", "REFRESHED", "REMOVED");
            RecordedEvent first = events.get(0);
            assertThat(first.getString("aor")).isEqualTo("sip:bob@sip.test");
            assertThat(first.getString("contact")).isEqualTo(bob.contact());
            assertThat(first.getDuration("expires")).isEqualTo(Duration.ofMinutes(10));
            assertThat(first.getString("callId")).isNotEmpty();
            assertThat(events.get(2).getString("reason")).isEqualTo("UNREGISTERED");
        }
    }

    @Test
    void callIsRecordedWhenItEnds() throws IOException {
        try (CallScene scene = new CallScene(settings -> settings)) {
            WireClient.Udp alice = scene.proxy.registered("alice");
            WireClient.Udp bob = scene.proxy.registered("bob");
            List<RecordedEvent> events = record("sipproxy.Call", () -> {
                CallScene.Established call = scene.establish(alice, bob);
                scene.clock.advance(Duration.ofSeconds(42));
                Request bye = alice.send(call.caller().request("BYE"));
                bob.respond(bob.awaitRequest("BYE"), 200);
                alice.awaitResponse(bye, 200);
                scene.awaitEnd();
                CallScene.until(() -> scene.calls().count() == 0);
            });

            assertThat(events).hasSize(1);
            RecordedEvent call = events.get(0);
            assertThat(call.getString("caller")).isEqualTo("sip:alice@sip.test");
            assertThat(call.getString("callee")).isEqualTo("sip:bob@sip.test");
            assertThat(call.getBoolean("answered")).isTrue();
            assertThat(call.getDuration("talk")).isBetween(Duration.ofSeconds(42), Duration.ofSeconds(100));
            assertThat(call.getDuration("setup")).isLessThan(Duration.ofSeconds(42));
            assertThat(call.getString("reason")).isEqualTo("BYE");
            assertThat(call.getString("side")).isEqualTo("CALLER");
            assertThat(call.getInt("status")).isZero();
            assertThat(call.getString("callId")).isNotEmpty();
        }
    }

    @Test
    void refusalIsRecordedWithItsReason() throws IOException {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp alice = proxy.udp("alice");
            List<RecordedEvent> events = record("sipproxy.Refusal", () -> {
                Request invite = alice.send(alice.request("INVITE", "sip:nobody@sip.test"));
                alice.awaitResponse(invite, 404);
                alice.sendBytes("INVITE nonsense\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                Request options = alice.send(alice.request("OPTIONS", "sip:sip.test"));
                alice.awaitResponse(options, 200); // handled after the datagram before it, or by another thread
                CallScene.until(() -> proxy.proxy().statistics().malformed() > 0);
            });

            RecordedEvent refusal = events.stream()
                    .filter(event -> event.getInt("status") == 404)
                    .findFirst()
                    .orElseThrow();
            assertThat(refusal.getString("reason")).isNotEmpty();
            assertThat(refusal.getString("method")).isEqualTo("INVITE");
            assertThat(refusal.getString("source")).isEqualTo("udp:" + alice.hostPort());
            assertThat(refusal.getString("from")).contains("sip:alice@sip.test");
            assertThat(refusal.getString("to")).contains("nobody");
            assertThat(refusal.getString("callId")).isNotEmpty();
        }
    }

    private static AsyncRequestStage asynchronous() {
        return context -> CompletableFuture.supplyAsync(
                Verdict::proceed, CompletableFuture.delayedExecutor(SLOW.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** A stage that blocks for {@link #SLOW}, and one that decides after it. */
    @Test
    void slowStageIsRecordedWithItsDuration() throws IOException {
        RequestStage blocking = new RequestStage() {
            @Override
            public Verdict handle(StageContext context) {
                LockSupport.parkNanos(SLOW.toNanos());
                return Verdict.proceed();
            }

            @Override
            public Set<Method> methods() {
                return Set.of(Method.MESSAGE);
            }

            @Override
            public String name() {
                return "blocking";
            }
        };
        RequestStage later = asynchronous().named("later");
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start(b -> b.beforeRouting(blocking).beforeRouting(later))) {
            WireClient.Udp alice = proxy.udp("alice");
            List<RecordedEvent> events = record("sipproxy.SlowStage", () -> {
                Request message = alice.send(alice.request("MESSAGE", "sip:nobody@sip.test"));
                alice.awaitResponse(message, 404);
            });

            assertThat(events).extracting(event -> event.getString("stage")).contains("blocking", "later");
            for (RecordedEvent event : events) {
                assertThat(event.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(20));
                assertThat(event.getString("method")).isEqualTo("MESSAGE");
                assertThat(event.getString("callId")).isNotEmpty();
            }
        }
    }

    /** Each event and each field has a row in docs/jfr.md, and no other. */
    @Test
    void thePageListsTheEventsAndTheirFields() throws IOException {
        Set<String> present = new TreeSet<>();
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start(b -> b.calls(CallSettings.DEFAULT).beforeRouting(context -> Verdict.proceed()))) {
            record("", () -> {
                WireClient.Udp bob = proxy.registered("bob");
                Request invite = bob.send(bob.request("INVITE", "sip:bob@sip.test"));
                bob.respond(bob.awaitRequest("INVITE"), 486);
                bob.awaitResponse(invite, 486);
                bob.awaitResponse(bob.send(bob.request("MESSAGE", "sip:nobody@sip.test")), 404);
                CallScene.until(
                        () -> eventTypes().map(EventType::getName).distinct().count() == 4);
            });
            eventTypes().forEach(type -> {
                for (ValueDescriptor field : type.getFields()) {
                    if (!Set.of("startTime", "eventThread", "stackTrace").contains(field.getName())) {
                        present.add(type.getName() + " " + field.getName());
                    }
                }
            });
        }
        Set<String> listed = new TreeSet<>();
        String event = "";
        for (String line : Files.readAllLines(Path.of("../docs/jfr.md"))) {
            Matcher heading = Pattern.compile("## `(sipproxy\\.\\w+)`.*").matcher(line);
            Matcher row = Pattern.compile("\\| `(\\w+)` \\|.*").matcher(line);
            if (heading.matches()) {
                event = heading.group(1);
            } else if (row.matches()) {
                listed.add(event + " " + row.group(1));
            }
        }
        present.removeIf(field -> field.endsWith(" duration") && !field.startsWith("sipproxy.SlowStage"));
        assertThat(listed).isEqualTo(present);
    }

    /** The first request of a JVM must not pay for the recorder. */
    @Test
    void withoutARecordingNoEventClassIsLoaded() throws Exception {
        Path log = directory.resolve("classes.log");
        Process requests = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xlog:class+load:file=" + log,
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        OneRefusal.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(requests.waitFor(50, TimeUnit.SECONDS)).isTrue();
        assertThat(requests.exitValue()).isZero();

        assertThat(Files.readString(log))
                .contains(" org.sipproxy.core.internal.flight.FlightEvents ")
                .doesNotContain(" org.sipproxy.core.internal.flight.SlowStageEvent ")
                .doesNotContain(" org.sipproxy.core.internal.flight.RefusalEvent ")
                .doesNotContain(" jdk.jfr.internal.MetadataRepository ");
    }

    /** Sends one request, which passes a stage and is refused. */
    static final class OneRefusal {

        private OneRefusal() {}

        public static void main(String[] args) {
            try (ProxyUnderTest proxy = ProxyUnderTest.start(builder ->
                    builder.beforeRouting(RequestStage.on(Set.of(Method.MESSAGE), context -> Verdict.proceed())
                            .withoutBlocking()))) {
                WireClient.Udp bob = proxy.udp("bob");
                bob.awaitResponse(bob.send(bob.request("MESSAGE", "sip:nobody@sip.test")), 404);
            }
        }
    }

    /** Returns a type once for each class loader that has loaded the events, such as that of another test. */
    private static Stream<EventType> eventTypes() {
        return FlightRecorder.getFlightRecorder().getEventTypes().stream()
                .filter(type -> type.getName().startsWith("sipproxy."));
    }
}
