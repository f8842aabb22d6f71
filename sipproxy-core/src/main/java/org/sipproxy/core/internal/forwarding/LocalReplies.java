package org.sipproxy.core.internal.forwarding;

import org.sipproxy.core.internal.pipeline.RequestContext;

/** Writer of locally generated responses. */
@FunctionalInterface
public interface LocalReplies {

    /** Returns the response's bytes, with a To tag unless it is a 100. */
    byte[] write(RequestContext context, int statusCode);
}
