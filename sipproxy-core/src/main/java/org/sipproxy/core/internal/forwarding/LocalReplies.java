package org.sipproxy.core.internal.forwarding;

import org.sipproxy.core.internal.pipeline.RequestContext;

/** Writes a response of our own to a request. */
@FunctionalInterface
public interface LocalReplies {

    /** The response's bytes, with a To tag unless it is a 100. */
    byte[] write(RequestContext context, int statusCode);
}
