package org.sipproxy.core.internal.registrar;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The Date header line (RFC 3261 §20.17), formatted once per second. Thread-safe. */
final class DateLine {

    private static final DateTimeFormatter RFC_1123 = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** Immutable and replaced as a whole: if two threads enter a new second, both write the same line. */
    private volatile Line last = new Line(Long.MIN_VALUE, new byte[0]);

    byte[] at(long nowMillis) {
        long second = Math.floorDiv(nowMillis, 1000L);
        Line line = last;
        if (line.second != second) {
            String text = "Date: " + RFC_1123.format(Instant.ofEpochSecond(second)) + "\r\n";
            line = new Line(second, text.getBytes(StandardCharsets.US_ASCII));
            last = line;
        }
        return line.bytes;
    }

    private record Line(long second, byte[] bytes) {}
}
