/**
 * Lines of the server's log: their formats, and those about calls.
 *
 * <p>Start reading at {@link org.sipproxy.server.logging.LogFormat}. {@code docs/logging.md} describes the lines for
 * operators.
 */
@NullMarked
package org.sipproxy.server.logging;

import org.jspecify.annotations.NullMarked;
