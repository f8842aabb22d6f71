package org.sipproxy.server.migrate;

/**
 * Word of a script.
 *
 * @param text without quotation marks for {@link Kind#STRING}
 */
record Token(Kind kind, String text, Place place) {

    enum Kind {
        /** Name, number, address or keyword. */
        WORD,
        STRING,
        /** Pseudo-variable with its dollar sign, such as {@code $avp(s:rcv)}. */
        VARIABLE,
        /** Operator, bracket or separator. */
        MARK
    }

    boolean isMark(String mark) {
        return kind == Kind.MARK && text.equals(mark);
    }

    boolean isWord(String word) {
        return kind == Kind.WORD && text.equals(word);
    }

    boolean isString() {
        return kind == Kind.STRING;
    }

    /** Returns the text that identifies the token in a comparison of two scripts. */
    String identity() {
        return kind == Kind.STRING ? '"' + text + '"' : text;
    }
}
