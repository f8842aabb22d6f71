/**
 * Stages of the routing pipeline: what they may read, and what they may decide.
 *
 * <p>Start with {@link org.sipproxy.api.routing.RequestStage}: it reads a {@link org.sipproxy.api.routing.StageContext}
 * and returns a {@link org.sipproxy.api.routing.Verdict}. A {@link org.sipproxy.api.routing.RelayPlan} says what
 * follows a failure. {@link org.sipproxy.api.routing.ResponseStage} edits responses, and {@link
 * org.sipproxy.api.routing.RequestListener} is notified of completed requests.
 *
 * <p>A stage that sends calls to the voicemail after 20 seconds:
 *
 * <pre>{@code
 * private Verdict route(StageContext context) throws SipParseException {
 *     SipUri callee = context.request().requestUri();
 *     if (!context.isMyself(callee)) {
 *         return Verdict.proceed();
 *     }
 *     return Verdict.relay(RelayPlan.toCallee()
 *             .ringFor(Duration.ofSeconds(20))
 *             .onFailure(BUSY, NO_ANSWER, NOT_REGISTERED, UNREACHABLE)
 *             .relay(RelayPlan.to(server).withHeader("Diversion", "<" + callee + ">")));
 * }
 * }</pre>
 *
 * <p>A <i>receiver thread</i> is the thread that reads a UDP socket, or the event loop of a stream connection; it must
 * never wait. Blocking work runs on threads of stages.
 *
 * <p>Does not cover dialogs or media. {@link org.sipproxy.api.component} describes how stages get into a proxy.
 */
@NullMarked
package org.sipproxy.api.routing;

import org.jspecify.annotations.NullMarked;
