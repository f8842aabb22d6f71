/** Stateful relay: RFC 3261 §16.6 to §16.10. */
@NullMarked
package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.NullMarked;
