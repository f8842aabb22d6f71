package org.sipproxy.core.trace;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Texts for a message on a ladder. */
public final class MessageText {

    private static final HeaderName RSEQ = HeaderName.of("RSeq");

    private MessageText() {}

    /** Returns the method of a request, or the status code and reason phrase of a response, as it was received. */
    public static String label(SipMessage message) {
        return message instanceof SipResponse response
                ? response.statusCode() + " " + response.reasonPhrase()
                : ((SipRequest) message).method().name();
    }

    /**
     * Returns the Request-URI of a request, or {@code to} and the method of a response.
     *
     * @throws SipParseException if it is malformed
     */
    public static String detail(SipMessage message) throws SipParseException {
        return message instanceof SipResponse response
                ? "to " + response.cseq().method()
                : ((SipRequest) message).requestUri().toString();
    }

    /**
     * Returns what a message between two peers has in common only with its retransmissions. The responses of two phones
     * to one request differ in the tag of To, and two reliable provisional responses of one phone in RSeq.
     */
    public static String identity(SipMessage message) {
        return Stream.concat(
                        Stream.of(label(message)),
                        Stream.of(HeaderName.VIA, HeaderName.CALL_ID, HeaderName.CSEQ, HeaderName.TO, RSEQ)
                                .map(name -> message.header(name).orElse("")))
                .collect(Collectors.joining(" "));
    }
}
