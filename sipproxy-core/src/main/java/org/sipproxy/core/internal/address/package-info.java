/**
 * Policy of the addresses that messages may be sent to, and on whose behalf.
 *
 * <p>Start with {@code AddressPolicy}, which applies {@code ContactPolicy} to requests, responses and registrations.
 * {@code AddressClass} classifies an address by its bits, {@code Sender} is the party on whose behalf a message is
 * sent, and {@code SourceNetwork} groups addresses into sources for limits.
 *
 * <p>Does not resolve names: see {@code internal.dns}.
 */
@NullMarked
package org.sipproxy.core.internal.address;

import org.jspecify.annotations.NullMarked;
