package org.sipproxy.api.access;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import org.sipproxy.message.SipParseException;

/**
 * A regular expression to find in URIs from the network. Matching takes time linear in the length of the URI: unlike
 * with backtracking, no expression and no URI can keep a thread busy.
 *
 * <p>The syntax is that of RE2. It covers POSIX extended expressions with their named classes, such as
 * {@code [[:digit:]]}, and the common classes of Perl. It has no back-references and no look-around. Immutable and safe
 * for use by several threads.
 */
public final class UriPattern {

    /** Longest URI that can match, in characters. */
    private static final int MAX_URI = 1_024;

    private static final int MAX_TEXT = 1_024;

    /**
     * RE2's limit for one counted repetition. Here it also limits the product of nested ones, before memory is
     * allocated for them.
     */
    private static final int MAX_REPETITIONS = 1_000;

    /** Bounds the work for each character of the URI. */
    private static final int MAX_INSTRUCTIONS = 1_000;

    private final Pattern pattern;

    private UriPattern(Pattern pattern) {
        this.pattern = pattern;
    }

    /**
     * Compiles an expression of at most 1,024 characters.
     *
     * @throws IllegalArgumentException if it is malformed, uses what RE2 lacks, or is too large
     */
    public static UriPattern of(String text) {
        if (text.length() > MAX_TEXT) {
            throw new IllegalArgumentException(
                    "pattern: " + text.length() + " characters (expected at most " + MAX_TEXT + ")");
        }
        if (text.contains("\\Q")) { // Perl's quote would hide brackets from repetitions()
            throw new IllegalArgumentException("pattern: \\Q is not supported; escape each character");
        }
        if (repetitions(text, new int[1]) > MAX_REPETITIONS) {
            throw tooLarge(text);
        }
        Pattern pattern;
        try {
            pattern = Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "pattern: \"" + SipParseException.excerpt(text) + "\": " + e.getDescription()
                            + "; write it as a POSIX extended expression, without back-references and look-around",
                    e);
        }
        if (pattern.programSize() > MAX_INSTRUCTIONS) {
            throw tooLarge(text);
        }
        return new UriPattern(pattern);
    }

    private static IllegalArgumentException tooLarge(String text) {
        return new IllegalArgumentException(
                "pattern: \"" + SipParseException.excerpt(text) + "\" repeats too much; use + or * for a large {n}");
    }

    /**
     * Returns the largest product of nested counted repetitions in the group that starts at {@code at[0]}, and moves
     * {@code at[0]} past the group. The compiler rejects malformed patterns.
     */
    private static long repetitions(String text, int[] at) {
        long most = 1;
        long atom = 1;
        while (at[0] < text.length()) {
            char c = text.charAt(at[0]++);
            if (c == ')') {
                break;
            } else if (c == '(') {
                atom = repetitions(text, at);
            } else if (c == '{') {
                atom = Math.min(atom, Integer.MAX_VALUE) * count(text, at);
            } else {
                atom = c == '*' || c == '+' || c == '?' ? atom : 1;
                if (c == '\\') {
                    at[0]++;
                } else if (c == '[') {
                    skipClass(text, at);
                }
            }
            most = Math.max(most, atom);
        }
        return most;
    }

    /** Returns the greater number of <code>{n,m}</code>, 1 if there is none. */
    private static long count(String text, int[] at) {
        long number = 0;
        long most = 1;
        while (at[0] < text.length()) {
            char c = text.charAt(at[0]++);
            if (c >= '0' && c <= '9') {
                number = Math.min(number * 10 + c - '0', Integer.MAX_VALUE);
                most = Math.max(most, number);
            } else if (c == ',') {
                number = 0;
            } else {
                break;
            }
        }
        return most;
    }

    /** Skips a character class. A bracket right at its start, and those of a named class in it, do not end it. */
    private static void skipClass(String text, int[] at) {
        int i = at[0];
        if (i < text.length() && text.charAt(i) == '^') {
            i++;
        }
        if (i < text.length() && text.charAt(i) == ']') {
            i++;
        }
        while (i < text.length() && text.charAt(i) != ']') {
            if (text.startsWith("[:", i) && text.indexOf(":]", i) > 0) {
                i = text.indexOf(":]", i) + 1;
            } else if (text.charAt(i) == '\\') {
                i++;
            }
            i++;
        }
        at[0] = i + 1;
    }

    /** Returns true if the expression matches a part of the URI; false for a URI of more than 1,024 characters. */
    public boolean isFoundIn(CharSequence uri) {
        return uri.length() <= MAX_URI && pattern.matcher(uri).find();
    }

    /** Returns the expression. */
    @Override
    public String toString() {
        return pattern.pattern();
    }
}
