package org.sipproxy.api.gateway;

import java.util.Objects;

/**
 * Figures of a gateway. Made by its component; components may be added to this record in a minor version.
 *
 * @param set name of its set
 * @param id its identifier in the set
 * @param state one of a few fixed words in lower case, such as {@code active} or {@code down}
 * @param isUsable true if it gets new requests
 * @param calls calls that it accepted, or that are being set up, and that have not ended
 * @param failedProbes probes that failed since the component was built
 * @param failedRequests requests that failed since then: not sent, without any response, or answered with 503
 */
public record GatewayFigures(
        String set, String id, String state, boolean isUsable, int calls, long failedProbes, long failedRequests) {

    /** Checks that nothing is null. */
    public GatewayFigures {
        Objects.requireNonNull(set, "set");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(state, "state");
    }
}
