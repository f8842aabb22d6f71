/**
 * Wiring of all layers. The only package that depends on all others.
 *
 * <p>Start with {@code ProxyEngine}, which creates, starts and stops the parts. A message arrives at {@code
 * MessageDispatcher}, which passes it to {@code RequestDispatcher}, {@code AckDispatcher} or {@code
 * ResponseDispatcher}. {@code LocalResponses} writes responses, {@code RefusalLog} logs what was refused, and {@code
 * Components} calls the hooks. {@code WorkerPool} runs stages that may block, and {@code TimerThread} the timers.
 *
 * <p>Does not decide about a request: see {@code internal.pipeline}.
 */
@NullMarked
package org.sipproxy.core.internal.engine;

import org.jspecify.annotations.NullMarked;
