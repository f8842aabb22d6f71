/**
 * Gateways and media servers behind the proxy, and accounts at providers.
 *
 * <p>Start with {@link org.sipproxy.gateway.Dispatcher}, the component that a host application adds to its proxy. It
 * distributes requests over the members of a {@link org.sipproxy.gateway.GatewaySet} and watches their health.
 * {@link org.sipproxy.gateway.NumberPlan} writes telephone numbers as a gateway expects them.
 * {@link org.sipproxy.gateway.Trunk} is an account at a provider: registration, credentials, and its calls.
 *
 * <p>Media servers that share the calls, and are probed:
 *
 * <pre>{@code
 * GatewaySet.Builder servers = GatewaySet.named("media")
 *         .algorithm(Algorithm.LEAST_CALLS)
 *         .probeEvery(Duration.ofSeconds(2))
 *         .probeTimeLimit(Duration.ofSeconds(1));
 * for (String uri : uris) {
 *     servers.member(uri);
 * }
 * return Dispatcher.builder().set(servers.build()).fallback("media").build();
 * }</pre>
 *
 * <p>Does not cover media, least-cost tables or number portability.
 */
@NullMarked
package org.sipproxy.gateway;

import org.jspecify.annotations.NullMarked;
