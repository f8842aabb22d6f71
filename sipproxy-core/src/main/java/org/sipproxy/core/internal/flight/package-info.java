/**
 * Events for the JDK's flight recorder.
 *
 * <p>Start reading at {@link org.sipproxy.core.internal.flight.FlightEvents}. Each event is a class;
 * {@code docs/jfr.md} lists their names and fields. While nothing records, no event is created. A Java runtime without
 * the module {@code jdk.jfr} works too: only this package uses it, and then none of the event classes is loaded.
 */
@NullMarked
package org.sipproxy.core.internal.flight;

import org.jspecify.annotations.NullMarked;
