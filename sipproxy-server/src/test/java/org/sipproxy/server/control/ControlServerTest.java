package org.sipproxy.server.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The channel with real sockets, and with clients that do not behave. */
@Timeout(60)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no POSIX permissions there")
class ControlServerTest {

    private static final ControlLimits LIMITS =
            new ControlLimits(3, 1_000, Duration.ofSeconds(30), Duration.ofSeconds(30), 50_000);

    private static final String ECHO =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"hello\"}}\n";

    @TempDir
    private Path directory;

    private final ControlMethods methods = new ControlMethods();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final AtomicInteger subscriptions = new AtomicInteger();
    private volatile ControlSink sink;

    ControlServerTest() {
        methods.register("echo", params -> params.text("text"));
        methods.register("watch", params -> (ControlStream) opened -> {
            subscriptions.incrementAndGet();
            sink = opened;
            return subscriptions::decrementAndGet;
        });
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private Path path() {
        return directory.resolve("private").resolve("control.sock");
    }

    private ControlServer serve(ControlLimits limits) throws Exception {
        ControlServer server = ControlServer.start(ControlSocket.bind(path()), methods, limits);
        open.add(server);
        return server;
    }

    /** Client that sends whatever the test wants. */
    private final class RawClient implements AutoCloseable {

        private final SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path()));
        private final BufferedReader lines =
                new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));

        RawClient() throws IOException {
            open.add(this);
        }

        void send(String text) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        /** Returns the next line, or an empty text if the server has closed the connection. */
        String line() throws IOException {
            try {
                String line = lines.readLine();
                return line == null ? "" : line;
            } catch (IOException e) {
                return "";
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private ControlClient client() throws IOException {
        ControlClient client = ControlClient.connect(path());
        open.add(client);
        return client;
    }

    private void assertServes() throws IOException {
        try (ControlClient client = ControlClient.connect(path())) {
            assertThat(client.call("echo", Map.of("text", "hello")).getAsString())
                    .isEqualTo("hello");
        }
    }

    @Test
    void onlyTheOwnerMayUseTheSocketAndItsDirectory() throws Exception {
        serve(LIMITS);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path().getParent())))
                .isEqualTo("rwx------");
        try (var files = Files.list(path().getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("control.sock", "control.sock.lock");
        }
    }

    @Test
    void theSocketOfARunningServerIsNotReplacedAndThatOfAKilledOneIs() throws Exception {
        ControlServer first = serve(LIMITS);

        assertThatThrownBy(() -> ControlSocket.bind(path()))
                .isInstanceOfSatisfying(
                        ControlSocketException.class,
                        e -> assertThat(e.isHeld()).isTrue());
        assertServes();
        first.close();
        assertThat(path()).doesNotExist();

        // as kill -9 leaves it
        try (var left = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(path()));
        }
        assertThat(path()).exists();
        serve(LIMITS);
        assertServes();
    }

    @Test
    void whatIsNotASocketOfAServerIsLeftAlone() throws Exception {
        Files.createDirectory(path().getParent());
        Files.writeString(path(), "precious");
        assertThatThrownBy(() -> ControlSocket.bind(path())).hasMessageContaining("is a file and not a socket");
        assertThat(path()).hasContent("precious");

        Files.delete(path());
        try (var other = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(path()));
            assertThatThrownBy(() -> ControlSocket.bind(path())).hasMessageContaining("in use by another server");
        }
        assertThatThrownBy(() -> ControlSocket.bind(directory.resolve("x".repeat(200))))
                .isInstanceOf(ControlSocketException.class);
        Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() -> ControlSocket.bind(directory.resolve("file").resolve("control.sock")))
                .isInstanceOf(ControlSocketException.class)
                .hasMessageContaining("cannot be created");
    }

    @Test
    void requestsArriveInPiecesAndTogether() throws Exception {
        serve(LIMITS);
        RawClient client = new RawClient();
        client.send(ECHO.substring(0, 20));
        client.send(ECHO.substring(20) + ECHO.replace("hello", "one") + ECHO.replace("hello", "two"));

        assertThat(client.line()).contains("hello");
        assertThat(client.line()).contains("one");
        assertThat(client.line()).contains("two");

        client.send(ECHO.strip().replace("hello", "last"));
        client.channel.shutdownOutput();
        assertThat(client.line()).as("a line without its end").contains("last");
        assertThat(client.line()).as("the end").isEmpty();
    }

    @Test
    void garbageGetsErrorsAndARequestWithoutEndIsCutOff() throws Exception {
        serve(LIMITS);
        RawClient client = new RawClient();
        client.send("\u0000\u00ff\n\r\nGET / HTTP/1.1\r\n" + ECHO);
        assertThat(client.line()).contains("-32700");
        assertThat(client.line()).contains("-32700");
        assertThat(client.line()).contains("-32700");
        assertThat(client.line()).contains("hello");

        RawClient endless = new RawClient();
        assertThatThrownBy(() -> {
                    String some = "x".repeat(100_000);
                    for (int i = 0; i < 100; i++) {
                        endless.send(some);
                    }
                })
                .isInstanceOf(IOException.class);
        assertThat(endless.line()).contains("-32600").contains("longer than 1000 bytes");
        assertThat(endless.line()).isEmpty();
        assertServes();
    }

    @Test
    void connectionsAreLimitedAndIdleOnesAreClosed() throws Exception {
        ControlServer server = serve(LIMITS);
        List<RawClient> clients = List.of(new RawClient(), new RawClient(), new RawClient());
        for (RawClient client : clients) {
            client.send(ECHO);
            assertThat(client.line()).contains("hello");
        }
        RawClient tooMany = new RawClient();
        assertThat(tooMany.line()).contains("-32003").contains("3 connections");
        assertThat(tooMany.line()).isEmpty();
        for (int i = 0; i < 20; i++) { // the server may have closed before the request is sent
            assertThatThrownBy(() -> client().call("echo", Map.of()))
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("3 connections");
        }
        server.close();

        serve(new ControlLimits(1, 1_000, Duration.ofMillis(100), Duration.ofSeconds(30), 50_000));
        RawClient halfOpen = new RawClient();
        halfOpen.send(ECHO.substring(0, 20));
        assertThat(halfOpen.line()).as("closed because it was idle").isEmpty();
        assertServes();
    }

    @Test
    void aStreamSendsEventsUntilTheClientLeaves() throws Exception {
        serve(LIMITS);
        ControlClient client = client();
        List<String> events = new ArrayList<>();

        Thread sender = new Thread(() -> {
            await().until(() -> subscriptions.get() == 1);
            sink.send("one");
            sink.send("two");
        });
        sender.start();
        assertThat(client.stream("watch", Map.of(), event -> {
                    events.add(event.getAsString());
                    return events.size() < 2;
                }))
                .isTrue();
        assertThat(events).containsExactly("one", "two");
        sender.join();

        client.close();
        await().until(() -> subscriptions.get() == 0);
        await().until(() -> !sink.send("three"));
    }

    @Test
    void aStreamEndsAndTheConnectionServesOtherRequestsMeanwhileAndAfterwards() throws Exception {
        serve(LIMITS);
        RawClient client = new RawClient();
        String watch = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"watch\"}\n";
        client.send(watch);
        assertThat(client.line()).contains("\"stream\":true");
        client.send(ECHO);
        assertThat(client.line()).contains("hello");
        client.send(watch);
        assertThat(client.line()).contains("-32003");
        sink.send("event");
        assertThat(client.line())
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"watch\",\"params\":{\"stream\":2,\"event\":\"event\"}}");
        sink.end();
        assertThat(client.line()).contains("\"end\":true");
        await().until(() -> subscriptions.get() == 0);
        client.send(watch);
        assertThat(client.line()).contains("\"stream\":true");
    }

    @Test
    void aClientThatDoesNotReadIsDisconnectedAndNeverBlocksTheSender() throws Exception {
        serve(LIMITS);
        RawClient client = new RawClient();
        client.send("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"watch\"}\n");
        await().until(() -> subscriptions.get() == 1);

        String event = "x".repeat(1_000);
        int sent = 0;
        while (sink.send(event)) {
            sent++;
            assertThat(sent).as("events accepted").isLessThan(100_000);
        }

        await().until(() -> subscriptions.get() == 0);
        assertServes();
    }

    @Test
    void aClientThatDoesNotReadItsResponseIsDisconnected() throws Exception {
        CountDownLatch made = new CountDownLatch(1);
        methods.register("large", params -> {
            made.countDown();
            return "x".repeat(5_000_000);
        });
        serve(new ControlLimits(1, 1_000, Duration.ofSeconds(30), Duration.ofMillis(100), 50_000));
        RawClient client = new RawClient();
        client.send("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"large\"}\n");
        made.await();

        await().ignoreExceptions().untilAsserted(this::assertServes);
    }

    @Test
    void aLargeResponseArrivesInFull() throws Exception {
        methods.register("large", params -> "x".repeat(5_000_000));
        serve(LIMITS);

        assertThat(client().call("large", Map.of()).getAsString()).hasSize(5_000_000);
    }

    @Test
    void theClientReportsWhatIsWrong() throws Exception {
        assertThatThrownBy(() -> ControlClient.connect(path())).isInstanceOf(IOException.class);
        ControlServer server = serve(LIMITS);
        ControlClient client = client();
        assertThatThrownBy(() -> client.call("echo", Map.of())).isInstanceOfSatisfying(ControlException.class, e -> {
            assertThat(e.kind()).isEqualTo(ControlException.Kind.INVALID_PARAMS);
            assertThat(e.text()).startsWith("parameter \"text\" is missing; add");
        });
        server.close();
        assertThatThrownBy(() -> client.call("echo", Map.of("text", "x"))).isInstanceOf(IOException.class);
    }

    @Test
    void channelThatCannotBeServedLeavesNoSocketAndNoLock() throws Exception {
        ControlSocket socket = ControlSocket.bind(path());
        socket.channel().close();

        assertThatThrownBy(() -> ControlServer.start(socket, methods, LIMITS)).isInstanceOf(IOException.class);

        assertThat(path()).doesNotExist();
        serve(LIMITS);
    }
}
