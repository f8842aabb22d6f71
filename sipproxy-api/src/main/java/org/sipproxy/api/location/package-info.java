/**
 * Addresses-of-record, their bindings, and the store that holds them (RFC 3261 §10).
 *
 * <p>Start with {@link org.sipproxy.api.location.LocationStore} to read or change bindings of a running proxy, and with
 * {@link org.sipproxy.api.location.StoreMode} to choose where they are kept. Databases implement
 * {@link org.sipproxy.api.location.BindingRepository}, and a {@link org.sipproxy.api.location.LocationListener} is
 * notified of changes.
 *
 * <p>Where a user is registered, and a mode that keeps registrations in rows of a database:
 *
 * <pre>{@code
 * return proxy.locationStore().lookup(new Aor(user, "sip.test"));
 *
 * case 1 -> StoreMode.writeThrough(rows); // what got a 200 is in the database
 * }</pre>
 *
 * <p>Does not cover the processing of REGISTER requests: the proxy's registrar does that.
 */
@NullMarked
package org.sipproxy.api.location;

import org.jspecify.annotations.NullMarked;
