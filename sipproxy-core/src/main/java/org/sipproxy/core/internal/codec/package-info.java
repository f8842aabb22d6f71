/**
 * Framing of streams and writing of messages.
 *
 * <p>{@code StreamFramer} splits a stream into messages. {@code ByteWriter} is the buffer that {@code ResponseWriter}
 * and {@code DerivedRequests} write locally generated responses, ACKs and CANCELs with, and {@code ViaStamp} adds
 * received and rport. {@code RouteSignature}, {@code FlowTokens} and {@code SealedUsers} write and check the parameters
 * of this proxy's Record-Route URIs; start there for in-dialog routing.
 *
 * <p>Does not parse messages (see sipproxy-message). Forwarded messages are written by {@code internal.forwarding}.
 */
@NullMarked
package org.sipproxy.core.internal.codec;

import org.jspecify.annotations.NullMarked;
