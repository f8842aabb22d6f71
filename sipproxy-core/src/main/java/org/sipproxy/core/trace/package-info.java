/**
 * The messages of a proxy as a ladder, for tests, demos and traces.
 *
 * <p>Start with {@link org.sipproxy.core.trace.Ladder}, a wire listener that records messages and draws them.
 * {@link org.sipproxy.core.trace.LadderDrawing} draws line by line, for a program that prints messages as they happen.
 */
@NullMarked
package org.sipproxy.core.trace;

import org.jspecify.annotations.NullMarked;
