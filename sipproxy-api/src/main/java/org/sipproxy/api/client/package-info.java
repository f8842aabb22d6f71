/**
 * Requests that the host application or a component sends itself: OPTIONS to a gateway, MESSAGE to a user, NOTIFY for
 * message waiting, REGISTER at a provider. And calls that it sets up between two users, as for click-to-dial.
 *
 * <p>Start with {@link org.sipproxy.api.client.RequestClient}, which {@code SipProxy.requests()} and {@link
 * org.sipproxy.api.component.ProxyRuntime#requests()} return. It sends an {@link
 * org.sipproxy.api.client.OutgoingRequest} and returns a future with the final response. {@link
 * org.sipproxy.api.client.DigestLogin} answers the challenges of the server. A component that adds credentials to
 * forwarded requests uses {@link org.sipproxy.api.auth.DigestSession}.
 *
 * <p>{@link org.sipproxy.api.client.RequestClient#connect} connects two users by third-party call control (RFC 3725)
 * and returns a {@link org.sipproxy.api.client.ThirdPartyCall}.
 *
 * <p>Does not cover other dialogs, and does not receive requests: a
 * {@link org.sipproxy.api.routing.RequestStage} does that.
 */
@NullMarked
package org.sipproxy.api.client;

import org.jspecify.annotations.NullMarked;
