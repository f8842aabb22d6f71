package org.sipproxy.core.internal.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.DefaultHostsFileEntriesResolver;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsErrorCauseException;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GenericFutureListener;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;

/**
 * DNS look-up through Netty's resolver. Does not cache: {@link CachingDnsLookup} does, with a limit that Netty's caches
 * lack.
 *
 * <p>Answers are untrusted bytes: a malformed record counts as absent, and each question ends after
 * {@link #QUESTION_MILLIS}, whatever the servers do.
 */
final class NettyDnsLookup implements DnsLookup {

    /**
     * Time for one question with its retries and aliases. Two questions and some reserve fit into the resolver's
     * deadline.
     */
    static final long QUESTION_MILLIS = 2_000;

    /** Time for one datagram to one server, before the next server or another attempt. */
    private static final long QUERY_MILLIS = 900;

    /** How often all servers are queried if none of them responds. */
    private static final int MAX_ATTEMPTS = 2;

    /** Maximum number of further servers and aliases (CNAME) together. */
    private static final int MAX_QUERIES = 8;

    /** Payload that every path carries in one piece, because fragments can be forged (DNS flag day 2020). */
    private static final int MAX_PAYLOAD = 1_232;

    /** Maximum number of records of one answer that are read. */
    static final int MAX_RECORDS = 16;

    /** For names without a dot: Netty applies the search list to them and then does not report the TTL. */
    private static final int SEARCHED_TTL_SECONDS = 30;

    private static final List<InetAddress> LOOPBACK = List.of(
            address(new byte[] {127, 0, 0, 1}), address(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));

    private final EventLoop loop;
    private final DnsNameResolver resolver;
    private final Function<String, List<InetAddress>> hostsFile;
    private final Capabilities capabilities;

    /**
     * Creates a look-up without opening anything: each question has its own socket, and so its own port (RFC 5452
     * §9.2).
     */
    NettyDnsLookup(
            DnsLoop dnsLoop,
            DnsServerAddressStreamProvider servers,
            Function<String, List<InetAddress>> hostsFile,
            Capabilities capabilities) {
        this.loop = dnsLoop.loop();
        this.hostsFile = hostsFile;
        this.capabilities = capabilities;
        boolean epoll = dnsLoop.epoll();
        DnsNameResolverBuilder builder = new DnsNameResolverBuilder(loop)
                .datagramChannelType(epoll ? EpollDatagramChannel.class : NioDatagramChannel.class)
                .socketChannelType(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
                .nameServerProvider(servers)
                .hostsFileEntriesResolver((name, types) -> null)
                .resolveCache(NoopDnsCache.INSTANCE)
                .cnameCache(NoopDnsCnameCache.INSTANCE)
                .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE)
                .resolvedAddressTypes(addressTypes(capabilities))
                .queryTimeoutMillis(QUERY_MILLIS)
                .maxQueriesPerResolve(MAX_QUERIES)
                .maxPayloadSize(MAX_PAYLOAD);
        this.resolver = builder.build();
    }

    /**
     * Returns a look-up at the system's name servers. Reads the hosts file and the resolver's configuration, so it must
     * not be called on an event loop.
     */
    static NettyDnsLookup open(DnsLoop loop, Capabilities capabilities) {
        DefaultHostsFileEntriesResolver hosts = new DefaultHostsFileEntriesResolver();
        ResolvedAddressTypes types = addressTypes(capabilities);
        return new NettyDnsLookup(
                loop,
                DnsServerAddressStreamProviders.platformDefault(),
                name -> {
                    List<InetAddress> addresses = hosts.addresses(name, types);
                    return addresses == null ? List.of() : addresses;
                },
                capabilities);
    }

    private static ResolvedAddressTypes addressTypes(Capabilities capabilities) {
        if (!capabilities.ipv6()) {
            return ResolvedAddressTypes.IPV4_ONLY;
        }
        return capabilities.ipv4() ? ResolvedAddressTypes.IPV4_PREFERRED : ResolvedAddressTypes.IPV6_ONLY;
    }

