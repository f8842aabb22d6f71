/**
 * Gateways behind the proxy: media servers, PSTN gateways, trunks of a provider.
 *
 * <p>{@link org.sipproxy.api.gateway.Gateway} is the configuration of one of them. A
 * {@link org.sipproxy.api.gateway.GatewaySource} reads them from a database, such as the rows of Kamailio's table {@code
 * dispatcher}. The component that distributes requests over them is {@code Dispatcher} of {@code sipproxy-gateway}.
 *
 * <p>{@link org.sipproxy.api.gateway.TrunkAccount} is the configuration of an account at a provider, such as a row of
 * {@code uacreg}. Its component is {@code Trunk}.
 */
@NullMarked
package org.sipproxy.api.gateway;

import org.jspecify.annotations.NullMarked;
