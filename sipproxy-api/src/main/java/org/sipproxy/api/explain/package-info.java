/**
 * Explanations: what the proxy would do with a request, without sending it.
 *
 * <p>Start with {@link org.sipproxy.api.explain.ExplainRequest}, which describes the request and its sender.
 * {@code SipProxy.explain} returns an {@link org.sipproxy.api.explain.Explanation}: the decision of each stage, and the
 * result.
 *
 * <p>A stage or arrival filter of the host application takes part only if it declares that it may be rehearsed
 * ({@link org.sipproxy.api.routing.RequestStage#isRehearsable},
 * {@link org.sipproxy.api.transport.ArrivalFilter#rehearse}). Does not cover responses, or failures while a request is
 * forwarded.
 */
@NullMarked
package org.sipproxy.api.explain;

import org.jspecify.annotations.NullMarked;