    @Override
    public List<InetAddress> hostsFile(String name) {
        List<InetAddress> addresses = hostsFile.apply(name);
        if (addresses.isEmpty() && (name.equals("localhost") || name.endsWith(".localhost"))) {
            return LOOPBACK; // RFC 6761 §6.3: never sent to the DNS
        }
        return addresses;
    }

    @Override
    public CompletableFuture<Answer<InetAddress>> addresses(String name) {
        if (name.indexOf('.') < 0) {
            return bySearchList(name);
        }
        if (!capabilities.ipv6()) {
            return ask(name, DnsRecordType.A, NettyDnsLookup::readAddress);
        }
        CompletableFuture<Answer<InetAddress>> v6 = ask(name, DnsRecordType.AAAA, NettyDnsLookup::readAddress);
        if (!capabilities.ipv4()) {
            return v6;
        }
        return ask(name, DnsRecordType.A, NettyDnsLookup::readAddress).thenCombine(v6, NettyDnsLookup::alternate);
    }

    /** Alternates IPv4 and IPv6, so that the second attempt already leaves a broken family (RFC 8305 §4). */
    private static Answer<InetAddress> alternate(Answer<InetAddress> v4, Answer<InetAddress> v6) {
        if (v4.records().isEmpty() && v6.records().isEmpty()) {
            return v4.failure() != null ? v4 : v6;
        }
        List<InetAddress> addresses = new ArrayList<>();
        for (int i = 0; i < Math.max(v4.records().size(), v6.records().size()); i++) {
            if (i < v4.records().size()) {
                addresses.add(v4.records().get(i));
            }
            if (i < v6.records().size()) {
                addresses.add(v6.records().get(i));
            }
        }
        int ttl = v4.records().isEmpty() ? v6.ttlSeconds() : v4.ttlSeconds();
        return Answer.of(addresses, v6.records().isEmpty() ? ttl : Math.min(ttl, v6.ttlSeconds()));
    }

    private CompletableFuture<Answer<InetAddress>> bySearchList(String name) {
        Question<List<InetAddress>, InetAddress> question = new Question<>(
                "A " + name,
                promise -> resolver.resolveAll(name, List.of(), promise),
                found -> Answer.of(found.subList(0, Math.min(found.size(), MAX_RECORDS)), SEARCHED_TTL_SECONDS));
        return question.ask();
    }

    @Override
    public CompletableFuture<Answer<Srv>> srv(String name) {
        return ask(name, DnsRecordType.SRV, NettyDnsLookup::readSrv);
    }

    @Override
    public CompletableFuture<Answer<Naptr>> naptr(String name) {
        return ask(name, DnsRecordType.NAPTR, NettyDnsLookup::readNaptr);
    }

    private <T> CompletableFuture<Answer<T>> ask(
            String name, DnsRecordType type, Function<ByteBuf, @Nullable T> reader) {
        DnsQuestion asked = new DefaultDnsQuestion(name + ".", type);
        Question<List<DnsRecord>, T> question = new Question<>(
                type.name() + " " + name,
                promise -> resolver.resolveAll(asked, List.of(), promise),
                records -> read(records, type, reader));
        return question.ask();
    }

    /**
     * A question with its time limit. It is sent again if a datagram may have been lost, because Netty does not do so
     * with a single server.
     */
    private final class Question<R, T> implements GenericFutureListener<Future<R>> {

        private final CompletableFuture<Answer<T>> answer = new CompletableFuture<>();
        private final String text;
        private final Function<Promise<R>, Future<R>> sender;
        private final Function<R, Answer<T>> reader;
        /** Used by the loop only. */
        private int attempts;
        /** Written by the calling thread first, then by the loop. */
        private volatile @Nullable Promise<R> attempt;

