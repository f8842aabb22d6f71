package org.sipproxy.core.internal.forwarding;

import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;

/** Writer of locally generated responses. */
public interface LocalResponseWriter {

    /** Returns the response's bytes, with a To tag unless it is a 100. */
    byte[] write(RequestContext context, int statusCode);

    /** Returns the bytes of a response with its own reason phrase and header lines. */
    byte[] write(RequestContext context, Outcome.Respond response);
}
