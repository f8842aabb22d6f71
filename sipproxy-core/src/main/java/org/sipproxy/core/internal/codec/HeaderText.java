package org.sipproxy.core.internal.codec;

/** Positions in the bytes of a header value. */
public final class HeaderText {

    private HeaderText() {}

    /** Returns the position of the first unquoted opening bracket in {@code [from, to)}; −1 if there is none. */
    public static int openingBracket(byte[] a, int from, int to) {
        boolean quoted = false;
        for (int i = from; i < to; i++) {
            if (quoted && a[i] == '\\') {
                i++;
            } else if (a[i] == '"') {
                quoted = !quoted;
            } else if (a[i] == '<' && !quoted) {
                return i;
            }
        }
        return -1;
    }
}
