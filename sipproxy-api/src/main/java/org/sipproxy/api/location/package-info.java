/** Addresses of record, their bindings, and the store that holds them. RFC 3261 §10. */
@NullMarked
package org.sipproxy.api.location;

import org.jspecify.annotations.NullMarked;
