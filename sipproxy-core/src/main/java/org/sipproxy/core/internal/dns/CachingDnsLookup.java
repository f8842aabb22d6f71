package org.sipproxy.core.internal.dns;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.core.internal.time.Guard;

/**
 * DNS look-up with a cache. Keeps answers for their TTL, sends a question once for all callers that wait for it, and
 * limits the number of concurrent questions. The names come from URIs that strangers write, so neither memory nor
 * sockets may grow with them.
 */
final class CachingDnsLookup implements DnsLookup {

    /**
     * Per kind of question, of which there are three. An answer has at most 16 records, so full caches take about 10
     * MB.
     */
    static final int MAX_ENTRIES = 2_000;

    /** A pending question costs one socket, or two for addresses. */
    static final int MAX_OUTSTANDING = 256;

    static final int MIN_TTL_SECONDS = 1;
    static final int MAX_TTL_SECONDS = 3_600;

    /** TTL of a name that does not exist. Short, because the SOA's own limit (RFC 2308 §5) is not read. */
    static final int NEGATIVE_TTL_SECONDS = 15;

    /** TTL of a failure or timeout, so that the next requests need not wait for the server again (RFC 2308 §7). */
    static final int FAILURE_TTL_SECONDS = 5;

    private final DnsLookup source;
    private final AtomicInteger outstanding = new AtomicInteger();
    private final Questions<InetAddress> addresses;
    private final Questions<Srv> srv;
    private final Questions<Naptr> naptr;

    CachingDnsLookup(DnsLookup source, Ticker ticker) {
        this.source = source;
        this.addresses = new Questions<>(source::addresses, ticker);
        this.srv = new Questions<>(source::srv, ticker);
        this.naptr = new Questions<>(source::naptr, ticker);
    }

    @Override
    public List<InetAddress> hostsFile(String name) {
        return source.hostsFile(name);
    }

    @Override
    public CompletableFuture<Answer<InetAddress>> addresses(String name) {
        return addresses.ask(name);
    }

    @Override
    public CompletableFuture<Answer<Srv>> srv(String name) {
        return srv.ask(name);
    }

    @Override
    public CompletableFuture<Answer<Naptr>> naptr(String name) {
        return naptr.ask(name);
    }

    @Override
    public void close() {
        source.close();
    }

    private static int ttl(Answer<?> answer) {
        if (answer.failure() != null) {
            return FAILURE_TTL_SECONDS;
        }
        return answer.records().isEmpty()
                ? NEGATIVE_TTL_SECONDS
                : Math.max(MIN_TTL_SECONDS, Math.min(answer.ttlSeconds(), MAX_TTL_SECONDS));
    }

    /** Cache and pending questions of one kind, by name. */
    private final class Questions<T> {

        private final Function<String, CompletableFuture<Answer<T>>> source;
        private final AsyncCache<String, Answer<T>> answers;

        Questions(Function<String, CompletableFuture<Answer<T>>> source, Ticker ticker) {
            this.source = source;
            this.answers = Caffeine.newBuilder()
                    .maximumSize(MAX_ENTRIES)
                    .expireAfter(Expiry.creating((String name, Answer<T> answer) -> Duration.ofSeconds(ttl(answer))))
                    .executor(Runnable::run)
                    .ticker(ticker)
                    .buildAsync();
        }

        @SuppressWarnings("FutureReturnValueIgnored") // answered() completes the future that the caller has
        CompletableFuture<Answer<T>> ask(String name) {
            CompletableFuture<Answer<T>> known = answers.getIfPresent(name);
            if (known != null) {
                return known;
            }
            if (outstanding.incrementAndGet() > MAX_OUTSTANDING) {
                outstanding.decrementAndGet();
                return CompletableFuture.completedFuture(
                        Answer.failed(Reason.OVERLOADED, MAX_OUTSTANDING + " DNS questions already wait"));
            }
            CompletableFuture<Answer<T>> mine = new CompletableFuture<>();
            known = answers.asMap().putIfAbsent(name, mine);
            if (known != null) {
                outstanding.decrementAndGet();
                return known;
            }
            start(name).whenComplete((answer, error) -> answered(mine, answer, error));
            return mine;
        }

        private CompletableFuture<Answer<T>> start(String name) {
            try {
                return source.apply(name);
            } catch (Throwable e) { // an Error too: the cached future must be completed
                Guard.count(e);
                return CompletableFuture.failedFuture(e);
            }
        }

        private void answered(
                CompletableFuture<Answer<T>> mine, @Nullable Answer<T> answer, @Nullable Throwable error) {
            outstanding.decrementAndGet();
            mine.complete(answer != null ? answer : Answer.failed(Reason.DNS_FAILED, String.valueOf(error)));
        }
    }
}
