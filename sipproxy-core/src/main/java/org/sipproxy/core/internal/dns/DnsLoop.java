package org.sipproxy.core.internal.dns;

import io.netty.channel.EventLoop;

/**
 * The event loop that lookups run on.
 *
 * @param loop stays its owner's to shut down
 * @param epoll true if it serves epoll's channels, false if those of the JDK's selectors
 */
public record DnsLoop(EventLoop loop, boolean epoll) {}
