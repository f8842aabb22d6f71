/**
 * Configuration of gateways behind the proxy: media servers, PSTN gateways, accounts at providers.
 *
 * <p>Start with {@link org.sipproxy.api.gateway.Gateway}, which describes one of them, and
 * {@link org.sipproxy.api.gateway.TrunkAccount}, which describes an account. A
 * {@link org.sipproxy.api.gateway.GatewaySource} reads gateways from a database. The model is that of Kamailio's tables
 * {@code dispatcher} and {@code uacreg}.
 *
 * <p>Does not distribute or register anything: {@code Dispatcher} and {@code Trunk} of {@code sipproxy-gateway} do
 * that.
 */
@NullMarked
package org.sipproxy.api.gateway;

import org.jspecify.annotations.NullMarked;
