/**
 * States and counters that a proxy reports.
 *
 * <p>{@code ProxyHealth} is for load balancers and monitors, {@code ProxyStatistics} holds the counters, and
 * {@code StoreStatus} describes the location store and its database. {@code SipProxy} returns all three.
 * {@code BindFailedException} reports a listening point that could not be opened.
 *
 * <p>Does not cover security events: see sipproxy-api.
 */
@NullMarked
package org.sipproxy.core.status;

import org.jspecify.annotations.NullMarked;
