/**
 * The {@code javax.sip} view of messages.
 *
 * <p>{@link org.sipproxy.message.jain.JainRequest} and {@link org.sipproxy.message.jain.JainResponse} implement
 * {@code javax.sip.message.Request} and {@code Response} over an immutable {@code SipMessage}. Start with
 * {@code JainRequest.of(request)}; a routing stage gets the view from its context. The JAIN-SIP reference
 * implementation (RI) parses a header when it is first accessed. Edits are written into a copy of the bytes; all other
 * headers and the body are unchanged.
 *
 * <p>Views are mutable and not safe for use by several threads. Only this package loads classes of the RI. Does not
 * provide stacks, transactions or dialogs.
 */
@NullMarked
package org.sipproxy.message.jain;

import org.jspecify.annotations.NullMarked;
