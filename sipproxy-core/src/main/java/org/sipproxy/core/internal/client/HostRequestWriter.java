package org.sipproxy.core.internal.client;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.sipproxy.api.auth.DigestSession;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/**
 * Writer of one request of the host application, and of the same request with credentials after a challenge (RFC 3261
 * §8.1.1, §22.2): Call-ID and From tag are the same. Via and Max-Forwards are added when the request is sent. Used by
 * one thread at a time.
 */
public final class HostRequestWriter {

    private static final SecureRandom RANDOM = new SecureRandom();

    private final OutgoingRequest request;
    private final SipUri uri;
    private final String from;
    private final String callId;
    private final String tag = random(8);
    private final DigestSession digest;
    private long cseq;

    /**
     * Creates a writer.
     *
     * @param domain the host in From, unless the request has a From
     */
    public HostRequestWriter(OutgoingRequest request, String domain) {
        this.request = request;
        this.uri = request.target().map(Target::uri).orElse(request.requestUri());
        this.from = request.from().map(Object::toString).orElse("<sip:" + domain + ">");
        this.callId = request.callId().orElseGet(() -> random(16));
        this.digest = new DigestSession(request.method(), uri, request.logins());
        this.cseq = request.cseq() - 1;
    }

    private static String random(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /** Returns the challenges that the request has answered. */
    public DigestSession digest() {
        return digest;
    }

    /**
     * Returns the next request: without credentials, or with those for the challenges so far.
     *
     * @throws SipParseException if it is not within the limits
     */
    public SipRequest next(ParseLimits limits) throws SipParseException {
        cseq++;
        byte[] body = request.body();
        ByteWriter out = new ByteWriter(512 + body.length);
        out.text(request.method() + " ").bytes(uri.toBytes()).text(" SIP/2.0\r\n");
        line(out, HeaderName.FROM, from + ";tag=" + tag);
        line(out, HeaderName.TO, request.to().map(Object::toString).orElse("<" + request.requestUri() + ">"));
        line(out, HeaderName.CALL_ID, callId);
        line(out, HeaderName.CSEQ, cseq + " " + request.method());
        request.headers().forEach(header -> line(out, header.name(), header.value()));
        digest.credentials().forEach((name, values) -> values.forEach(value -> line(out, name, value)));
        request.contentType().ifPresent(type -> line(out, HeaderName.CONTENT_TYPE, type));
        line(out, HeaderName.CONTENT_LENGTH, Integer.toString(body.length));
        out.crlf().bytes(body);
        SipRequest written = (SipRequest) SipMessage.parse(out.toBytes(), limits);
        if (written.defect().isPresent()) {
            throw written.defect().get();
        }
        return written;
    }

    private static void line(ByteWriter out, HeaderName name, String value) {
        out.text(name.name()).text(": ").text(value).crlf();
    }
}
