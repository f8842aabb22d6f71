/** Framing and writing of messages. */
@NullMarked
package org.sipproxy.core.internal.codec;

import org.jspecify.annotations.NullMarked;
