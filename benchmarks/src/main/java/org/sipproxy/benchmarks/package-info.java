/** Measurements: JMH benchmarks, and what a binding and a waiting transaction cost in heap. */
@NullMarked
package org.sipproxy.benchmarks;

import org.jspecify.annotations.NullMarked;
