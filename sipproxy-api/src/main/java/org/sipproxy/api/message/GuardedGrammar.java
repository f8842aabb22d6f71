package org.sipproxy.api.message;

import gov.nist.core.NameValue;
import gov.nist.javax.sip.header.SIPHeader;
import gov.nist.javax.sip.header.SIPHeaderList;
import gov.nist.javax.sip.parser.ParserFactory;
import gov.nist.javax.sip.parser.StringMsgParser;
import java.text.ParseException;
import javax.sip.InvalidArgumentException;
import javax.sip.address.URI;
import javax.sip.header.Header;

/**
 * The one door to the RI's parsers. They read one element of one header at a time, after our own grammar has, and never see:
 *
 * <ul>
 *   <li>a Via: {@code Via: SIP/2.0/UDP a (\} is an endless loop in the RI, so its Via object is filled from {@link Via};
 *   <li>a fold, a NUL that is not a quoted-pair of an address, or a backslash with nothing behind it;
 *   <li>an element over 8 KiB, or with more parameters than {@link ParseLimits#listElements()}: tens of kilobytes of
 *       {@code ;a=b} take it seconds.
 * </ul>
 *
 * <p>What it still throws at bad text (NumberFormatException, StringIndexOutOfBoundsException, StackOverflowError, …) is a
 * {@link SipParseException} here.
 */
final class GuardedGrammar {

    private static final int MAX_ELEMENT_BYTES = 8_192;

    private GuardedGrammar() {}

    static {
        SilentStackLogger.install();
    }

    /** One element of a header, that lies in {@code [from, to)}, as the RI's typed object. */
    static Header header(HeaderName name, byte[] a, int from, int to, ParseLimits limits) throws SipParseException {
        if (name.equals(HeaderName.VIA)) {
            return via(Via.parse(a, from, to));
        }
        if (name.equals(HeaderName.CSEQ)) {
            return cseq(CSeq.parse(a, from, to));
        }
        boolean star = name.equals(HeaderName.CONTACT) && to - from == 1 && a[from] == '*';
        if (HeaderElements.isAddress(name) && !star) {
            checkAddress(name, a, from, to);
        } else if (Chars.indexOf(a, from, to, '\0') >= 0) {
            throw SipParseException.at(name + " holds a NUL", a, from, to);
        }
        checkShape(name, a, from, to, limits);
        String line = name + ": " + IndexedMessage.unfold(Chars.text(a, from, to)) + '\n';
        return parse(
                name.name(),
                a,
                from,
                to,
                () -> element(ParserFactory.createParser(line).parse()));
    }

    /** A URI as the RI's typed object. */
    static URI uri(SipUri uri, ParseLimits limits) throws SipParseException {
        byte[] bytes = uri.toBytes();
        checkShape(null, bytes, 0, bytes.length, limits);
        return parse("URI", bytes, 0, bytes.length, () -> new StringMsgParser().parseUrl(uri.toString()));
    }

    private static void checkAddress(HeaderName name, byte[] a, int from, int to) throws SipParseException {
        NameAddress address = NameAddress.parse(a, from, to);
        if (address.end() != to) {
            throw SipParseException.at(name + " holds more than one address", a, from, to);
        }
        address.uri();
    }

    private static void checkShape(
            @org.jspecify.annotations.Nullable HeaderName name, byte[] a, int from, int to, ParseLimits limits)
            throws SipParseException {
        if (to - from > MAX_ELEMENT_BYTES) {
            throw SipParseException.at(
                    (name == null ? "URI" : name.name()) + " is longer than " + MAX_ELEMENT_BYTES + " bytes",
                    a,
                    from,
                    to);
        }
        int parameters = 0;
        int backslashes = 0;
        for (int i = from; i < to; i++) {
            backslashes = a[i] == '\\' ? backslashes + 1 : 0;
            if (a[i] == ';' && ++parameters > limits.listElements()) {
                throw SipParseException.at(
                        (name == null ? "URI" : name.name()) + " has more than " + limits.listElements()
                                + " parameters",
                        a,
                        from,
                        to);
            }
        }
        if ((backslashes & 1) != 0) {
            throw SipParseException.at((name == null ? "URI" : name.name()) + " ends in a backslash", a, from, to);
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

    /** The RI's parser would put the method into upper case; methods are case-sensitive (RFC 3261 §7.1). */
    private static Header cseq(CSeq cseq) {
        gov.nist.javax.sip.header.CSeq typed = new gov.nist.javax.sip.header.CSeq();
        try {
            typed.setSeqNumber(cseq.number());
            typed.setMethod(cseq.method().name());
        } catch (ParseException | InvalidArgumentException e) {
            throw new IllegalStateException("CSeq " + cseq + " was checked, and the RI refuses it", e);
        }
        return typed;
    }

    private interface Parse<T> {
        T run() throws ParseException;
    }

    private static <T> T parse(String what, byte[] a, int from, int to, Parse<T> parse) throws SipParseException {
        try {
            return parse.run();
        } catch (ParseException | RuntimeException | StackOverflowError e) {
            throw SipParseException.at(what + " is malformed", a, from, to);
        } catch (LinkageError e) {
            // the host's class path, not the sender's text: log4j asked for, or an old jain-sip-api in front of ours
            throw new IllegalStateException(
                    "jain-sip-ri cannot load a class; check that jain-sip-api stands before it", e);
        }
    }
}
