/**
 * Stages of the routing pipeline: what they may read, and what they may decide.
 *
 * <p>Start with {@link org.sipproxy.api.routing.RequestStage}: it reads a {@link org.sipproxy.api.routing.StageContext}
 * and returns a {@link org.sipproxy.api.routing.Verdict}. {@link org.sipproxy.api.routing.ResponseStage} edits
 * responses, and {@link org.sipproxy.api.routing.RequestListener} is notified of completed requests.
 *
 * <p>A <i>receiver thread</i> is the thread that reads a UDP socket, or the event loop of a stream connection; it must
 * never wait. Blocking work runs on <i>worker threads</i>.
 *
 * <p>Does not cover dialogs or media. How stages get into a proxy is described in {@link org.sipproxy.api.component}.
 */
@NullMarked
package org.sipproxy.api.routing;

import org.jspecify.annotations.NullMarked;
