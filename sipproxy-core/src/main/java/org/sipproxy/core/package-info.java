/**
 * Entry point of the SIP proxy: {@code SipProxy} and {@code SipProxyBuilder}.
 *
 * <p>Start with {@code SipProxy#builder}. The packages {@code options} and {@code status} hold the settings that a host
 * application chooses and the states and counters that a proxy reports. Stages, components and stores that a host
 * application implements are in sipproxy-api.
 *
 * <p>Everything below {@code internal} may change at any time.
 */
@NullMarked
package org.sipproxy.core;

import org.jspecify.annotations.NullMarked;
