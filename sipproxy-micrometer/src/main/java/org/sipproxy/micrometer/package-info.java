/**
 * Metrics of a proxy for a Micrometer registry.
 *
 * <p>Start with {@link org.sipproxy.micrometer.SipProxyMetrics}, a component of the proxy. {@code docs/metrics.md}
 * lists all meters.
 *
 * <p>Does not cover the metrics of connection pools, which come with the pool, and those of the JVM, which Micrometer
 * has.
 */
@NullMarked
package org.sipproxy.micrometer;

import org.jspecify.annotations.NullMarked;
