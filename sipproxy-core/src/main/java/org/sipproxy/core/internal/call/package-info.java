/**
 * Calls that pass through the proxy: their state, events, limits and ends. Off unless the host application sets
 * {@code SipProxyBuilder.calls}.
 *
 * <p>Start with {@code CallTracker}, which finds the call of a message, and {@code TrackedCall}, the state of one call.
 *
 * <p>Lock order: the lock of a server transaction, then the monitor of a {@code TrackedCall}. Nothing is sent, and no
 * code of the host application runs, under that monitor.
 */
@NullMarked
package org.sipproxy.core.internal.call;

import org.jspecify.annotations.NullMarked;
