/**
 * What a running proxy reports about itself: counters, readiness, and the state of its location store.
 *
 * <p>Start with {@link org.sipproxy.api.status.ProxyStatistics}, which {@code SipProxy.statistics()} and
 * {@link org.sipproxy.api.component.ProxyRuntime#statistics()} return.
 *
 * <p>Does not cover counters of components, such as those of accounting or of the flood guard: the components return
 * them.
 */
@NullMarked
package org.sipproxy.api.status;

import org.jspecify.annotations.NullMarked;
