/**
 * Guards for calls into code of the host application or of an add-on.
 *
 * <p>{@code HostCall} is the catch block around such a call; its table lists the outcome for each kind of call.
 * {@code GuardedStore} applies it to the location store, and {@code HostFailedException} ends a request whose host code
 * failed.
 *
 * <p>Does not guard the proxy's own threads: see {@code Guard} in {@code internal.time}.
 */
@NullMarked
package org.sipproxy.core.internal.guard;

import org.jspecify.annotations.NullMarked;
