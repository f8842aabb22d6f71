package org.sipproxy.samples;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/**
 * Diagram of the messages on the wire between the proxy and two phones: one arrow per line, with an explanation. Also
 * finds expected arrows that are missing. Omits other peers and retransmissions.
 */
final class Ladder implements WireListener {

    private static final String PROXY = "proxy";
    private static final int GAP = 26;

    private final String left;
    private final String right;
    private final Map<InetSocketAddress, String> phones = new LinkedHashMap<>();
    private final Map<String, Arrow> arrows = new LinkedHashMap<>();
    private boolean closed;

    /** Message between the proxy and a phone. */
    private record Arrow(String from, String to, String what, String label, String explanation) {

        /** Returns the text that {@link Ladder#awaitMissing} compares. */
        String step() {
            return from + " -> " + to + ": " + what;
        }
    }

    Ladder(String left, String right) {
        this.left = left;
        this.right = right;
    }

    /** Adds a phone; later messages from and to {@code address} are drawn as its messages. */
    synchronized void phone(String name, InetSocketAddress address) {
        phones.put(address, name);
    }

    /** Stops recording. */
    synchronized void close() {
        closed = true;
    }

    @Override
    public void received(SipMessage message, Flow from) {
        record(message, from, true);
    }

    @Override
    public void sent(SipMessage message, Flow to) {
        record(message, to, false);
    }

    private synchronized void record(SipMessage message, Flow flow, boolean received) {
        String phone = phones.get(flow.remoteAddress());
        if (phone == null || closed) {
            return;
        }
        try {
            String from = received ? phone : PROXY;
            String to = received ? PROXY : phone;
            Arrow arrow = message instanceof SipRequest request
                    ? arrow(from, to, request)
                    : arrow(from, to, (SipResponse) message);
            String sameAgain = arrow.step()
                    + message.callId()
                    + message.cseq()
                    + message.topVia().branch();
            arrows.putIfAbsent(sameAgain, arrow);
            notifyAll();
        } catch (SipParseException e) {
            throw new IllegalStateException(e); // phones and proxy do not write such messages
        }
    }

    private Arrow arrow(String from, String to, SipRequest request) throws SipParseException {
        boolean proof = request.header(HeaderName.AUTHORIZATION).isPresent()
                || request.header(HeaderName.PROXY_AUTHORIZATION).isPresent();
        String what = request.method().name() + (proof ? " (digest)" : "");
        return new Arrow(from, to, what, what, explain(from, to, request, proof));
    }

    private Arrow arrow(String from, String to, SipResponse response) throws SipParseException {
        String method = response.cseq().method().name();
        String what = response.statusCode() + " to " + method;
        String label = response.statusCode() + " " + response.reasonPhrase();
        return new Arrow(from, to, what, label, explain(from, to, response, method));
    }

    private String explain(String from, String to, SipRequest request, boolean proof) throws SipParseException {
        boolean forwarded = from.equals(PROXY);
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
    private String explainAck(String from, String to, SipRequest ack) throws SipParseException {
        if (from.equals(PROXY)) {
            return "forwarded to " + to + ", which stops retransmitting its 200";
        }
        return ack.firstHeader(HeaderName.ROUTE) >= 0
                ? from + " has received the 200: the call is established"
                : from + " has received the refusal; this ACK is not forwarded";
    }

    private String explain(String from, String to, SipResponse response, String method) {
        boolean byProxy = from.equals(PROXY);
        int status = response.statusCode();
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

    /** Prints the arrows recorded so far. */
    synchronized void print(PrintWriter out) {
        String rails = "  |" + " ".repeat(GAP) + "|" + " ".repeat(GAP) + "|";
        out.println();
        out.println(" " + left + " ".repeat(GAP - left.length() - 1) + PROXY + " ".repeat(GAP - PROXY.length() + 1)
                + right);
        out.println(rails);
        for (Arrow arrow : arrows.values()) {
            boolean atLeft = arrow.from().equals(left) || arrow.to().equals(left);
            String line =
                    draw(arrow.label(), arrow.from().equals(left) || arrow.to().equals(right));
            String empty = " ".repeat(GAP);
            out.println("  |" + (atLeft ? line : empty) + "|" + (atLeft ? empty : line) + "|  " + arrow.explanation());
        }
        out.println(rails);
    }

    /** Returns an arrow such as {@code -- REGISTER ------------>}, as wide as the gap. */
    private static String draw(String label, boolean rightwards) {
        int room = GAP - 6;
        String text = label.length() <= room ? label : label.substring(0, room - 2) + "..";
        String dashes = "-".repeat(room - text.length());
        return rightwards ? "-- " + text + " " + dashes + "->" : "<- " + text + " " + dashes + "--";
    }

    /**
     * Waits until all expected messages are recorded, because a message may be recorded shortly after a phone has
     * received it.
     *
     * @return messages that were seen less often than expected, each in the form {@code 1001 -> proxy: REGISTER}
     */
    synchronized List<String> awaitMissing(List<String> expected, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> missing = missing(expected);
        long millis = patience.toMillis();
        while (!missing.isEmpty() && millis > 0) {
            wait(millis);
            missing = missing(expected);
            millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        }
        return missing;
    }

    private List<String> missing(List<String> expected) {
        List<String> seen = new ArrayList<>();
        arrows.values().forEach(arrow -> seen.add(arrow.step()));
        List<String> missing = new ArrayList<>();
        for (String step : expected) {
            if (!seen.remove(step)) {
                missing.add(step);
            }
        }
        return missing;
    }
}
