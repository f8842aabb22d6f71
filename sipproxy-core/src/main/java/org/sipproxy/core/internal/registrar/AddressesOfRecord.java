package org.sipproxy.core.internal.registrar;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.message.SipUri;

/** Mapping from URIs to canonical AORs, across all aliases of this proxy. */
@FunctionalInterface
public interface AddressesOfRecord {

    /** Returns the canonical AOR; null if the URI does not name one of this proxy. */
    @Nullable
    Aor of(SipUri uri);
}
