package org.sipproxy.api.location;

import java.io.Serial;

/** The store could not read or keep bindings; the request is answered 500 and nothing was changed. */
public final class LocationStoreException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    public LocationStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
