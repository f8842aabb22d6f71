/**
 * A softphone without sound on the JAIN-SIP reference implementation, so that the proxy is used with another SIP stack.
 *
 * <p>Start reading at {@link org.sipproxy.server.phone.RiPhone}: it registers, calls, hangs up, and answers every
 * call.
 *
 * <p>Supports UDP only. For tests of an application use the phones of {@code sipproxy-testkit}, which support all
 * transports.
 */
@NullMarked
package org.sipproxy.server.phone;

import org.jspecify.annotations.NullMarked;
