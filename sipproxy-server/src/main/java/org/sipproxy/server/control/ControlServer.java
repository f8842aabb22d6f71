package org.sipproxy.server.control;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.sipproxy.server.control.ControlException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server side of the channel. One thread waits for all clients and moves their bytes; methods run on up to one thread
 * per connection, which end when they are idle. Without a client the channel's one thread sleeps.
 */
final class ControlServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

    private static final long CHECK_MILLIS = 1_000;
    private static final long JOIN_MILLIS = 2_000;

    private final ControlSocket socket;
    private final RpcDispatcher dispatcher;
    private final ControlLimits limits;
    private final Selector selector;
    private final Thread thread;
    private final ThreadPoolExecutor workers;
    /** Changed by the selector's thread only. */
    private final Set<ControlConnection> connections = ConcurrentHashMap.newKeySet();

    private volatile boolean closing;

    private ControlServer(ControlSocket socket, ControlMethods methods, ControlLimits limits) throws IOException {
        this.socket = socket;
        this.dispatcher = new RpcDispatcher(methods);
        this.limits = limits;
        this.selector = Selector.open();
        this.thread = new Thread(this::serve, "control");
        this.thread.setDaemon(true);
        AtomicInteger count = new AtomicInteger();
        this.workers = new ThreadPoolExecutor(
                0, limits.connections(), 10, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread worker = new Thread(task, "control-" + count.incrementAndGet());
                    worker.setDaemon(true);
                    return worker;
                });
    }

    /** Begins to serve on a bound socket, which it closes in the end, or if it fails. */
    static ControlServer start(ControlSocket socket, ControlMethods methods, ControlLimits limits) throws IOException {
        boolean started = false;
        try {
            ControlServer server = new ControlServer(socket, methods, limits);
            ServerSocketChannel listening = socket.channel();
            listening.configureBlocking(false);
            listening.register(server.selector, SelectionKey.OP_ACCEPT);
            server.thread.start();
            started = true;
            return server;
        } finally {
            if (!started) {
                socket.close(); // otherwise clients would connect and wait
            }
        }
    }

    private void serve() {
        while (!closing) {
            try {
                selector.select(connections.isEmpty() ? 0 : CHECK_MILLIS);
                if (!closing) {
                    handleSelected();
                    connections.forEach(this::advance);
                }
            } catch (Throwable e) { // also an Error: the channel must not end with it
                LOG.error("the control channel failed and continues", e);
                pause();
            }
        }
        connections.forEach(connection -> {
            handleWrite(connection); // such as the response to stop
            remove(connection);
        });
    }

    /** Keeps an error that persists, such as too many open files, from filling the log. */
    private static void pause() {
        try {
            Thread.sleep(CHECK_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handleSelected() throws IOException {
        Iterator<SelectionKey> selected = selector.selectedKeys().iterator();
        while (selected.hasNext()) {
            SelectionKey key = selected.next();
            selected.remove();
            if (key.attachment() instanceof ControlConnection connection) {
                handle(connection, key);
            } else if (key.isValid()) {
                accept();
            }
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = socket.channel().accept();
        if (channel == null) {
            return;
        }
        channel.configureBlocking(false);
        SelectionKey key = channel.register(selector, 0);
        ControlConnection connection = new ControlConnection(channel, key, limits, System.nanoTime());
        key.attach(connection);
        if (connections.size() >= limits.connections()) {
            refuse(
                    connection,
                    new ControlException(
                            Kind.BUSY,
                            "the control channel has " + limits.connections() + " connections",
                            "close one of them, such as a monitor"));
            handleWrite(connection);
            remove(connection);
            return;
        }
        connections.add(connection);
    }

    private void handle(ControlConnection connection, SelectionKey key) {
        try {
            if (key.isValid() && key.isReadable()) {
                connection.read();
            }
        } catch (IOException e) {
            remove(connection);
        }
    }

    /** Runs the next request of a connection, writes what waits for it, and closes it if it is over. */
    private void advance(ControlConnection connection) {
        if (!connection.isTooLong()) {
            connection.takeLine().ifPresent(line -> submit(connection, line));
        } else {
            refuse(
                    connection,
                    new ControlException(
                            Kind.INVALID_REQUEST,
                            "a request is longer than " + limits.requestBytes() + " bytes",
                            "end each request with a line feed"));
        }
        handleWrite(connection);
        if (connection.isOver(System.nanoTime())) {
            remove(connection);
        } else {
            connection.updateInterest();
        }
    }

    private void handleWrite(ControlConnection connection) {
        try {
            connection.write(System.nanoTime());
        } catch (IOException e) {
            remove(connection);
        }
    }

    private void refuse(ControlConnection connection, ControlException reason) {
        connection.send(RpcMessages.error(JsonNull.INSTANCE, reason), System.nanoTime());
        connection.closeWhenSent();
    }

    private void submit(ControlConnection connection, String line) {
        try {
            workers.execute(() -> run(connection, line));
        } catch (RejectedExecutionException e) {
            refuse(
                    connection,
                    new ControlException(
                            Kind.BUSY,
                            "earlier requests of clients that left are still in progress",
                            "try again later"));
            connection.completed(System.nanoTime());
        }
    }

    private void run(ControlConnection connection, String line) {
        try {
            RpcDispatcher.Outcome outcome = dispatcher.run(line);
            outcome.opening()
                    .ifPresentOrElse(
                            opening -> open(connection, outcome, opening),
                            () -> outcome.response().ifPresent(response -> send(connection, response)));
        } catch (Throwable e) { // also an Error: the client must not wait forever
            LOG.error("a control request failed", e);
            connection.closeWhenSent();
        } finally {
            connection.completed(System.nanoTime());
            selector.wakeup();
        }
    }

    private void open(ControlConnection connection, RpcDispatcher.Outcome outcome, RpcDispatcher.Opening opening) {
        if (!connection.beginStream()) {
            send(
                    connection,
                    RpcMessages.error(
                            opening.id(),
                            new ControlException(
                                    Kind.BUSY, "a stream is open on this connection", "use another connection")));
            return;
        }
        outcome.response().ifPresent(response -> send(connection, response));
        connection.keep(opening.stream().open(new ControlSink() {
            @Override
            public boolean send(Object event) {
                return ControlServer.this.send(connection, RpcMessages.event(opening.id(), opening.method(), event));
            }

            @Override
            public void end() {
                ControlServer.this.send(connection, RpcMessages.event(opening.id(), opening.method(), null));
                connection.endStream();
            }
        }));
    }

    private boolean send(ControlConnection connection, JsonElement message) {
        boolean accepted = connection.send(message, System.nanoTime());
        selector.wakeup();
        return accepted;
    }

    private void remove(ControlConnection connection) {
        connections.remove(connection);
        connection.close();
    }

    /** Stops serving: closes all connections, and removes the socket. */
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        workers.shutdown();
        socket.close();
        try {
            selector.close();
        } catch (IOException e) {
            // the channel is closed
        }
    }
}
