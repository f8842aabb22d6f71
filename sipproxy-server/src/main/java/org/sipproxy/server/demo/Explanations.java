package org.sipproxy.server.demo;

import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Notes of the demo's ladder: what each message of a registration or call is for. */
final class Explanations {

    private static final String PROXY = "proxy";

    private Explanations() {}

    static String of(String from, String to, SipMessage message) throws SipParseException {
        return message instanceof SipRequest request
                ? explain(from, to, request)
                : explain(from, to, (SipResponse) message);
    }

    private static String explain(String from, String to, SipRequest request) throws SipParseException {
        boolean forwarded = from.equals(PROXY);
        boolean proof = request.header(HeaderName.AUTHORIZATION).isPresent()
                || request.header(HeaderName.PROXY_AUTHORIZATION).isPresent();
        return switch (request.method().name()) {
            case "REGISTER" ->
                proof
                        ? "the same request with a hash over nonce and password"
                        : from + " registers its contact, without credentials yet";
            case "INVITE" -> {
                if (forwarded) {
                    yield "forwarded to the binding of " + to + ": " + request.requestUri();
                }
                yield proof ? "the same INVITE with credentials" : from + " calls " + request.requestUri();
            }
            case "ACK" -> explainAck(from, to, request);
            case "BYE" -> forwarded ? "forwarded: Record-Route keeps the proxy in the dialog" : from + " hangs up";
            default -> forwarded ? "forwarded to " + to : "from " + from;
        };
    }

    /** Explains an ACK. Only the ACK of a 2xx follows the Route set of the response (RFC 3261 §13.2.2.4, §17.1.1.3). */
    private static String explainAck(String from, String to, SipRequest ack) throws SipParseException {
        if (from.equals(PROXY)) {
            return "forwarded to " + to + ", which stops retransmitting its 200";
        }
        return ack.firstHeader(HeaderName.ROUTE) >= 0
                ? from + " has received the 200: the call is established"
                : from + " has received the refusal; this ACK is not forwarded";
    }

    private static String explain(String from, String to, SipResponse response) throws SipParseException {
        boolean byProxy = from.equals(PROXY);
        int status = response.statusCode();
        String method = response.cseq().method().name();
        return switch (method + " " + status) {
            case "REGISTER 401" -> "the proxy challenges: it sends a nonce";
            case "REGISTER 200" -> "the proxy has stored a binding for " + to;
            case "INVITE 407" -> "callers of the proxy's domain must authenticate";
            case "INVITE 100" -> "in progress: the caller stops retransmitting the INVITE";
            case "INVITE 180" -> byProxy ? "forwarded: the callee rings" : from + " rings";
            case "INVITE 200" -> byProxy ? "forwarded: the call is answered" : from + " answers";
            case "BYE 200" -> byProxy ? "forwarded: the call has ended on both sides" : from + " ends its side";
            default -> status < 200 ? "provisional" : status < 300 ? "success" : "refused";
        };
    }
}
