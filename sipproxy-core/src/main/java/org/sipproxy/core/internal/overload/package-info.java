/**
 * Overload control (RFC 5390, RFC 6357): what is handled first when more arrives than can be handled, and what is
 * refused.
 *
 * <p>Start with {@code ReceiverQueue}, which each receiver thread has, and with {@code Classifier}, which reads the
 * first header lines of a message that waits there. {@code OverloadControl} is the state of one proxy.
 *
 * <p>Does not parse messages and does not write responses: {@code MessageSink} does, which the engine implements.
 */
@NullMarked
package org.sipproxy.core.internal.overload;

import org.jspecify.annotations.NullMarked;
