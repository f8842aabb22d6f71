package org.sipproxy.message.jain;

import gov.nist.core.NameValue;
import gov.nist.javax.sip.header.SIPHeader;
import gov.nist.javax.sip.header.SIPHeaderList;
import gov.nist.javax.sip.parser.ParserFactory;
import gov.nist.javax.sip.parser.StringMsgParser;
import java.text.ParseException;
import javax.sip.InvalidArgumentException;
import javax.sip.address.URI;
import javax.sip.header.Header;
import org.sipproxy.message.CSeq;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.Via;

/**
 * The only caller of the parsers of the RI. They parse one element of one header at a time, after this library's own
 * grammar has accepted it, and never see:
 * <ul>
 * <li>a Via: {@code Via: SIP/2.0/UDP a (\} is an endless loop in the RI, so the RI's Via object is filled from
 *     {@link Via};
 * <li>a fold, a NUL that is not a quoted-pair of an address, or a trailing backslash;
 * <li>an element over 8 KiB, or with more parameters than {@link ParseLimits#listElements()}: the RI takes seconds for
 *     tens of kilobytes of {@code ;a=b}.
 * </ul>
 *
 * <p>Exceptions that the RI still throws for invalid text (NumberFormatException, StringIndexOutOfBoundsException,
 * StackOverflowError, …) are rethrown as {@link SipParseException}.
 */
final class GuardedGrammar {

    private static final int MAX_ELEMENT_CHARS = 8_192;

    private GuardedGrammar() {}

    static {
        SilentStackLogger.install();
    }

    /**
     * Parses one element of a header into the RI's typed object.
     *
     * @param text the element, without folds
     * @param offset its position in the message, for the error
     */
    static Header header(HeaderName name, String text, int offset, ParseLimits limits) throws SipParseException {
        if (name.equals(HeaderName.VIA)) {
            return via(Via.parse(text));
        }
        if (name.equals(HeaderName.CSEQ)) {
            return cseq(CSeq.parse(text));
        }
        boolean star = name.equals(HeaderName.CONTACT) && text.equals("*");
        if (name.isAddress() && !star) {
            NameAddress.parse(text).uri();
        } else if (text.indexOf('\0') >= 0) {
            throw defect(name + " holds a NUL", text, offset);
        }
        checkShape(name.name(), text, offset, limits);
        String line = name + ": " + text + '\n';
        return parse(
                name.name(),
                text,
                offset,
                () -> element(ParserFactory.createParser(line).parse()));
    }

    /** Parses a URI into the RI's typed object. */
    static URI uri(SipUri uri, ParseLimits limits) throws SipParseException {
        String text = uri.toString();
        checkShape("URI", text, 0, limits);
        return parse("URI", text, 0, () -> new StringMsgParser().parseUrl(text));
    }

    private static SipParseException defect(String what, String text, int offset) {
        return new SipParseException(
                StatusCode.BAD_REQUEST, what + ": \"" + SipParseException.excerpt(text) + "\"", offset);
    }

    private static void checkShape(String what, String text, int offset, ParseLimits limits) throws SipParseException {
        if (text.length() > MAX_ELEMENT_CHARS) {
            throw defect(what + " is longer than " + MAX_ELEMENT_CHARS + " characters", text, offset);
        }
        int parameters = 0;
        int backslashes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            backslashes = c == '\\' ? backslashes + 1 : 0;
            if (c == ';' && ++parameters > limits.listElements()) {
                throw defect(what + " has more than " + limits.listElements() + " parameters", text, offset);
            }
        }
        if ((backslashes & 1) != 0) {
            throw defect(what + " ends in a backslash", text, offset);
        }
    }

    private static Header element(SIPHeader parsed) throws ParseException {
        if (!(parsed instanceof SIPHeaderList<?> list)) {
            return parsed;
        }
        if (list.size() != 1) {
            throw new ParseException("expected one element, found " + list.size(), 0);
        }
        return list.getFirst();
    }

    private static Header via(Via via) throws SipParseException {
        gov.nist.javax.sip.header.Via typed = new gov.nist.javax.sip.header.Via();
        try {
            typed.setTransport(via.transport());
            typed.setHost(via.host());
            if (via.port() > 0) {
                typed.setPort(via.port());
            }
            via.forEachParameter((name, value, quoted) -> {
                NameValue parameter = value == null ? new NameValue(name, null) : new NameValue(name, value);
                if (quoted) {
                    parameter.setQuotedValue();
                }
                typed.getViaParms().set(parameter);
            });
        } catch (ParseException | InvalidArgumentException | RuntimeException e) {
            throw new SipParseException(
                    StatusCode.BAD_REQUEST,
                    "Via: \"" + SipParseException.excerpt(via.toString()) + "\" cannot be read");
        }
        return typed;
    }

    /**
     * Builds CSeq without the RI's parser, which converts the method to upper case; methods are case-sensitive (RFC
     * 3261 §7.1).
     */
    private static Header cseq(CSeq cseq) {
        gov.nist.javax.sip.header.CSeq typed = new gov.nist.javax.sip.header.CSeq();
        try {
            typed.setSeqNumber(cseq.number());
            typed.setMethod(cseq.method().name());
        } catch (ParseException | InvalidArgumentException e) {
            throw new IllegalStateException("the RI rejects CSeq " + cseq + " although it is valid", e);
        }
        return typed;
    }

    private interface Parse<T> {
        T run() throws ParseException;
    }

    private static <T> T parse(String what, String text, int offset, Parse<T> parse) throws SipParseException {
        try {
            return parse.run();
        } catch (ParseException | RuntimeException | StackOverflowError e) {
            throw defect(what + " is malformed", text, offset);
        } catch (LinkageError e) {
            // the host's class path, not the sender's text
            throw new IllegalStateException(
                    "jain-sip-ri cannot load a class; remove other jars with javax.sip classes from the class path: "
                            + e,
                    e);
        }
    }
}
