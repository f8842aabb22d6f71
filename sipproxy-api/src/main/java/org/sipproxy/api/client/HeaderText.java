package org.sipproxy.api.client;

/** Check of text that becomes part of a header line. */
final class HeaderText {

    private HeaderText() {}

    /**
     * Returns the text.
     *
     * @throws IllegalArgumentException if it is empty, or contains a control character such as a line end or NUL, which
     *     would start another header
     */
    static String require(String option, String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException(option + ": empty");
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                throw new IllegalArgumentException(
                        option + ": control character " + (int) c + " at " + i + " (expected one line of text)");
            }
        }
        return text;
    }
}
