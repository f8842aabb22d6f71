package org.sipproxy.server.systemd;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unix datagram socket on which systemd receives notifications (sd_notify). The JDK does not have such sockets, so this
 * uses Netty's epoll library. Each message is sent on a socket of its own, so that a restart of systemd does not
 * matter.
 */
final class NotifySocket implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NotifySocket.class);
    private static final long PATIENCE_SECONDS = 5;

    private final String address;
    private final DomainSocketAddress remote;
    private final EventLoopGroup thread;
    private boolean failed;

    private NotifySocket(String address) {
        this.address = address;
        // a leading zero byte selects the abstract namespace
        this.remote = new DomainSocketAddress(address.startsWith("@") ? "\0" + address.substring(1) : address);
        this.thread = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("systemd-socket", true), EpollIoHandler.newFactory());
    }

    /**
     * Returns the socket with an address as in {@code NOTIFY_SOCKET}: a path, or {@code @} and a name in the abstract
     * namespace. Empty, with a line in the log, if the address is of another kind, or if Netty's library cannot be
     * loaded on this machine.
     */
    static Optional<NotifySocket> open(String address) {
        if (!address.matches("[/@].+")) {
            LOG.warn("systemd is not notified: NOTIFY_SOCKET={} is neither a path nor an abstract name", address);
            return Optional.empty();
        }
        if (!Epoll.isAvailable()) {
            LOG.warn(
                    "systemd is not notified, because Netty's epoll library cannot be loaded ({}); use Type=exec"
                            + " without WatchdogSec= in the unit",
                    String.valueOf(Epoll.unavailabilityCause()));
            return Optional.empty();
        }
        return Optional.of(new NotifySocket(address));
    }

    /** Sends a message and waits until it is sent. A failure is logged, the first of several in succession at WARN. */
    synchronized void send(String message) {
        try {
            Channel channel = new Bootstrap()
                    .group(thread)
                    .channel(EpollDomainDatagramChannel.class)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(remote)
                    .syncUninterruptibly()
                    .channel();
            try {
                channel.writeAndFlush(Unpooled.copiedBuffer(message, StandardCharsets.UTF_8))
                        .syncUninterruptibly();
                failed = false;
            } finally {
                channel.close().syncUninterruptibly();
            }
        } catch (Exception e) { // Netty rethrows the IOException of the socket, undeclared
            report(e);
        }
    }

    private void report(Exception failure) {
        String text = "systemd cannot be notified on " + address + ": " + failure;
        if (failed) {
            LOG.debug(text);
        } else {
            LOG.warn(text);
        }
        failed = true;
    }

    @Override
    public void close() {
        thread.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
