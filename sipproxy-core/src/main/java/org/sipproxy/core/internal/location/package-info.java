/** The location store in memory. */
@NullMarked
package org.sipproxy.core.internal.location;

import org.jspecify.annotations.NullMarked;
