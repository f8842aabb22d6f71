package org.sipproxy.core.internal.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsQuery;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DefaultDnsResponse;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.handler.codec.dns.TcpDnsQueryDecoder;
import io.netty.handler.codec.dns.TcpDnsResponseEncoder;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import org.sipproxy.core.internal.dns.Zone.Entry;

/**
 * A recursive name server on loopback, UDP and TCP on one port, that answers from a {@link Zone}. Besides the real
 * types: {@code SILENT} never answers, {@code SILENT_ONCE} does not answer the first time, {@code RCODE n} answers with
 * that code, {@code TRUNCATED} has its answers only over TCP, and {@code RAW type hex} is a record of exactly those
 * bytes.
 */
final class LoopbackDnsServer implements AutoCloseable {

    static final int TTL_SECONDS = 300;

    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<Integer> clientPorts = new CopyOnWriteArrayList<>();
    private final Zone zone;
    private final Channel udp;
    private final Channel tcp;

    LoopbackDnsServer(EventLoopGroup group, String zone) throws InterruptedException {
        this.zone = Zone.of(zone);
        Channel datagrams = null;
        Channel streams = null;
        while (streams == null) {
            datagrams = bindUdp(group);
            streams = bindTcp(group, (InetSocketAddress) datagrams.localAddress());
        }
        udp = datagrams;
        tcp = streams;
    }

    private Channel bindUdp(EventLoopGroup group) throws InterruptedException {
        return new Bootstrap()
                .group(group)
                .channel(NioDatagramChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(
                                        new DatagramDnsQueryDecoder(),
                                        new DatagramDnsResponseEncoder(),
                                        new Datagrams());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
    }

    /** Returns null if the port is taken; the UDP port is then released. */
    private Channel bindTcp(EventLoopGroup group, InetSocketAddress address) throws InterruptedException {
        try {
            return new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline()
                                    .addLast(new TcpDnsQueryDecoder(), new TcpDnsResponseEncoder(), new Streams());
                        }
                    })
                    .bind(address)
                    .sync()
                    .channel();
        } catch (Exception e) {
            if (e instanceof BindException) {
                return null;
            }
            throw e;
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) udp.localAddress();
    }

    private final class Datagrams extends SimpleChannelInboundHandler<DatagramDnsQuery> {
        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // a test sees that no answer came
        protected void channelRead0(ChannelHandlerContext context, DatagramDnsQuery query) {
            DnsQuestion question = query.recordAt(DnsSection.QUESTION);
            String name = name(question);
            String text = question.type().name() + " " + name;
            boolean firstTime = !asked.contains(text);
            asked.add(text);
            clientPorts.add(query.sender().getPort());
            if (!zone.find(name, "SILENT").isEmpty()
                    || firstTime && !zone.find(name, "SILENT_ONCE").isEmpty()) {
                return;
            }
            DnsResponse response = new DatagramDnsResponse(
                    /* sender= */ query.recipient(), /* recipient= */ query.sender(), query.id());
            if (zone.find(name, "TRUNCATED").isEmpty()) {
                answer(response, question);
            } else {
                response.addRecord(DnsSection.QUESTION, question);
                response.setTruncated(true);
            }
            context.writeAndFlush(response);
        }
    }

    private final class Streams extends SimpleChannelInboundHandler<DefaultDnsQuery> {
        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // a test sees that no answer came
        protected void channelRead0(ChannelHandlerContext context, DefaultDnsQuery query) {
            DnsQuestion question = query.recordAt(DnsSection.QUESTION);
            asked.add("TCP " + question.type().name() + " " + name(question));
            context.writeAndFlush(answer(new DefaultDnsResponse(query.id()), question));
        }
    }

    private static String name(DnsQuestion question) {
        String name = question.name().toLowerCase(Locale.ROOT);
        return name.substring(0, name.length() - 1);
    }

    private DnsResponse answer(DnsResponse response, DnsQuestion question) {
        response.addRecord(DnsSection.QUESTION, question);
        response.setRecursionAvailable(true);
        response.setAuthoritativeAnswer(true);
        String name = name(question);
        for (int aliases = 0; aliases < 4 && !zone.find(name, "CNAME").isEmpty(); aliases++) {
            Entry alias = zone.find(name, "CNAME").get(0);
            add(response, name, DnsRecordType.CNAME, data(alias));
            name = alias.data().get(0);
        }
        for (Entry entry : zone.find(name, question.type().name())) {
            add(response, name, question.type(), data(entry));
        }
        for (Entry entry : zone.find(name, "RAW")) {
            if (entry.data().get(0).equals(question.type().name())) {
                add(
                        response,
                        name,
                        question.type(),
                        Unpooled.wrappedBuffer(
                                HexFormat.of().parseHex(entry.data().get(1))));
            }
        }
        if (!zone.has(name)) {
            response.setCode(DnsResponseCode.NXDOMAIN);
        }
        zone.find(name, "RCODE").forEach(entry -> response.setCode(DnsResponseCode.valueOf(entry.number(0))));
        return response;
    }

    private static void add(DnsResponse response, String name, DnsRecordType type, ByteBuf data) {
        response.addRecord(DnsSection.ANSWER, new DefaultDnsRawRecord(name + ".", type, TTL_SECONDS, data));
    }

    private static ByteBuf data(Entry entry) {
        ByteBuf out = Unpooled.buffer();
        switch (entry.type()) {
            case "A", "AAAA" -> out.writeBytes(entry.address().getAddress());
            case "CNAME" -> writeName(out, entry.data().get(0));
            case "SRV" -> {
                for (int i = 0; i < 3; i++) {
                    out.writeShort(entry.number(i));
                }
                writeName(out, entry.data().get(3));
            }
            case "NAPTR" -> {
                out.writeShort(entry.number(0)).writeShort(entry.number(1));
                for (int i = 2; i < 5; i++) {
                    out.writeByte(entry.text(i).length()).writeCharSequence(entry.text(i), StandardCharsets.US_ASCII);
                }
                writeName(out, entry.data().get(5));
            }
            default -> throw new IllegalArgumentException(entry.toString());
        }
        return out;
    }

    private static void writeName(ByteBuf out, String name) {
        String relative = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        List<String> labels = relative.isEmpty() ? List.of() : List.of(relative.split("\\.", -1));
        for (String label : labels) {
            out.writeByte(label.length()).writeCharSequence(label, StandardCharsets.US_ASCII);
        }
        out.writeByte(0);
    }

    @Override
    public void close() {
        udp.close().syncUninterruptibly();
        tcp.close().syncUninterruptibly();
    }
}
