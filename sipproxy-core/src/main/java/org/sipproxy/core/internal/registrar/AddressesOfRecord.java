package org.sipproxy.core.internal.registrar;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.message.SipUri;

/** Which address-of-record a URI names, whatever alias of ours it is written with. */
@FunctionalInterface
public interface AddressesOfRecord {

    /** The canonical address; null if it is not one of ours. */
    @Nullable
    Aor of(SipUri uri);
}
