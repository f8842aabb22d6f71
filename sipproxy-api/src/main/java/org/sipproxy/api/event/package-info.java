/**
 * Listeners for what a proxy reports to its host application.
 *
 * <p>Start with {@link org.sipproxy.api.event.ProxyListener}, which is notified of each
 * {@link org.sipproxy.api.event.SecurityEvent}: rejected credentials, lockouts, access rules and limits.
 * {@link org.sipproxy.api.event.RefusalListener} is notified of everything that the proxy refuses,
 * {@link org.sipproxy.api.event.DatabaseListener} of operations on databases.
 * {@link org.sipproxy.api.event.WireListener} gets every {@link org.sipproxy.api.event.WireMessage}, for a trace.
 *
 * <p>Does not cover changes of bindings ({@link org.sipproxy.api.location.LocationListener}) and completed requests
 * ({@link org.sipproxy.api.routing.RequestListener}).
 */
@NullMarked
package org.sipproxy.api.event;

import org.jspecify.annotations.NullMarked;
