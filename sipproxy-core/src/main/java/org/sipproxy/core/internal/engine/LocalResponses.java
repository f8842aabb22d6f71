package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.codec.RequestHead;
import org.sipproxy.core.internal.codec.ResponseWriter;
import org.sipproxy.core.internal.codec.ViaStamp;
import org.sipproxy.core.internal.forwarding.LocalResponseWriter;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/** Locally generated responses (RFC 3261 §8.2.6): To tag, stamp of the topmost Via, bytes. Does not send them. */
final class LocalResponses implements LocalResponseWriter {

    static final Outcome.Respond OVERLOADED =
            Outcome.respond(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: 5");

    private static final byte[] OVERLOADED_LINE = ascii("SIP/2.0 503 Service Unavailable\r\n");
    private static final byte[] OVERLOADED_END = ascii("Retry-After: 5\r\nContent-Length: 0\r\n\r\n");

    private final ToTags toTags = new ToTags();
    private final BooleanSupplier closing;

    /**
     * @param closing true while the proxy closes: a 503 then has a Retry-After
     */
    LocalResponses(BooleanSupplier closing) {
        this.closing = closing;
    }

    /** Returns the response with this status. From 400 on the context records that it was generated locally. */
    byte[] respond(RequestContext context, int statusCode) {
        boolean overloaded = statusCode == StatusCode.SERVICE_UNAVAILABLE && closing.getAsBoolean();
        byte[] wire = write(context, overloaded ? OVERLOADED : Outcome.respond(statusCode));
        if (statusCode >= 400) {
            context.localResponse(wire);
        }
        return wire;
    }

    /** Returns true if an ACK acknowledges a failure that was sent without a transaction. */
    boolean acknowledges(SipRequest ack) throws SipParseException {
        return toTags.isOwnTag(ack);
    }

    /** Does the same for an ACK that is not parsed. */
    boolean acknowledges(RequestHead ack) {
        return ack.isToTag(toTags.tag(ack));
    }

    /**
     * Returns the bytes of {@link #OVERLOADED} to a request that is not parsed, the same as to a parsed one; null if
     * the request has to be parsed.
     */
    byte @Nullable [] overloaded(RequestHead request, InetSocketAddress source) {
        return request.mayHaveToTag()
                ? null
                : request.response(OVERLOADED_LINE, toTags.tag(request), source, OVERLOADED_END);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static boolean isChallenge(int statusCode) {
        return statusCode == StatusCode.UNAUTHORIZED || statusCode == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
    }

    @Override
    public byte[] write(RequestContext context, int statusCode) {
        return respond(context, statusCode);
    }

    @Override
    public byte[] write(RequestContext context, Outcome.Respond response) {
        SipRequest request = context.received();
        return ResponseWriter.write(
                request,
                stamp(context),
                response.statusCode(),
                response.reason(),
                response.statusCode() == StatusCode.TRYING ? null : toTags.tag(request),
                response.headerLines());
    }

    /** Returns what a response adds to the topmost Via; null if that Via is malformed. */
    static @Nullable ViaStamp stamp(RequestContext context) {
        try {
            SipRequest request = context.received();
            TransportFlow from = context.flow();
            return ViaStamp.of(
                    request.index(),
                    request.topVia(),
                    from.remoteAddress(),
                    from.kind().isReliable());
        } catch (SipParseException e) {
            return null; // the Vias are copied unchanged
        }
    }
}
