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

/** Typed header objects as text for the wire. */
final class HeaderText {

    private HeaderText() {}

    /** The headers that a given object stands for: the elements of an RI list, or itself. */
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
            throw new IllegalStateException("the RI refuses the length " + length, e);
        }
        return header;
    }

    /** What stands behind the colon. */
    static String valueOf(Header header) {
        if (header instanceof ExtensionHeader extension) {
            String value = extension.getValue();
            return value == null ? "" : value.trim();
        }
        // both the API's contract and the RI: "Name: value CR LF"
        String line = header instanceof SIPHeader ri ? ri.encode() : header.toString();
        return line.substring(line.indexOf(':') + 1).trim();
    }

    /**
     * A line end in a value would start a header of its own, or the body.
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
