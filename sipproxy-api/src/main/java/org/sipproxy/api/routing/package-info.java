/**
 * Stages of the routing pipeline: what they may read, and what they may decide.
 *
 * <p>Start with {@link org.sipproxy.api.routing.RequestStage}: it reads a {@link org.sipproxy.api.routing.StageContext}
 * and returns a {@link org.sipproxy.api.routing.Verdict}. A {@link org.sipproxy.api.routing.RelayPlan} says what
 * follows a failure. {@link org.sipproxy.api.routing.ResponseStage} edits responses, and {@link
 * org.sipproxy.api.routing.RequestListener} is notified of completed requests.
 *
 * <p>A <i>receiver thread</i> is the thread that reads a UDP socket, or the event loop of a stream connection; it must
 * never wait. Blocking work runs on threads of stages.
 *
 * <p>Does not cover dialogs or media. {@link org.sipproxy.api.component} describes how stages get into a proxy.
 */
@NullMarked
package org.sipproxy.api.routing;

import org.jspecify.annotations.NullMarked;
