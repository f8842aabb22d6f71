package org.sipproxy.core.internal.registrar;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.sipproxy.api.location.Binding;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/** Writer of the header lines of the registrar's responses (RFC 3261 §10.3 step 8). */
final class RegistrarResponses {

    /** A Contact line exceeds this by at most one contact; many clients read 8 KiB. */
    private static final int CONTACT_LINE_BYTES = 7_168;

    private static final byte[] CONTACT = "Contact: <".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NEXT_CONTACT = ", <".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] Q = ";q=".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EXPIRES = ";expires=".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] INSTANCE = ";+sip.instance=\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] REG_ID = ";reg-id=".getBytes(StandardCharsets.US_ASCII);

    private final DateLine date = new DateLine();
    private final ProxyTime time;

    RegistrarResponses(ProxyTime time) {
        this.time = time;
    }

    /**
     * Returns a 200 with every binding, the best first; {@code echoPath} if the request's Path was stored (RFC 3327
     * §5.3).
     */
    RegistrarResponse ok(SipRequest request, List<Binding> bindings, boolean echoPath, long nowMillis) {
        byte[] dateLine = date.at(time.wallMillis(nowMillis));
        ByteWriter out = new ByteWriter(dateLine.length + usualLength(bindings, nowMillis));
        contacts(out, BestFirst.sorted(bindings), nowMillis);
        if (echoPath) {
            pathLines(out, request);
        }
        return new RegistrarResponse(StatusCode.OK, "OK", out.bytes(dateLine).finish());
    }

    /** Returns the length of the Contact lines if the bindings have no parameters but {@code expires}. */
    private static int usualLength(List<Binding> bindings, long nowMillis) {
        int length = bindings.isEmpty() ? 0 : 2;
        for (int i = 0; i < bindings.size(); i++) {
            Binding binding = bindings.get(i);
            length += (i == 0 ? CONTACT.length : NEXT_CONTACT.length)
                    + binding.contact().length()
                    + 1
                    + EXPIRES.length
                    + ByteWriter.digits(binding.remainingSeconds(nowMillis));
        }
        return length;
    }

    /** Writes the parameters in Kamailio's order: {@code expires} always, the others if the binding has them. */
    private static void contacts(ByteWriter out, List<Binding> bindings, long nowMillis) {
        int lineStart = 0;
        for (int i = 0; i < bindings.size(); i++) {
            Binding binding = bindings.get(i);
            if (i == 0) {
                out.bytes(CONTACT);
            } else if (out.length() - lineStart < CONTACT_LINE_BYTES) {
                out.bytes(NEXT_CONTACT);
            } else {
                lineStart = out.crlf().length();
                out.bytes(CONTACT);
            }
            out.bytes(binding.contact());
            out.ascii('>');
            if (binding.q() != Binding.Q_UNSPECIFIED) {
                q(out, Math.round(binding.q() * 1000));
            }
            out.bytes(EXPIRES).number(binding.remainingSeconds(nowMillis));
            if (!binding.instanceId().isEmpty()) {
                out.bytes(INSTANCE).text(binding.instanceId()).ascii('"');
            }
            if (binding.regId() > 0) {
                out.bytes(REG_ID).number(binding.regId());
            }
        }
        if (!bindings.isEmpty()) {
            out.crlf();
        }
    }

    private static void q(ByteWriter out, int thousandths) {
        out.bytes(Q).number(thousandths / 1000);
        int rest = thousandths % 1000;
        if (rest > 0) {
            out.ascii('.');
            for (int unit = 100; rest > 0; unit /= 10) {
                out.ascii((char) ('0' + rest / unit));
                rest %= unit;
            }
        }
    }

    private static void pathLines(ByteWriter out, SipRequest request) {
        for (int i = request.firstHeader(HeaderName.PATH); i >= 0; i = request.nextHeader(HeaderName.PATH, i)) {
            out.bytes(
                    request.index(),
                    request.index().lineStart(i),
                    request.index().lineEnd(i));
        }
    }

    RegistrarResponse refused(RegistrationRefused refusal) {
        return refused(refusal.statusCode(), refusal.why(), refusal.headerLine());
    }

    RegistrarResponse refused(int statusCode, String why, String headerLine) {
        ByteWriter out = new ByteWriter(192);
        if (!headerLine.isEmpty()) {
            out.text(headerLine).crlf();
        }
        out.text("P-Registrar-Error: ").text(why).crlf().bytes(date.at(time.wallMillis()));
        return new RegistrarResponse(statusCode, StatusCode.reasonPhrase(statusCode), out.toBytes());
    }
}
