package org.sipproxy.core.internal.dns;

import io.netty.channel.EventLoop;

/**
 * The event loop on which look-ups run.
 *
 * @param loop owned by the caller, which shuts it down
 * @param epoll true if it serves epoll channels, false for the JDK's selectors
 */
public record DnsLoop(EventLoop loop, boolean epoll) {}
