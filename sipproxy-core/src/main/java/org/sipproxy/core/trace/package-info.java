/**
 * The messages of a proxy as a ladder, for tests, demos and traces.
 *
 * <p>Start with {@link org.sipproxy.core.trace.Ladder}, a wire listener that records messages and draws them.
 * {@link org.sipproxy.core.trace.LadderDrawing} draws line by line, for a program that prints messages as they happen,
 * and {@link org.sipproxy.core.trace.MessageText} makes texts from the wire safe to print.
 *
 * <p>Does not filter or decode messages, and does not write files.
 */
@NullMarked
package org.sipproxy.core.trace;

import org.jspecify.annotations.NullMarked;
