package org.sipproxy.core.internal.dns;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * DNS questions of RFC 3263. Names are absolute and in lower case, without a trailing dot.
 *
 * <p>No method blocks. The futures never complete exceptionally; they may complete on the calling thread.
 */
interface DnsLookup extends AutoCloseable {

    /** Returns the addresses of the name in the hosts file, without a DNS question; empty if there are none. */
    List<InetAddress> hostsFile(String name);

    /** Looks up the A and AAAA records, following aliases. */
    CompletableFuture<Answer<InetAddress>> addresses(String name);

    /** Looks up the SRV records (RFC 2782). */
    CompletableFuture<Answer<Srv>> srv(String name);

    /** Looks up the NAPTR records (RFC 3403). */
    CompletableFuture<Answer<Naptr>> naptr(String name);

    @Override
    void close();

    /** An SRV record; the target is {@code "."} if the service is declared unavailable. */
    record Srv(int priority, int weight, int port, String target) {}

    /** A NAPTR record; the replacement is {@code "."} if there is none. */
    record Naptr(int order, int preference, String flags, String service, String regexp, String replacement) {}

    /**
     * Result of a question.
     *
     * @param records empty if the name does not exist or has no such records
     * @param ttlSeconds how long the answer may be cached; 0 means not at all
     * @param failure why there was no answer, in which case the records are empty; null if there was one
     */
    record Answer<T>(
            List<T> records, int ttlSeconds, @Nullable ResolutionFailure failure) {

        static <T> Answer<T> of(List<T> records, int ttlSeconds) {
            return new Answer<>(List.copyOf(records), ttlSeconds, null);
        }

        static <T> Answer<T> none() {
            return new Answer<>(List.of(), 0, null);
        }

        static <T> Answer<T> failed(ResolutionFailure.Reason reason, String text) {
            return new Answer<>(List.of(), 0, new ResolutionFailure(reason, text));
        }
    }
}
