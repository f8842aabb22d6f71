package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/**
 * SIP element without a SIP stack: it sends text and shows what it receives. It does nothing on its own, so that a test
 * decides about every message.
 */
abstract class WireClient implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final AtomicLong COUNT = new AtomicLong();

    private final String name;
    /** All messages that the elements of a test sent and received, in order; guarded by itself. */
    private final List<String> log;

    private final List<WireMessage> inbox = new ArrayList<>();
    /** Topmost Vias of INVITEs to which this element has responded. */
    private final Set<String> invitesWithResponse = ConcurrentHashMap.newKeySet();

    private WireClient(String name, List<String> log) {
        this.name = name;
        this.log = log;
    }

    static Udp udp(String name, InetSocketAddress proxy, List<String> log) {
        return new Udp(name, proxy, log);
    }

    static Tcp tcp(String name, InetSocketAddress proxy, List<String> log) {
        try {
            return new Tcp(
                    name,
                    "TCP",
                    log,
                    new ServerSocket(0, 50, proxy.getAddress()),
                    new Socket(proxy.getAddress(), proxy.getPort()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a TCP element with TLS on its connection to the proxy and on those that the proxy opens. */
    static Tcp tls(String name, InetSocketAddress proxy, SSLContext context, List<String> log) {
        try {
            return new Tcp(
                    name,
                    "TLS",
                    log,
                    context.getServerSocketFactory().createServerSocket(0, 50, proxy.getAddress()),
                    context.getSocketFactory().createSocket(proxy.getAddress(), proxy.getPort()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns an element like a browser's phone: it can be reached over its connection only. */
    static Web web(String name, URI proxy, HttpClient browser, List<String> log) {
        return new Web(name, proxy, browser, log);
    }

    /** Returns a word that no other message of this JVM contains. */
    static String unique(String prefix) {
        return prefix + Long.toString(COUNT.incrementAndGet(), 36) + "x"
                + Long.toString(System.nanoTime() & 0xffffff, 36);
    }

    String name() {
        return name;
    }

    /** Returns host and port of its Via and Contact. */
    abstract String hostPort();

    /** Returns {@code UDP}, {@code TCP}, {@code TLS}, {@code WS} or {@code WSS}, as in Via. */
    abstract String transport();

    abstract void sendBytes(byte[] wire);

    @Override
    public abstract void close();

    /** Returns its contact URI. */
    String contact() {
        String parameter = switch (transport()) {
            case "UDP" -> "";
            case "WSS" -> ";transport=ws"; // RFC 7118 has no other parameter for WSS
            default -> ";transport=" + transport().toLowerCase(Locale.ROOT);
        };
        return "sip:" + name + "@" + hostPort() + parameter;
    }

    void send(String text) {
        note("sent", text);
        sendBytes(text.getBytes(ISO_8859_1));
    }

    Request send(Request request) {
        send(request.text());
        return request;
    }

    /** Returns a request of this element with the usual headers filled in. */
    Request request(String method, String uri) {
        return new Request(this, method, uri);
    }

    /** Sends a response with the usual headers filled in. */
    WireMessage respond(WireMessage request, int status, String... lines) {
        if (request.method().equals("INVITE")) {
            invitesWithResponse.add(request.topVia());
        }
        WireMessage response = Response.of(this, request, status, lines);
        send(response.text());
        return response;
    }

    /** Waits for the first message that matches, and removes it from the inbox. Other messages stay. */
    WireMessage await(String what, Predicate<WireMessage> condition) {
        long limit = System.nanoTime() + PATIENCE.toNanos();
        synchronized (inbox) {
            while (true) {
                for (WireMessage message : inbox) {
                    if (condition.test(message)) {
                        inbox.remove(message);
                        return message;
                    }
                }
                long left = (limit - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new AssertionError(name + " waited for " + what + "; the wire had:\n" + history());
                }
                try {
                    inbox.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError("interrupted", e);
                }
            }
        }
    }

    /**
     * Waits for the next request of this method. An INVITE that has a response is over: on a slow machine the proxy
     * retransmits one before it sees the response.
     */
    WireMessage awaitRequest(String method) {
        return await(
                method,
                m -> !m.isResponse()
                        && m.method().equals(method)
                        && !(method.equals("INVITE") && invitesWithResponse.contains(m.topVia())));
    }

    /** Waits for the next response of this status to the request. */
    WireMessage awaitResponse(Request request, int status) {
        return await(
                status + " to " + request.method(),
                m -> m.isResponse() && m.status() == status && isResponseTo(m, request));
    }

    /** Waits for the next final response to the request. */
    WireMessage awaitFinal(Request request) {
        return await("a final response to " + request.method(), m -> m.status() >= 200 && isResponseTo(m, request));
    }

    private static boolean isResponseTo(WireMessage m, Request request) {
        return m.isResponse()
                && m.lines("Call-ID").equals(List.of(request.callId()))
                && m.lines("CSeq").equals(List.of(request.cseq() + " " + request.method()));
    }

    /** Returns the messages received so far that no test waited for. */
    List<WireMessage> pending() {
        synchronized (inbox) {
            return List.copyOf(inbox);
        }
    }

    /**
     * Returns the pending messages after an OPTIONS round trip. All that the proxy had to send to this element before
     * has arrived then.
     */
    List<WireMessage> pendingAfterRoundTrip() {
        Request fence = send(request("OPTIONS", "sip:sip.test"));
        awaitFinal(fence);
        return pending();
    }

    void discardPending() {
        synchronized (inbox) {
            inbox.clear();
        }
    }

    String history() {
        synchronized (log) {
            return String.join("\n", log);
        }
    }

    final void received(byte[] bytes, int length, InetSocketAddress source) {
        String text = new String(bytes, 0, length, ISO_8859_1);
        note("received", text);
        WireMessage message = new WireMessage(text, source);
        synchronized (inbox) {
            inbox.add(message);
            inbox.notifyAll();
        }
    }

    final void note(String what, String text) {
        synchronized (log) {
            log.add("--- " + name + " " + what + "\n" + text);
        }
    }

    private static void start(Runnable reader, String name) {
        Thread thread = new Thread(reader, "wire-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Element with a datagram socket. */
    static final class Udp extends WireClient {

        private final DatagramSocket socket;
        private final InetSocketAddress proxy;

        private Udp(String name, InetSocketAddress proxy, List<String> log) {
            super(name, log);
            this.proxy = proxy;
            try {
                socket = new DatagramSocket(new InetSocketAddress(proxy.getAddress(), 0));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            start(this::read, name);
        }

        private void read() {
            byte[] buffer = new byte[65_536];
            while (!socket.isClosed()) {
                try {
                    DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                    socket.receive(packet);
                    received(buffer, packet.getLength(), (InetSocketAddress) packet.getSocketAddress());
                } catch (IOException | AssertionError e) {
                    note("could not read", String.valueOf(e.getMessage()));
                }
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        String hostPort() {
            return WireClient.hostPort((InetSocketAddress) socket.getLocalSocketAddress());
        }

        @Override
        String transport() {
            return "UDP";
        }

        @Override
        void sendBytes(byte[] wire) {
            sendTo(proxy, wire);
        }

        void sendTo(InetSocketAddress to, byte[] wire) {
            try {
                socket.send(new DatagramPacket(wire, wire.length, to));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    /** Element with a connection to the proxy, and a port at which the proxy may open others. */
    static final class Tcp extends WireClient {

        private final ServerSocket server;
        private final List<Socket> accepted = new ArrayList<>();
        private final Socket socket;
        private final StringBuilder outOfMessage = new StringBuilder();
        private final String transport;
        private volatile boolean ended;

        private Tcp(String name, String transport, List<String> log, ServerSocket server, Socket socket) {
            super(name, log);
            this.transport = transport;
            this.server = server;
            this.socket = socket;
            try {
                socket.setTcpNoDelay(true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            start(this::accept, name + "-accept");
            start(() -> read(socket), name);
        }

        /** Returns the local port of the connection to the proxy, which some phones name in their Contact. */
        int connectionPort() {
            return socket.getLocalPort();
        }

        private void accept() {
            while (!server.isClosed()) {
                try {
                    Socket one = server.accept();
                    synchronized (accepted) {
                        accepted.add(one);
                    }
                    start(() -> read(one), name() + "-accepted");
                } catch (IOException e) {
                    note("accepts no more", String.valueOf(e.getMessage()));
                }
            }
        }

        private void read(Socket from) {
            InetSocketAddress source = (InetSocketAddress) from.getRemoteSocketAddress();
            try (InputStream in = from.getInputStream()) {
                StringBuilder held = new StringBuilder();
                byte[] buffer = new byte[8192];
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    held.append(new String(buffer, 0, n, ISO_8859_1));
                    cut(held, source);
                }
                note("saw the end of the connection", "");
            } catch (IOException e) {
                note("saw the connection break", String.valueOf(e.getMessage()));
            }
            if (from == socket) {
                ended = true;
            }
            synchronized (outOfMessage) {
                outOfMessage.notifyAll();
            }
        }

        private void cut(StringBuilder held, InetSocketAddress source) {
            while (true) {
                while (held.length() >= 2 && held.charAt(0) == '\r' && held.charAt(1) == '\n') {
                    held.delete(0, 2);
                    synchronized (outOfMessage) {
                        outOfMessage.append("\r\n");
                        outOfMessage.notifyAll();
                    }
                }
                int end = held.indexOf("\r\n\r\n");
                if (end < 0) {
                    return;
                }
                WireMessage head = new WireMessage(held.substring(0, end + 4), source);
                int length = end + 4 + Integer.parseInt(head.header("Content-Length"));
                if (held.length() < length) {
                    return;
                }
                byte[] one = held.substring(0, length).getBytes(ISO_8859_1);
                held.delete(0, length);
                received(one, one.length, source);
            }
        }

        /** Waits until this many bytes of CR LF were received between messages. */
        void awaitCrlf(int bytes) {
            awaitThat("CR LF", () -> outOfMessage.length() >= bytes);
        }

        /** Returns what was received between messages. */
        String betweenMessages() {
            synchronized (outOfMessage) {
                return outOfMessage.toString();
            }
        }

        /** Waits until the proxy has closed the connection. */
        void awaitEnd() {
            awaitThat("the end of the connection", () -> ended);
        }

        private void awaitThat(String what, java.util.function.BooleanSupplier condition) {
            long limit = System.nanoTime() + PATIENCE.toNanos();
            synchronized (outOfMessage) {
                while (!condition.getAsBoolean()) {
                    long left = (limit - System.nanoTime()) / 1_000_000;
                    if (left <= 0) {
                        throw new AssertionError(name() + " waited for " + what + "; the wire had:\n" + history());
                    }
                    try {
                        outOfMessage.wait(left);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new AssertionError("interrupted", e);
                    }
                }
            }
        }

        /** Returns the local address of its connection. */
        InetSocketAddress localAddress() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        /** Returns the number of connections that the proxy has opened to it. */
        int acceptedConnections() {
            synchronized (accepted) {
                return accepted.size();
            }
        }

        /** Ends its connection and keeps listening. */
        void disconnect() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        String hostPort() {
            return WireClient.hostPort((InetSocketAddress) server.getLocalSocketAddress());
        }

        @Override
        String transport() {
            return transport;
        }

        @Override
        void sendBytes(byte[] wire) {
            try {
                socket.getOutputStream().write(wire);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            try {
                server.close();
                socket.close();
                synchronized (accepted) {
                    for (Socket one : accepted) {
                        one.close();
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Element with a WebSocket to the proxy. */
    static final class Web extends WireClient {

        private final String host = unique("h") + ".invalid";
        private final String transport;
        private final WebSocket socket;
        private final InetSocketAddress proxy;
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        private Web(String name, URI uri, HttpClient browser, List<String> log) {
            super(name, log);
            this.transport = uri.getScheme().toUpperCase(Locale.ROOT);
            this.proxy = new InetSocketAddress(uri.getHost(), uri.getPort());
            this.socket = browser.newWebSocketBuilder()
                    .subprotocols("sip")
                    .buildAsync(uri, new Listener())
                    .join();
        }

        /**
         * Listener that takes one SIP message from each WebSocket message: text or binary, complete or in fragments.
         */
        private final class Listener implements WebSocket.Listener {

            private final StringBuilder held = new StringBuilder();

            @Override
            public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
                return took(from, new String(data.toString().getBytes(UTF_8), ISO_8859_1), last);
            }

            @Override
            public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
                note("gets a binary frame", "");
                return took(from, ISO_8859_1.decode(data).toString(), last);
            }

            private CompletionStage<?> took(WebSocket from, String piece, boolean last) {
                held.append(piece);
                if (last) {
                    byte[] wire = held.toString().getBytes(ISO_8859_1);
                    held.setLength(0);
                    if (wire.length == 2) {
                        note("received a line end", "");
                    } else {
                        received(wire, wire.length, proxy);
                    }
                }
                from.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
                note("received a pong", ISO_8859_1.decode(message).toString());
                from.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
                note("saw the connection closed", status + " " + reason);
                closed.complete(status);
                return null;
            }

            @Override
            public void onError(WebSocket from, Throwable error) {
                note("saw the connection break", String.valueOf(error));
                closed.complete(1006);
            }
        }

        /** Waits for the close frame of the proxy and returns its status. */
        int awaitClose() {
            try {
                return closed.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                throw new AssertionError(
                        name() + " waited for the end of the connection; the wire had:\n" + history(), e);
            }
        }

        WebSocket socket() {
            return socket;
        }

        @Override
        String hostPort() {
            return host;
        }

        @Override
        String transport() {
            return transport;
        }

        @Override
        void sendBytes(byte[] wire) {
            socket.sendText(new String(wire, UTF_8), true).join();
        }

        @Override
        public void close() {
            socket.abort();
        }
    }

    private static String hostPort(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        String text = host.getHostAddress();
        return (text.indexOf(':') >= 0 ? "[" + text + "]" : text) + ":" + address.getPort();
    }
}
