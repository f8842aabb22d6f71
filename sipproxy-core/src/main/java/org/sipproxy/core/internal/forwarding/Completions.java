package org.sipproxy.core.internal.forwarding;

import java.util.List;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.pipeline.RequestContext;

/** Is told of requests that got their final response. */
@FunctionalInterface
public interface Completions {

    /**
     * A request was answered.
     *
     * @param response the response as it was sent
     * @param targets where the request was relayed; empty if the answer is ours alone
     */
    void completed(RequestContext context, int statusCode, byte[] response, List<Target> targets);
}
