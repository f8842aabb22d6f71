package org.sipproxy.server.web;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.HostName;
import org.sipproxy.server.part.ServerPart;
import org.sipproxy.server.part.ServerPartException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP server for {@link WebRoutes}, on the JDK's own. A client can hold little: there are {@link #THREADS} threads, a
 * queue of {@link #QUEUE} requests, {@link #CONNECTIONS} connections, {@link #REQUEST_SECONDS} s for a request to arrive
 * and {@link #RESPONSE_SECONDS} s for its response to be read. What exceeds a limit is disconnected.
 */
public final class WebServer implements ServerPart {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.web");

    private static final int THREADS = 8;
    private static final int QUEUE = 32;
    private static final int CONNECTIONS = 100;
    private static final int REQUEST_SECONDS = 5;
    private static final int RESPONSE_SECONDS = 15;
    private static final int BACKLOG = 128;

    /**
     * Limits of the JDK's HTTP server, which has them as system properties only and reads them once. They may be set on
     * the command line of the JVM.
     */
    private static final Map<String, Integer> LIMITS = Map.of(
            "sun.net.httpserver.maxReqTime", REQUEST_SECONDS,
            "sun.net.httpserver.maxRspTime", RESPONSE_SECONDS,
            "sun.net.httpserver.maxIdleConnections", CONNECTIONS,
            "sun.net.httpserver.maxReqHeaders", 64,
            "sun.net.httpserver.maxReqHeaderSize", 16_384,
            "jdk.httpserver.maxConnections", CONNECTIONS);

    private final InetSocketAddress address;
    private final WebAccess access;
    private final Contents contents;
    private @Nullable HttpServer server;
    private @Nullable ThreadPoolExecutor threads;

    /** What the server serves of a running proxy. */
    @FunctionalInterface
    public interface Contents {
        /** Adds the routes of the proxy. */
        void addTo(WebRoutes routes, SipProxy proxy);

        /** Releases what the routes use, after the last request. */
        default void close() {}
    }

    private WebServer(InetSocketAddress address, WebAccess access, Contents contents) {
        this.address = address;
        this.access = access;
        this.contents = contents;
    }

    /**
     * Returns a server for a loopback address, whose clients need no token.
     *
     * @param names names in the header Host that are accepted like {@code localhost}
     * @throws IllegalArgumentException if it is another address
     */
    public static WebServer onLoopback(InetSocketAddress address, Collection<String> names, Contents contents) {
        if (address.getAddress() == null || !address.getAddress().isLoopbackAddress()) {
            throw new IllegalArgumentException("address: " + address + " (expected a loopback address)");
        }
        return new WebServer(address, WebAccess.onLoopback(names), contents);
    }

    /** Returns a server whose clients send a token. */
    public static WebServer withToken(InetSocketAddress address, String token, Contents contents) {
        return new WebServer(address, WebAccess.withToken(token), contents);
    }

    @Override
    public void start(SipProxy proxy) {
        LIMITS.forEach((name, limit) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, limit.toString());
            }
        });
        WebRoutes routes = new WebRoutes();
        contents.addTo(routes, proxy);
        HttpServer created;
        try {
            created = HttpServer.create(address, BACKLOG);
        } catch (IOException e) {
            throw new ServerPartException("--web: " + HostName.text(address.getAddress()) + ":" + address.getPort()
                    + " cannot be used (" + e.getMessage() + "); stop the other process or use another port");
        }
        ThreadPoolExecutor pool = newThreads();
        created.setExecutor(pool);
        created.createContext("/", new WebHandler(routes, access));
        created.start();
        server = created;
        threads = pool;
        LOG.info("web: {} {}", url(), routes.paths());
    }

    private static ThreadPoolExecutor newThreads() {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS, THREADS, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUE), task -> {
                    Thread thread = new Thread(task, "sipproxy-web-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Returns the URL of the page, after {@link #start}. */
    public String url() {
        return "http://" + HostName.text(bound().getAddress()) + ":" + bound().getPort() + "/";
    }

    /** Returns the address with the port that is bound. */
    InetSocketAddress bound() {
        return Objects.requireNonNull(server, "not started").getAddress();
    }

    @Override
    public void stop() {
        stop(server, running -> running.stop(0));
        stop(threads, ThreadPoolExecutor::shutdownNow);
        contents.close();
    }

    private static <T> void stop(@Nullable T started, Consumer<T> how) {
        if (started != null) {
            how.accept(started);
        }
    }
}
