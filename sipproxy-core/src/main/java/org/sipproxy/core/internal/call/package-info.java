/**
 * Calls that pass through the proxy: their state, events, limits and ends. Off unless the host application sets
 * {@code SipProxyBuilder.calls}.
 *
 * <p>Lock order: the lock of a server transaction, then the monitor of a {@link
 * org.sipproxy.core.internal.call.TrackedCall}. Nothing is sent, and no code of the host application runs, under that
 * monitor.
 */
@NullMarked
package org.sipproxy.core.internal.call;

import org.jspecify.annotations.NullMarked;
