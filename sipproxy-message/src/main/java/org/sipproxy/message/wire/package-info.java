/**
 * Positions in the received bytes of a message, and edits by position. For stages on the message path that cannot afford a String
 * or a copy; everything else is easier with {@code org.sipproxy.message}.
 *
 * <p>Start with {@link org.sipproxy.message.wire.MessageIndex}, which {@code SipMessage.index()} returns, and
 * {@link org.sipproxy.message.wire.Splice}, which {@code SipRequest.with} and {@code SipResponse.with} apply. This package may change
 * between minor versions.
 */
@NullMarked
package org.sipproxy.message.wire;

import org.jspecify.annotations.NullMarked;
