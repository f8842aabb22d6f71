/** The four state machines of RFC 3261 §17 with RFC 6026 and RFC 4320. */
@NullMarked
package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.NullMarked;
