package org.sipproxy.api.transport;

/**
 * Decision that an {@link ArrivalFilter} would make, for an explanation.
 *
 * @param filter the name of the filter, as operators know it
 * @param accepts false if what arrives would be dropped
 * @param why what decides, such as an access rule
 */
public record ArrivalDecision(String filter, boolean accepts, String why) {}
