/**
 * SIP messages: a byte index over the received text, read by the engine without allocation, and the javax.sip view of the
 * same bytes for hosts.
 *
 * <p>Messages are owned by one thread at a time and are not safe for concurrent use.
 */
@NullMarked
package org.sipproxy.api.message;

import org.jspecify.annotations.NullMarked;
