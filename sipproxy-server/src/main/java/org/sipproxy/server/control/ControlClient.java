package org.sipproxy.server.control;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;
import org.sipproxy.server.json.Json;

/** Client side of a control channel, for one request at a time. Not thread-safe. */
public final class ControlClient implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final SocketChannel channel;
    private final Selector selector;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final ByteBuffer received = ByteBuffer.allocate(64 * 1024).limit(0);
    private int lastId;

    private ControlClient(SocketChannel channel, Selector selector) {
        this.channel = channel;
        this.selector = selector;
    }

    /**
     * Connects to the server whose socket this is.
     *
     * @throws IOException if there is no such socket, no server listens there, or this user may not connect
     */
    public static ControlClient connect(Path path) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
        try {
            channel.configureBlocking(false);
            Selector selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            return new ControlClient(channel, selector);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Calls a method and returns its result. Waits up to a minute.
     *
     * @param params an object as {@link Json} describes, such as a map
     * @throws ControlException with the server's error
     * @throws IOException if the server closes the connection or does not respond
     */
    public JsonElement call(String method, Object params) throws IOException {
        int id = ++lastId;
        send(RpcMessages.request(id, method, Json.tree(params).getAsJsonObject()));
        while (true) {
            JsonObject message = read(PATIENCE);
            if (message.has("error")) {
                throw errorOf(message.getAsJsonObject("error"));
            }
            if (message.has("result") && message.get("id").equals(Json.tree(id))) {
                return message.get("result");
            }
        }
    }

    /**
     * Calls a method whose result is a stream, and passes its events on until the stream ends, the server closes the
     * connection, or the receiver returns false.
     *
     * @return true if the stream or the receiver ended it; false if the server closed the connection
     * @throws ControlException with the server's error
     * @throws IOException if the server does not respond to the request
     */
    public boolean stream(String method, Object params, Predicate<JsonElement> receiver) throws IOException {
        return stream(method, params, () -> {}, receiver);
    }

    /**
     * Calls a method like {@link #stream(String, Object, Predicate)}.
     *
     * @param begun called when the server has accepted the call, before the first event
     */
    public boolean stream(String method, Object params, Runnable begun, Predicate<JsonElement> receiver)
            throws IOException {
        call(method, params);
        begun.run();
        while (true) {
            JsonObject message;
            try {
                message = read(Duration.ZERO);
            } catch (IOException e) {
                return false;
            }
            JsonObject event = message.getAsJsonObject("params");
            if (event == null || event.has("end") || !receiver.test(event.get("event"))) {
                return true;
            }
        }
    }

    private static ControlException errorOf(JsonObject error) {
        int code = error.get("code").getAsInt();
        ControlException.Kind kind = ControlException.Kind.FAILED;
        for (ControlException.Kind known : ControlException.Kind.values()) {
            kind = known.code() == code ? known : kind;
        }
        JsonElement data = error.get("data");
        String remedy = data == null ? "" : data.getAsJsonObject().get("remedy").getAsString();
        return new ControlException(kind, error.get("message").getAsString(), remedy);
    }

    private void send(JsonObject request) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                if (channel.write(bytes) == 0) {
                    await(SelectionKey.OP_WRITE, PATIENCE);
                }
            }
        } catch (IOException e) {
            throw refusal(e);
        }
    }

    /** Returns why the server closed the connection before it read the request, if it has said so. */
    private IOException refusal(IOException broken) {
        try {
            JsonObject message = read(PATIENCE);
            if (message.has("error")) {
                throw errorOf(message.getAsJsonObject("error"));
            }
        } catch (IOException e) {
            broken.addSuppressed(e);
        }
        return broken;
    }

    /** @param patience zero for no limit */
    private JsonObject read(Duration patience) throws IOException {
        while (true) {
            while (received.hasRemaining()) {
                byte next = received.get();
                if (next == '\n') {
                    String text = line.toString(StandardCharsets.UTF_8);
                    line.reset();
                    return parse(text);
                }
                line.write(next);
            }
            await(SelectionKey.OP_READ, patience);
            received.clear();
            int count = channel.read(received);
            received.flip();
            if (count < 0) {
                throw new IOException("the server closed the connection");
            }
        }
    }

    private static JsonObject parse(String text) throws IOException {
        try {
            JsonElement message = Json.parse(text);
            if (message.isJsonObject()) {
                return message.getAsJsonObject();
            }
        } catch (JsonParseException e) {
            // reported below
        }
        throw new IOException("what listens there does not send JSON objects; it is not a sipproxy server");
    }

    private void await(int operation, Duration patience) throws IOException {
        channel.keyFor(selector).interestOps(operation);
        if (selector.select(patience.toMillis()) == 0 && !patience.isZero()) {
            throw new IOException("the server does not respond within " + patience.toSeconds() + " seconds");
        }
        selector.selectedKeys().clear();
    }

    @Override
    public void close() {
        try (channel;
                selector) {
            // both are closed here
        } catch (IOException e) {
            // the command is over
        }
    }
}
