/**
 * Positions in the received bytes of a message, and edits by position.
 *
 * <p>For stages on the message path that cannot afford a String or a copy. Start with
 * {@link org.sipproxy.message.wire.MessageIndex}, which {@code SipMessage.index()} returns, and
 * {@link org.sipproxy.message.wire.Splice}, which {@code SipRequest.with} and {@code SipResponse.with} apply.
 *
 * <p>Does not interpret header values: use {@code org.sipproxy.message} where speed allows.
 */
@Beta
@NullMarked
package org.sipproxy.message.wire;

import org.jspecify.annotations.NullMarked;
import org.sipproxy.annotation.Beta;
