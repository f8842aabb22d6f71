/** Measurements. */
@NullMarked
package org.sipproxy.benchmarks;

import org.jspecify.annotations.NullMarked;
