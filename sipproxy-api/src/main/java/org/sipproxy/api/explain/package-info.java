/**
 * Explanations: what the proxy would do with a request, without sending it.
 *
 * <p>Start with {@link org.sipproxy.api.explain.ExplainRequest}, which describes the request and its sender.
 * {@code SipProxy.explain} returns an {@link org.sipproxy.api.explain.Explanation}.
 */
@NullMarked
package org.sipproxy.api.explain;

import org.jspecify.annotations.NullMarked;
