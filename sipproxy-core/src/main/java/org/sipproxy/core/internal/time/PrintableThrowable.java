package org.sipproxy.core.internal.time;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Copy of a throwable for a log: the same types, stack traces and causes, but each control character in a message is
 * written as {@code \n} or {@code \x1b}. A message may quote what a peer sent, and a line end in it would start a
 * forged log line.
 */
final class PrintableThrowable extends Throwable {

    private static final long serialVersionUID = 1L;

    /** Longer chains, and cycles, are truncated. */
    private static final int MOST_CAUSES = 16;

    private static final int MOST_CHARS = 4_096;

    private final String text;

    private PrintableThrowable(Throwable original, @Nullable Throwable cause) {
        super(printable(original.toString()), cause);
        this.text = printable(original.toString());
        setStackTrace(original.getStackTrace());
    }

    /** Returns the throwable itself if all its messages are printable, otherwise a printable copy. */
    static Throwable of(Throwable e) {
        Throwable at = e;
        for (int depth = 0; at != null && depth < MOST_CAUSES; depth++) {
            if (!isPrintable(at.toString()) || at.getSuppressed().length > 0 && !arePrintable(at.getSuppressed())) {
                return copy(e, 0);
            }
            at = at.getCause();
        }
        return e;
    }

    private static boolean arePrintable(Throwable[] suppressed) {
        for (Throwable one : suppressed) {
            if (of(one) != one) {
                return false;
            }
        }
        return true;
    }

    private static PrintableThrowable copy(Throwable e, int depth) {
        Throwable cause = e.getCause();
        PrintableThrowable copy =
                new PrintableThrowable(e, cause == null || depth >= MOST_CAUSES ? null : copy(cause, depth + 1));
        for (Throwable one : e.getSuppressed()) {
            if (depth < MOST_CAUSES) {
                copy.addSuppressed(copy(one, depth + MOST_CAUSES / 2));
            }
        }
        return copy;
    }

    /** Returns type and message, and those of each cause, in one line. */
    static String line(Throwable e) {
        StringBuilder line = new StringBuilder(printable(e.toString()));
        Throwable at = e.getCause();
        for (int depth = 0; at != null && depth < MOST_CAUSES; depth++) {
            line.append("; caused by ").append(printable(at.toString()));
            at = at.getCause();
        }
        return line.toString();
    }

    private static boolean isPrintable(String text) {
        return text.length() <= MOST_CHARS && text.chars().noneMatch(Character::isISOControl);
    }

    private static String printable(String text) {
        if (isPrintable(text)) {
            return text;
        }
        StringBuilder out = new StringBuilder(Math.min(text.length(), MOST_CHARS) + 16);
        for (int i = 0; i < text.length() && i < MOST_CHARS; i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                out.append("\\n");
            } else if (Character.isISOControl(c)) {
                out.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
            } else {
                out.append(c);
            }
        }
        return text.length() > MOST_CHARS ? out.append("...").toString() : out.toString();
    }

    @Override
    @SuppressWarnings("OverrideThrowableToString") // shows the type of the original
    public String toString() {
        return text;
    }
}
