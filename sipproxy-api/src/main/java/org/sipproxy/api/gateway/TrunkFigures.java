package org.sipproxy.api.gateway;

import java.util.Objects;

/**
 * Figures of an account at a provider. Made by its component; components may be added to this record in a minor
 * version.
 *
 * @param name its name
 * @param registers true if it is to be registered at the provider
 * @param isRegistered true if the provider has granted a registration that has not expired
 * @param failedRegistrations REGISTERs that failed since the component was built
 */
public record TrunkFigures(String name, boolean registers, boolean isRegistered, long failedRegistrations) {

    /** Checks that nothing is null. */
    public TrunkFigures {
        Objects.requireNonNull(name, "name");
    }
}
