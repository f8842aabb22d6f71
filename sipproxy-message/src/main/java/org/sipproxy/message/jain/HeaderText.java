package org.sipproxy.message.jain;

import gov.nist.javax.sip.header.ContentLength;
import gov.nist.javax.sip.header.SIPHeader;
import gov.nist.javax.sip.header.SIPHeaderList;
import java.util.ArrayList;
import java.util.List;
import javax.sip.InvalidArgumentException;
import javax.sip.header.ExtensionHeader;
import javax.sip.header.Header;
import org.sipproxy.message.SipParseException;

/** Conversion of typed header objects to text for the wire. */
final class HeaderText {

    private HeaderText() {}

    /** Returns the headers that an object stands for: the elements of an RI list, or the object itself. */
    static List<Header> elementsOf(Header header) {
        if (header instanceof SIPHeaderList<?> list) {
            return new ArrayList<>(list.getHeaderList());
        }
        return List.of(header);
    }

    static Header contentLength(int length) {
        ContentLength header = new ContentLength();
        try {
            header.setContentLength(length);
        } catch (InvalidArgumentException e) {
            throw new IllegalStateException("the RI rejects the length " + length, e);
        }
        return header;
    }

    /** Returns the text after the colon. */
    static String valueOf(Header header) {
        if (header instanceof ExtensionHeader extension) {
            String value = extension.getValue();
            return value == null ? "" : value.trim();
        }
        // required by the API's contract, and what the RI does: "Name: value CR LF"
        String line = header instanceof SIPHeader ri ? ri.encode() : header.toString();
        return line.substring(line.indexOf(':') + 1).trim();
    }

    /**
     * Rejects a text with a line end, which would start another header or the body.
     *
     * @throws IllegalArgumentException if there is one
     */
    static void checkOneLine(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\r' || c == '\n') {
                throw new IllegalArgumentException("header or URI: \"" + SipParseException.excerpt(text)
                        + "\" holds a line end; it must be one line");
            }
        }
    }
}
