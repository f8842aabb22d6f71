/**
 * The stages that decide about a request, in RFC order.
 *
 * <p>Start with {@code RequestPipeline}: its constructor lists the stages in order, each of which is a {@code Stage}
 * that returns an {@code Outcome}. {@code RequestContext} carries what the stages have found out about one request.
 * {@code HostStage} wraps the stages of the host application and of add-ons, and {@code LocalNames} decides which names
 * belong to this proxy. {@code MessageSanity} runs before the pipeline, for responses too.
 *
 * <p>Does not forward: an {@code Outcome.Relay} is carried out by {@code internal.forwarding}.
 */
@NullMarked
package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.NullMarked;
