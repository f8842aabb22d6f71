package org.sipproxy.core.internal.dns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.address.SourceNetwork;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Resolver for the next hops of a URI (RFC 3263 §4). Does not block. Does not decide whether anything may be sent to an
 * address.
 *
 * <p>Most requests go to a phone whose contact has a numeric address; {@link #numeric} resolves those at once. Others
 * may need up to three consecutive questions: NAPTR, SRV, addresses. A {@link Resolution} asks them.
 *
 * <p>Resolves nothing before {@link #open} has been called.
 */
public class NextHopResolver implements AutoCloseable {

    /** Time from the call to the result. Timer B is 32 s; Timer C and the caller's patience are far longer. */
    static final long DEADLINE_MILLIS = 5_000;

    /** Maximum number of requests that wait for the DNS; each holds memory. */
    static final int MAX_OUTSTANDING = 1_000;

    /** Maximum number of them per sender. */
    static final int MAX_OF_SENDER = 16;

    /** Name servers, and the transports and address families that the listening points allow. */
    private record Reach(NameServers servers, Capabilities capabilities) {}

    /** Written once, before the first message can arrive. */
    private volatile @Nullable Reach reach;

    private final IntUnaryOperator random;
    private final Set<Resolution> outstanding = ConcurrentHashMap.newKeySet();
    /** The size of {@link #outstanding}, which the set itself would have to count. */
    private final AtomicInteger outstandingCount = new AtomicInteger();

    private final ConcurrentMap<InetAddress, Integer> bySender = new ConcurrentHashMap<>();

    private volatile boolean closed;

    /** Creates a resolver that finds nothing until it is opened. */
    public NextHopResolver() {
        this.random = bound -> ThreadLocalRandom.current().nextInt(bound);
    }

    NextHopResolver(NameServers servers, Capabilities capabilities, IntUnaryOperator random) {
        this.reach = new Reach(servers, capabilities);
        this.random = random;
    }

    /**
     * Lets the resolver query the system's name servers.
     *
     * @param threads creates the thread that reads the configuration of the system
     * @param loops called once, at the first look-up of a name; the caller shuts the loop down, after {@link #close}
     * @param transports the transports that the proxy can send over
     * @param families {@link java.net.StandardProtocolFamily}: the families for which the proxy has listening points
     */
    public final void open(
            ThreadFactory threads,
            Supplier<DnsLoop> loops,
            Set<TransportKind> transports,
            Set<? extends ProtocolFamily> families) {
        Capabilities capabilities = new Capabilities(transports, families);
        reach = new Reach(NameServers.ofTheSystem(threads, loops, capabilities), capabilities);
    }

    /**
     * Returns the next hop of a URI whose host is a numeric address, at once and without the DNS. Returns null for any
     * other URI, also for one with a numeric address that cannot be served:
     * {@link #resolve(SipUri, Sender, Callback)} then reports the reason.
     */
    public @Nullable NextHop numeric(SipUri uri) {
        Reach known = reach;
        if (known == null || uri.hasParameter("maddr")) {
            return null;
        }
        Optional<InetAddress> address = uri.numericHost();
        if (address.isEmpty() || uri.port() == 0 || !known.capabilities().reaches(address.get())) {
            return null;
        }
        TransportKind kind = known.capabilities().transportOf(uri);
        return kind == null ? null : nextHop(kind, address.get(), uri.port());
    }

    /**
     * Finds the next hops of a URI (RFC 3263 §4).
     *
     * @param sender the party on whose behalf; one source may have {@value #MAX_OF_SENDER} concurrent look-ups, so that
     *     it cannot use up all of them. A trusted one has no such limit
     * @param callback called once: by this thread if no DNS question is needed, otherwise by another thread, which it
     *     must not block
     */
    public void resolve(SipUri uri, Sender sender, Callback callback) {
        Reach known = reach;
        if (known == null) {
            fail(callback, Reason.OVERLOADED, "the proxy is not started");
            return;
        }
        Capabilities capabilities = known.capabilities();
        if (!uri.isSip()) {
            fail(callback, Reason.UNSUPPORTED, "a " + uri.scheme() + " URI does not name a host; use sip or sips");
            return;
        }
        TransportKind kind = capabilities.transportOf(uri);
        if (kind == null) {
            String asked =
                    uri.parameter("transport").map(SipParseException::excerpt).orElse("none named");
            fail(
                    callback,
                    Reason.UNSUPPORTED,
                    "no transport for " + uri.scheme() + " URI (" + asked + "); this proxy has " + capabilities);
            return;
        }
        String host = uri.parameter("maddr").orElseGet(uri::host);
        resolve(known, host, uri.port(), kind, Capabilities.namesTransport(uri), uri.isSecure(), sender, callback);
    }

    private void resolve(
            Reach known,
            String host,
            int port,
            TransportKind kind,
            boolean explicitKind,
            boolean secure,
            Sender sender,
            Callback callback) {
        if (port == 0) {
            fail(
                    callback,
                    Reason.UNSUPPORTED,
                    "\"" + SipParseException.excerpt(host) + "\" with port 0 (expected 1 to 65535)");
            return;
        }
        Optional<InetAddress> address = IpLiteral.parse(host);
        if (address.isPresent()) {
            if (known.capabilities().reaches(address.get())) {
                callback.resolved(List.of(nextHop(kind, address.get(), port)));
            } else {
                fail(
                        callback,
                        Reason.UNSUPPORTED,
                        "cannot send to " + host + "; this proxy has " + known.capabilities());
            }
            return;
        }
        String name = HostName.canonical(host);
        if (name == null) {
            fail(
                    callback,
                    Reason.NO_SUCH_HOST,
                    "\"" + SipParseException.excerpt(host) + "\" is neither a numeric address nor a host name");
            return;
        }
        if (name.equals("invalid") || name.endsWith(".invalid")) {
            fail(callback, Reason.NO_SUCH_HOST, name + " never exists (RFC 6761 section 6.4)");
            return;
        }
        InetAddress client = sender.trusted() ? null : sender.address();
        InetAddress source = client == null ? null : SourceNetwork.of(client);
        if (source != null && !takePlace(source)) {
            fail(callback, Reason.OVERLOADED, MAX_OF_SENDER + " requests of one sender already wait for the DNS");
            return;
        }
        Consumer<Resolution> onEnd = source == null
                ? this::ended
                : resolution -> {
                    releasePlace(source);
                    ended(resolution);
                };
        start(
                new Resolution(
                        known.servers(),
                        known.capabilities(),
                        random,
                        name,
                        port,
                        kind,
                        explicitKind,
                        secure,
                        callback,
                        onEnd),
                source);
    }

    private boolean takePlace(InetAddress source) {
        int taken = bySender.merge(source, 1, Integer::sum);
        if (taken > MAX_OF_SENDER) {
            releasePlace(source);
            return false;
        }
        return true;
    }

    private void releasePlace(InetAddress source) {
        bySender.computeIfPresent(source, (address, count) -> count == 1 ? null : count - 1);
    }

    private void start(Resolution resolution, @Nullable InetAddress source) {
        if (outstandingCount.incrementAndGet() > MAX_OUTSTANDING) {
            outstandingCount.decrementAndGet();
            if (source != null) {
                releasePlace(source);
            }
            resolution.refuse(Reason.OVERLOADED, MAX_OUTSTANDING + " requests already wait for the DNS");
            return;
        }
        outstanding.add(resolution);
        if (closed) {
            resolution.fail(Reason.DNS_FAILED, "the resolver is closed");
            return;
        }
        resolution.start();
    }

    private void ended(Resolution resolution) {
        outstanding.remove(resolution);
        outstandingCount.decrementAndGet();
    }

    private static NextHop nextHop(TransportKind kind, InetAddress address, int port) {
        return new NextHop(kind, new InetSocketAddress(address, port < 0 ? kind.defaultPort() : port));
    }

    private static void fail(Callback callback, Reason reason, String text) {
        callback.failed(new ResolutionFailure(reason, text));
    }

    /** Fails the pending look-ups and closes the sockets. */
    @Override
    public final void close() {
        closed = true;
        for (Resolution resolution : outstanding) {
            resolution.fail(Reason.DNS_FAILED, "the resolver is closed");
        }
        Reach known = reach;
        if (known != null) {
            known.servers().close();
        }
    }

    /** Receiver of the result of a look-up. Exactly one of its methods is called, once. */
    public interface Callback {

        /** Called with the next hops in the order in which to try them (RFC 3263 §4.3): at least one, at most 16. */
        void resolved(List<NextHop> nextHops);

        /** Called if there is no next hop. */
        void failed(ResolutionFailure failure);
    }
}
