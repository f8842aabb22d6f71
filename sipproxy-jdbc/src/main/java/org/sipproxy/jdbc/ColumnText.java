package org.sipproxy.jdbc;

/**
 * Rules for texts from the network that are stored in columns. A key, by which rows are found, is looked up only if it
 * {@link #isStorable}: a changed key could find a row of another user. A text that is only displayed is made
 * {@link #storable}.
 */
final class ColumnText {

    private ColumnText() {}

    /** Returns at most {@code width} characters as PostgreSQL counts them: code points. */
    static String cut(String text, int width) {
        if (text.length() <= width) {
            return text;
        }
        int end = 0;
        for (int i = 0; i < width && end < text.length(); i++) {
            end += Character.charCount(text.codePointAt(end));
        }
        return text.substring(0, end);
    }

    /** Returns true if a UTF-8 database can hold the text: it has neither a NUL nor half a surrogate pair. */
    static boolean isStorable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return false;
            }
            if (Character.isSurrogate(c)) {
                i++; // past the other half
                if (Character.isLowSurrogate(c) || i == text.length() || !Character.isLowSurrogate(text.charAt(i))) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Returns the text as a UTF-8 database can hold it: NUL is removed, half a surrogate pair becomes a question mark.
     */
    static String storable(String text) {
        return isStorable(text) ? text : cleaned(text);
    }

    private static String cleaned(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .filter(c -> c != 0)
                .forEach(c ->
                        out.appendCodePoint(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c));
        return out.toString();
    }

    /** Returns the text in ASCII, for a database whose encoding lacks a character. */
    static String ascii(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> out.append(c > 0 && c < 128 ? (char) c : '?'));
        return out.toString();
    }
}
