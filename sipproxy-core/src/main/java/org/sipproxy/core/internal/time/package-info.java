/** Timers and clocks. */
@NullMarked
package org.sipproxy.core.internal.time;

import org.jspecify.annotations.NullMarked;
