/**
 * Measurements: JMH benchmarks, and the heap that bindings and waiting transactions need.
 *
 * <p>Start with {@code README.md} of this module, which names the command and the latest figures of each.
 * {@code ParseBenchmark} measures single operations of the message library.
 *
 * <p>Not published. Does not cover the comparison with Kamailio: see {@code compare.sh}.
 */
@NullMarked
package org.sipproxy.benchmarks;

import org.jspecify.annotations.NullMarked;
