package org.sipproxy.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Socket in the place of systemd's. */
final class NotificationReceiver implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 30;

    private final MultiThreadIoEventLoopGroup thread = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final Channel channel;

    NotificationReceiver(Path path) {
        channel = new Bootstrap()
                .group(thread)
                .channel(EpollDomainDatagramChannel.class)
                .handler(new SimpleChannelInboundHandler<DomainDatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext context, DomainDatagramPacket packet) {
                        received.add(packet.content().toString(StandardCharsets.UTF_8));
                    }
                })
                .bind(new DomainSocketAddress(path.toString()))
                .syncUninterruptibly()
                .channel();
    }

    /** Waits for the next message that fits; earlier ones are dropped. */
    String await(Predicate<String> fits) throws InterruptedException {
        List<String> others = new ArrayList<>();
        while (true) {
            String message = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(message).as("others: %s", others).isNotNull();
            if (fits.test(message)) {
                return message;
            }
            others.add(message);
        }
    }

    /** Waits for the next message. */
    String next() throws InterruptedException {
        return await(any -> true);
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        thread.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
