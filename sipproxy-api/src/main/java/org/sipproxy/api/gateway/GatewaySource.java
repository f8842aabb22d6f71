package org.sipproxy.api.gateway;

import java.util.List;

/** Source of gateways, such as the database table {@code dispatcher} that a Kamailio may share. */
@FunctionalInterface
public interface GatewaySource {

    /**
     * Reads all current gateways, of all sets. Called when the proxy starts and for each reload. It may block, so it is
     * never called on a receiver thread. Invalid entries are skipped and logged, so that one typo does not disable the
     * rest.
     *
     * @throws RuntimeException if the gateways cannot be read at all; the caller then keeps its gateways
     */
    List<Gateway> read();
}
