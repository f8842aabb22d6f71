/**
 * SIP messages: an immutable view of the received bytes whose headers are parsed one at a time, on access.
 *
 * <p>Start with {@link org.sipproxy.message.SipMessage#parse}, which returns a {@link org.sipproxy.message.SipRequest}
 * or {@link org.sipproxy.message.SipResponse}. {@link org.sipproxy.message.SipUri},
 * {@link org.sipproxy.message.NameAddress} and {@link org.sipproxy.message.Via} are the parsed values. All types except
 * builders, and a {@link org.sipproxy.message.HostMap} to which hosts are added, are safe for use by several threads.
 *
 * <p>Does not parse bodies: they are bytes, SDP included. Typed {@code javax.sip} headers are in
 * {@code org.sipproxy.message.jain}, positions and edits by position in {@code org.sipproxy.message.wire}.
 */
@NullMarked
package org.sipproxy.message;

import org.jspecify.annotations.NullMarked;
