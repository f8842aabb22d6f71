package org.sipproxy.jdbc;

/** Makes texts from the wire fit for a column. */
final class ColumnText {

    private ColumnText() {}

    /** At most {@code width} characters as PostgreSQL counts them: code points. */
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

    /** Without what no UTF-8 database can hold: NUL goes, half a surrogate pair becomes a question mark. */
    static String storable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0 || Character.isSurrogate(c)) {
                return cleaned(text);
            }
        }
        return text;
    }

    private static String cleaned(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .filter(c -> c != 0)
                .forEach(c ->
                        out.appendCodePoint(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c));
        return out.toString();
    }

    /** Only ASCII, for a database whose encoding lacks a character. */
    static String ascii(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> out.append(c > 0 && c < 128 ? (char) c : '?'));
        return out.toString();
    }
}
