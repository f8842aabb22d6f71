package org.sipproxy.server.flow;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Optional;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * Message of a trace as JSON.
 *
 * @param number position in the trace, from 1
 * @param direction {@code received} or {@code sent}
 * @param transport such as {@code udp}
 * @param local the proxy's address
 * @param remote the peer's address
 * @param method method of a request, or of the request that a response belongs to
 * @param status status code of a response
 * @param from URI of the header From, without port, parameters and password
 * @param to likewise of the header To
 * @param branch number of the branch of a forked request
 * @param retransmissionOf number of the message that this one repeats
 * @param text the message with its secrets masked, each byte a character
 */
public record TraceEvent(
        long number,
        Instant time,
        String direction,
        String transport,
        String local,
        String remote,
        Optional<String> method,
        Optional<Integer> status,
        Optional<String> callId,
        Optional<String> cseq,
        Optional<String> from,
        Optional<String> to,
        Optional<Integer> branch,
        Optional<Long> retransmissionOf,
        String text) {

    private interface Value<T> {
        T get() throws SipParseException;
    }

    /** Returns the event of a message; {@code notes} have read the messages before it. */
    static TraceEvent of(TracedMessage traced, MessageNotes notes) {
        Optional<Long> repeated = notes.add(traced);
        int branch = notes.branchOf(traced);
        Optional<SipMessage> message = traced.message();
        return new TraceEvent(
                traced.number(),
                traced.time(),
                traced.isReceived() ? "received" : "sent",
                traced.transport().lowerCase(),
                AddressText.of(traced.local()),
                AddressText.of(traced.remote()),
                message.flatMap(one -> read(() -> methodOf(one))),
                message.map(one -> one instanceof SipResponse response ? response.statusCode() : null),
                message.flatMap(one -> read(one::callId)),
                message.flatMap(
                        one -> read(() -> one.cseq().number() + " " + one.cseq().method())),
                message.flatMap(one -> read(() -> shown(one.from().uri()))),
                message.flatMap(one -> read(() -> shown(one.to().uri()))),
                branch == 0 ? Optional.empty() : Optional.of(branch),
                repeated,
                traced.text());
    }

    /** Returns user and host of a SIP URI, without the password. */
    private static String shown(SipUri uri) {
        return uri.isSip() ? "sip:" + (uri.user().isEmpty() ? "" : uri.user() + "@") + uri.host() : uri.toString();
    }

    private static String methodOf(SipMessage message) throws SipParseException {
        return message instanceof SipRequest request
                ? request.method().name()
                : message.cseq().method().name();
    }

    private static <T> Optional<T> read(Value<T> value) {
        try {
            return Optional.of(value.get());
        } catch (SipParseException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns the message of an event that was read from JSON.
     *
     * @throws IllegalArgumentException if a value is not of the form that {@link #of} writes
     */
    public static TracedMessage message(
            long number, String time, String direction, String transport, String local, String remote, String text) {
        InetSocketAddress at = AddressText.parse(local);
        return new TracedMessage(
                number,
                Instant.parse(time),
                direction.equals("received"),
                TransportKind.of(transport)
                        .orElseThrow(() -> new IllegalArgumentException("transport \"" + transport + "\"")),
                at,
                AddressText.parse(remote),
                text);
    }
}
