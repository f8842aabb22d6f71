/**
 * SIP messages for the JVM: {@link org.sipproxy.message.SipMessage#parse} reads a request or response, and its accessors parse one
 * header at a time over the received bytes. Start with {@link org.sipproxy.message.SipRequest} and
 * {@link org.sipproxy.message.SipResponse}; {@link org.sipproxy.message.SipUri}, {@link org.sipproxy.message.NameAddress} and
 * {@link org.sipproxy.message.Via} are the values inside.
 *
 * <p>All types are immutable and safe for use by several threads. Bodies are bytes; SDP is not parsed. Typed {@code javax.sip} headers
 * are in {@code org.sipproxy.message.jain}, positions and edits by position in {@code org.sipproxy.message.wire}.
 */
@NullMarked
package org.sipproxy.message;

import org.jspecify.annotations.NullMarked;
