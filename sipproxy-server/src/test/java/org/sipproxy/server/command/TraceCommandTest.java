package org.sipproxy.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.trace.MessageText;
import org.sipproxy.server.control.ControlChannel;
import org.sipproxy.server.control.ControlMethods;
import org.sipproxy.server.flow.FlowRecorder;
import org.sipproxy.server.flow.TraceFilter;
import org.sipproxy.server.flow.TraceMethod;
import org.sipproxy.server.flow.TracedMessage;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;
import picocli.CommandLine;

/** Traces of real calls: the recorder, and the command over a control channel. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class TraceCommandTest {

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure((SipProxyBuilder proxy) -> proxy.listen(new Endpoint(TransportKind.WS, "127.0.0.1", 0, "", 0)))
            .build();

    @TempDir
    Path directory;

    private final ControlMethods methods = new ControlMethods();
    private ControlChannel channel;

    @BeforeEach
    void open() {
        new TraceMethod(methods).start(sip.proxy());
        channel = new ControlChannel(socket(), true, methods);
        channel.start(sip.proxy());
    }

    @AfterEach
    void close() {
        channel.stop();
    }

    private Path socket() {
        return directory.resolve("c.sock");
    }

    private void call(Phone from, Phone to) {
        OutgoingCall call = from.call(to.user());
        to.awaitCall().ring().answer();
        call.awaitAnswer().hangUp();
    }

    @Test
    void recorderKeepsBothSidesOfTheCallsOfAUserAndNothingElse() throws InterruptedException {
        Phone alice = sip.phone("alice");
        Phone bob = sip.registeredPhone("bob", phone -> phone.transport(TransportKind.WS));
        Phone carol = sip.registeredPhone("carol");
        FlowRecorder recorder = FlowRecorder.open(
                sip.proxy(),
                new TraceFilter(Optional.of("bob"), Optional.empty(), Optional.empty(), false),
                FlowRecorder.Limits.DEFAULT);

        call(alice, carol);
        call(alice, bob);
        await().until(() ->
                labels(recorder.messages()).stream().filter("200 OK"::equals).count() >= 4);

        List<TracedMessage> messages = recorder.await(0, Duration.ofSeconds(10));
        assertThat(labels(messages)).contains("INVITE", "180 Ringing", "200 OK", "ACK", "BYE");
        assertThat(messages).extracting(TracedMessage::number).isSorted().startsWith(1L, 2L, 3L);
        assertThat(messages).noneMatch(message -> message.text().contains("carol"));
        assertThat(messages.stream().map(TracedMessage::transport).distinct())
                .containsExactlyInAnyOrder(TransportKind.UDP, TransportKind.WS);
        assertThat(messages)
                .allMatch(message -> message.local().getPort()
                        == sip.address(message.transport()).getPort());
        recorder.close();
        call(alice, bob);
        assertThat(recorder.messages()).hasSameSizeAs(messages);
    }

    private static List<String> labels(List<TracedMessage> messages) {
        return messages.stream()
                .map(message -> message.message().map(MessageText::label).orElse(""))
                .toList();
    }

    @Test
    void recorderIsBounded() {
        Phone alice = sip.phone("alice");
        FlowRecorder recorder = FlowRecorder.open(
                sip.proxy(), TraceFilter.ALL, new FlowRecorder.Limits(3, 1 << 20, Duration.ofHours(1)));
        FlowRecorder small =
                FlowRecorder.open(sip.proxy(), TraceFilter.ALL, new FlowRecorder.Limits(100, 1, Duration.ofHours(1)));

        for (int i = 0; i < 5; i++) {
            alice.options("sip:sip.test");
        }
        await().until(() -> recorder.messages().get(2).number() >= 10);

        assertThat(recorder.messages()).hasSize(3);
        assertThat(small.messages()).hasSize(1);
        recorder.close();
        small.close();
    }

    private record Finished(int status, String out, String err) {}

    /** Starts the command and waits until its trace is in progress. */
    private CompletableFuture<Finished> trace(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CompletableFuture<Finished> finished = CompletableFuture.supplyAsync(() -> {
            int status = new CommandLine(new TraceCommand())
                    .setOut(new PrintWriter(out, true))
                    .setErr(new PrintWriter(err, true))
                    .execute(arguments);
            return new Finished(status, out.toString(), err.toString());
        });
        await().until(() -> finished.isDone()
                || Thread.getAllStackTraces().keySet().stream()
                        .anyMatch(thread -> thread.getName().equals("sipproxy-trace")));
        return finished;
    }

    @Test
    void commandDrawsTheCallAndWritesPageAndCapture() throws Exception {
        Phone alice = sip.phone("alice");
        Phone bob = sip.registeredPhone("bob");
        Path page = directory.resolve("call.html");
        Path capture = directory.resolve("call.pcap");
        CompletableFuture<Finished> trace = trace(
                "bob",
                "--control",
                socket().toString(),
                "--count",
                "13",
                "--html",
                page.toString(),
                "--pcap",
                capture.toString());

        call(alice, bob);
        call(alice, bob); // ends the trace even if the first call has fewer messages than expected

        Finished finished = trace.get();
        assertThat(finished.status()).isZero();
        assertThat(finished.out())
                .contains("proxy", "-- INVITE ---------------", "<- 180 Ringing ----------", "  sip:bob@sip.test");
        assertThat(page).content().contains("INVITE", "180 Ringing", "</html>");
        assertThat(Files.size(capture)).isGreaterThan(13 * 300);
    }

    @Test
    void commandPrintsMessagesAndJson() throws Exception {
        Phone alice = sip.phone("alice");
        CompletableFuture<Finished> json =
                trace("--control", socket().toString(), "--count", "2", "--json", "--source", "127.0.0.1");

        alice.options("sip:sip.test");

        assertThat(json.get().out().lines().toList())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("{\"number\":1,")
                .contains("\"method\":\"OPTIONS\"", "\"direction\":\"received\"", "\"text\":\"OPTIONS sip:sip.test");
        CompletableFuture<Finished> text = trace("--control", socket().toString(), "--count", "2", "--messages");
        alice.options("sip:sip.test");
        assertThat(text.get().out()).contains("#1 ", " udp 127.0.0.1:", "    OPTIONS sip:sip.test SIP/2.0");
    }

    @Test
    void traceEndsAfterItsTimeAndWhenTheServerStops() throws ExecutionException, InterruptedException {
        assertThat(trace("--control", socket().toString(), "--seconds", "1")
                        .get()
                        .status())
                .isZero();
        CompletableFuture<Finished> endless = trace("--control", socket().toString());

        channel.stop();

        assertThat(endless.get().status()).isEqualTo(1);
        assertThat(endless.get().err()).contains("sipproxy: watching SIP messages; Ctrl-C ends");
        assertThat(endless.get().err()).contains("the server ended the trace");
    }

    @Test
    void wrongNetworkIsReported() throws ExecutionException, InterruptedException {
        Finished finished = trace("--control", socket().toString(), "--source", "192.0.2.300")
                .get();

        assertThat(finished.status()).isEqualTo(2);
        assertThat(finished.err()).contains("192.0.2.300", "use 192.0.2.7 or 192.0.2.0/24");
    }
}
