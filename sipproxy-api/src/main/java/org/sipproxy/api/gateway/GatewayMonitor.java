package org.sipproxy.api.gateway;

import java.util.List;

/**
 * A component with gateways or accounts at providers, as monitoring sees it. Monitoring finds it among {@link
 * org.sipproxy.api.component.ProxyRuntime#components}.
 *
 * <p>Its methods may be called at any time by any thread, every few seconds. They must not block.
 */
public interface GatewayMonitor {

    /** Returns the present gateways. Default: none. */
    default List<GatewayFigures> gatewayFigures() {
        return List.of();
    }

    /** Returns the accounts at providers. Default: none. */
    default List<TrunkFigures> trunkFigures() {
        return List.of();
    }
}
