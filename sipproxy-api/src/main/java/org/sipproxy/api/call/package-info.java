/**
 * Calls that the host application can see and end.
 *
 * <p>Start with {@link org.sipproxy.api.call.Calls}, which {@code SipProxy.calls()} and
 * {@link org.sipproxy.api.component.ProxyRuntime#calls()} return if the host application has set
 * {@code SipProxyBuilder.calls}. A {@link org.sipproxy.api.call.CallListener} is notified when a call starts, rings, is
 * answered or ends. {@link org.sipproxy.api.call.Calls#hangUp} ends a call.
 *
 * <p>Does not start calls, and does not see media.
 */
@NullMarked
package org.sipproxy.api.call;

import org.jspecify.annotations.NullMarked;
