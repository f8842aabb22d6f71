package org.sipproxy.core.internal.dns;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.netty.NettyVersion;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.LoggerFactory;

/**
 * Access to the name servers, opened at the first look-up of a name: a proxy whose peers have numeric addresses loads
 * no Netty class for it. Opening reads files and loads classes, so it runs on a separate thread.
 */
final class NameServers implements AutoCloseable {

    private static final Guard GUARD =
            new Guard(LoggerFactory.getLogger(LoggerNames.ROUTING), "names cannot be looked up in the DNS");

    private final Supplier<Opened> opener;
    private final ThreadFactory threads;
    /** Guarded by this object. */
    private @Nullable CompletableFuture<Opened> opening;
    /** Guarded by this object. */
    private boolean closed;

    private NameServers(ThreadFactory threads, Supplier<Opened> opener) {
        this.threads = threads;
        this.opener = opener;
    }

    /** Returns the name servers of the operating system. */
    static NameServers ofTheSystem(ThreadFactory threads, Supplier<DnsLoop> loops, Capabilities capabilities) {
        return new NameServers(threads, () -> NettyVersion.using(() -> open(loops.get(), capabilities)));
    }

    private static Opened open(DnsLoop dnsLoop, Capabilities capabilities) {
        DnsLookup lookup = new CachingDnsLookup(NettyDnsLookup.open(dnsLoop, capabilities), Ticker.systemTicker());
        return new Opened(
                lookup, task -> dnsLoop.loop().schedule(task, NextHopResolver.DEADLINE_MILLIS, TimeUnit.MILLISECONDS));
    }

    /** Returns name servers whose look-up is already open. */
    static NameServers of(DnsLookup lookup, Deadlines deadlines) {
        NameServers servers = new NameServers(Thread::new, () -> {
            throw new IllegalStateException("open from the beginning");
        });
        servers.opening = CompletableFuture.completedFuture(new Opened(lookup, deadlines));
        return servers;
    }

    /**
     * Calls one of the two functions: at once if the look-up is open, otherwise later on another thread.
     *
     * @param failed receives the reason
     */
    @SuppressWarnings("FutureReturnValueIgnored") // both receivers guard themselves
    void use(Consumer<Opened> user, Consumer<Throwable> failed) {
        opened().whenComplete((opened, error) -> {
            if (error == null) {
                user.accept(opened);
            } else {
                failed.accept(error);
            }
        });
    }

    private synchronized CompletableFuture<Opened> opened() {
        CompletableFuture<Opened> current = opening;
        if (current == null) {
            CompletableFuture<Opened> started = new CompletableFuture<>();
            opening = started;
            threads.newThread(() -> open(started)).start();
            return started;
        }
        return current;
    }

    private void open(CompletableFuture<Opened> started) {
        try {
            Opened opened = opener.get();
            if (isClosed()) {
                opened.lookup().close();
            }
            started.complete(opened);
        } catch (Throwable e) {
            GUARD.caught(e);
            started.completeExceptionally(e);
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Closes the look-up if it is open; one that is being opened is closed as soon as it is open. */
    @Override
    public void close() {
        CompletableFuture<Opened> current;
        synchronized (this) {
            closed = true;
            current = opening;
        }
        if (current != null && current.isDone() && !current.isCompletedExceptionally()) {
            current.join().lookup().close();
        }
    }

    /** An open look-up, and the timer that ends its questions. */
    record Opened(DnsLookup lookup, Deadlines deadlines) {}

    /** Timer that runs a task when a look-up has taken too long. */
    @FunctionalInterface
    interface Deadlines {
        Future<?> schedule(Runnable task);
    }
}
