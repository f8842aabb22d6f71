/** Measurements: JMH benchmarks, and the heap that bindings and waiting transactions need. */
@NullMarked
package org.sipproxy.benchmarks;

import org.jspecify.annotations.NullMarked;
