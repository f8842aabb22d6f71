/**
 * The {@code javax.sip} view of messages: {@link org.sipproxy.message.jain.JainRequest} and
 * {@link org.sipproxy.message.jain.JainResponse} implement {@code javax.sip.message.Request} and {@code Response} over an immutable
 * {@code SipMessage}. The JAIN-SIP reference implementation (RI) parses a header when it is first asked for; edits are written into a
 * copy of the bytes, and every other header and the body stay as they were.
 *
 * <p>Nothing outside this package loads a class of the RI. Start with {@code JainRequest.of(request)}; a routing stage gets the view
 * from its context. Views are mutable and not safe for use by several threads. Does not provide stacks, transactions or dialogs.
 */
@NullMarked
package org.sipproxy.message.jain;

import org.jspecify.annotations.NullMarked;
