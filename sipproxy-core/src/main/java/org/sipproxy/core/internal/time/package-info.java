/**
 * Clocks, timers, and guards of threads.
 *
 * <p>Start with {@code ProxyTime}, the time source of one proxy, and {@code TimerWheel}, which fires each
 * {@code Timer}. {@code Deadline} bounds several waits together. {@code Guard} is the outermost catch block of a
 * thread, and {@code FailureLog} limits how often a failure is logged.
 *
 * <p>Does not run threads: {@code internal.engine} advances the wheel.
 */
@NullMarked
package org.sipproxy.core.internal.time;

import org.jspecify.annotations.NullMarked;
