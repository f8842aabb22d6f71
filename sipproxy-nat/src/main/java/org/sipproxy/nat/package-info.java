/**
 * NAT traversal: detection of clients behind NATs, routing to them, and keepalives.
 *
 * <p>Start with {@link org.sipproxy.nat.NatTraversal}, the component that a host application adds to its proxy.
 * {@link org.sipproxy.nat.NatTest} lists the signs by which a NAT is detected, {@link org.sipproxy.nat.PingMethod} the
 * kinds of keepalive. {@link org.sipproxy.nat.NatStatistics} and {@link org.sipproxy.nat.FlowHealth} report what the
 * component does.
 *
 * <p>Defaults are {@code NatTraversal.builder().build()}; the options of a usual Kamailio script are:
 *
 * <pre>{@code
 * return NatTraversal.builder()
 *         .tests(NatTest.fromKamailioFlags(19))
 *         .ping(PingMethod.OPTIONS, Duration.ofSeconds(15))
 *         .removeAfter(4)
 *         .build();
 * }</pre>
 *
 * <p>Not covered: media. SDP is not changed, and there is no media relay.
 */
@NullMarked
package org.sipproxy.nat;

import org.jspecify.annotations.NullMarked;
