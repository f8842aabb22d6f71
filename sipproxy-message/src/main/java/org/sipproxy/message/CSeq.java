package org.sipproxy.message;

import java.nio.charset.StandardCharsets;

/**
 * Value of a CSeq header (RFC 3261 §20.16).
 *
 * @param number 0 to 2,147,483,647
 * @param method the method token
 */
public record CSeq(long number, Method method) {

    /** The number must be below 2**31 (RFC 3261 §8.1.1.5). */
    static final long MAX = 0x7fff_ffffL;

    /**
     * Parses a CSeq that fills the whole text.
     *
     * @throws SipParseException if its number is not below 2**31, or its method is not a token
     */
    public static CSeq parse(String text) throws SipParseException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return parse(bytes, 0, bytes.length);
    }

    static CSeq parse(byte[] a, int from, int to) throws SipParseException {
        int end = from;
        while (end < to && Chars.isDigit(a[end])) {
            end++;
        }
        long number = Chars.number(a, from, end, MAX);
        if (number == -3) {
            throw SipParseException.at("CSeq number is not below 2147483648", a, from, to);
        }
        int methodStart = Chars.skipLws(a, end, to);
        int methodEnd = Chars.tokenEnd(a, methodStart, to);
        if (number < 0 || methodStart == end || methodEnd == methodStart || methodEnd != to) {
            throw SipParseException.at("CSeq is not a number and a method", a, from, to);
        }
        return new CSeq(number, Method.of(a, methodStart, methodEnd));
    }
}