        Question(String text, Function<Promise<R>, Future<R>> sender, Function<R, Answer<T>> reader) {
            this.text = text;
            this.sender = sender;
            this.reader = reader;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // cancelling the limit cannot fail
        CompletableFuture<Answer<T>> ask() {
            send();
            ScheduledFuture<?> limit = loop.schedule(this::timeIsUp, QUESTION_MILLIS, TimeUnit.MILLISECONDS);
            answer.thenRun(() -> limit.cancel(false));
            return answer;
        }

        private void send() {
            Promise<R> current = loop.newPromise();
            attempt = current;
            sender.apply(current).addListener(this);
        }

        @Override
        public void operationComplete(Future<R> done) {
            if (done.isSuccess()) {
                answer.complete(reader.apply(done.getNow()));
            } else if (++attempts < MAX_ATTEMPTS && isTimeout(done.cause()) && !answer.isDone()) {
                send();
            } else {
                answer.complete(unsuccessful(done.cause()));
            }
        }

        private void timeIsUp() {
            answer.complete(Answer.failed(Reason.DNS_FAILED, text + ": no answer in " + QUESTION_MILLIS + " ms"));
            Promise<R> current = attempt;
            if (current != null) {
                current.cancel(false);
            }
        }

        /**
         * Netty reports an unknown host; only NXDOMAIN, SERVFAIL and timeouts are its cause. A server that refuses, or
         * does not know the type, looks like a name without such records, and is treated as one.
         */
        private Answer<T> unsuccessful(Throwable error) {
            Throwable cause = error.getCause();
            if (error instanceof UnknownHostException
                    && (cause == null
                            || cause instanceof DnsErrorCauseException refused
                                    && refused.getCode().equals(DnsResponseCode.NXDOMAIN))) {
                return Answer.none();
            }
            String why = isTimeout(error)
                    ? "no answer"
                    : String.valueOf(cause == null ? error.getMessage() : cause.getMessage());
            return Answer.failed(Reason.DNS_FAILED, text + ": " + why);
        }
    }

    private static boolean isTimeout(Throwable error) {
        return DnsNameResolver.isTimeoutError(error) || DnsNameResolver.isTimeoutError(error.getCause());
    }

    private static <T> Answer<T> read(
            List<DnsRecord> records, DnsRecordType type, Function<ByteBuf, @Nullable T> reader) {
        List<T> values = new ArrayList<>();
        long ttl = Integer.MAX_VALUE;
        try {
            for (DnsRecord record : records) {
                T value = record.type().equals(type) && values.size() < MAX_RECORDS ? read(record, reader) : null;
                if (value != null) {
                    values.add(value);
                    ttl = Math.min(ttl, record.timeToLive());
                }
            }
        } finally {
            records.forEach(ReferenceCountUtil::release);
        }
        return Answer.of(values, (int) ttl);
    }

    private static <T> @Nullable T read(DnsRecord record, Function<ByteBuf, @Nullable T> reader) {
        if (!(record instanceof ByteBufHolder holder)) {
            return null;
        }
        try {
            return reader.apply(holder.content().duplicate());
        } catch (RuntimeException e) {
            return null; // shorter than its type requires, or a circular name
        }
    }

    private static @Nullable InetAddress readAddress(ByteBuf data) {
        int length = data.readableBytes();
        if (length != 4 && length != 16) {
            return null;
        }
        byte[] bytes = new byte[length];
        data.readBytes(bytes);
        return address(bytes);
    }

    private static Srv readSrv(ByteBuf data) {
        int priority = data.readUnsignedShort();
        int weight = data.readUnsignedShort();
        int port = data.readUnsignedShort();
        return new Srv(priority, weight, port, DefaultDnsRecordDecoder.decodeName(data));
    }

    private static Naptr readNaptr(ByteBuf data) {
        int order = data.readUnsignedShort();
        int preference = data.readUnsignedShort();
        String flags = readString(data);
        String service = readString(data);
        String regexp = readString(data);
        return new Naptr(order, preference, flags, service, regexp, DefaultDnsRecordDecoder.decodeName(data));
    }

    private static String readString(ByteBuf data) {
        return data.readCharSequence(data.readUnsignedByte(), StandardCharsets.ISO_8859_1)
                .toString();
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("an IP address has 4 or 16 bytes", e);
        }
    }

    @Override
    public void close() {
        resolver.close();
    }
}
