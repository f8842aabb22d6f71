/**
 * Differences between Netty 4.1 and 4.2, of which the host application has one.
 *
 * <p>Start with {@code EventLoops}, which opens the event loops of either version. {@code GuardedLoops} keeps those of
 * 4.2 running after an Error, and {@code NettyVersion} words the failure if Netty is missing or too old.
 *
 * <p>Does not open connections: see {@code internal.transport}.
 */
@NullMarked
package org.sipproxy.core.internal.netty;

import org.jspecify.annotations.NullMarked;
