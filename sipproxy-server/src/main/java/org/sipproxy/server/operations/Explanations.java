package org.sipproxy.server.operations;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.explain.Explanation;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.operations.OperationException.Kind;

/** Explanations of rehearsed requests. Methods block for look-ups; see {@link SipProxy#explain}. */
public final class Explanations {

    /**
     * A question. Empty texts are parts that are not given.
     *
     * @param text the text of a request; then method, URI and From must be empty
     * @param method such as {@code INVITE}
     * @param uri the Request-URI, as {@code sip:1002@sip.test}, {@code 1002@sip.test} or {@code 1002}. Default for
     *     REGISTER: the domain of From
     * @param from the sender, likewise
     * @param source the sender's address, as {@code 192.0.2.7:5060} or {@code [2001:db8::7]:5060}; without a port that of
     *     the transport
     * @param transport such as {@code tcp}
     * @param as the digest user whose proof of a password is assumed
     */
    public record Question(
            String text, String method, String uri, String from, String source, String transport, String as) {}

    /**
     * An explanation.
     *
     * @param request the request line
     * @param source the sender, such as {@code udp:192.0.2.7:5060}
     * @param listen the listening point
     * @param decisions the decisions, in order
     * @param accepted true if the request would be relayed or get a 2xx
     * @param result {@code response}, {@code relay} or {@code discard}
     * @param status the status of a response
     * @param reason the reason phrase of a response, or why there is none
     * @param headers the header lines that a response would have besides those that every response has
     * @param groups the targets of a relay
     */
    public record Explained(
            String request,
            String source,
            String listen,
            List<Explanation.Decision> decisions,
            boolean accepted,
            String result,
            Optional<Integer> status,
            Optional<String> reason,
            List<String> headers,
            List<GroupInfo> groups) {}

    /**
     * Targets that are tried in parallel.
     *
     * @param ringTime how long they may ring; empty for Timer C
     */
    public record GroupInfo(Optional<Duration> ringTime, List<BranchInfo> branches) {}

    /**
     * The request for one target; see {@link Explanation.Branch}.
     *
     * @param failure why no hop leads there; empty if one does
     */
    public record BranchInfo(String uri, List<HopInfo> hops, String failure, List<String> headers) {}

    /**
     * A next hop.
     *
     * @param hop such as {@code udp:192.0.2.9:5060}
     * @param from the listening point that is sent from
     * @param connection {@code datagram}, {@code open} or {@code new}
     */
    public record HopInfo(String hop, String from, Explanation.Connection connection) {}

    private final SipProxy proxy;
    private final ServerComponents components;

    Explanations(SipProxy proxy, ServerComponents components) {
        this.proxy = proxy;
        this.components = components;
    }

    /**
     * Explains what the proxy would do with a request.
     *
     * @throws OperationException if the question cannot be understood, or four explanations are in progress
     */
    public Explained explain(Question question) {
        try {
            return explained(proxy.explain(request(question)));
        } catch (IllegalArgumentException e) {
            throw invalid(String.valueOf(e.getMessage()));
        } catch (IllegalStateException e) {
            throw new OperationException(Kind.FAILED, String.valueOf(e.getMessage()));
        }
    }

    private ExplainRequest request(Question question) {
        ExplainRequest request;
        if (question.text().isEmpty()) {
            request = parts(question);
        } else if (question.method().isEmpty()
                && question.uri().isEmpty()
                && question.from().isEmpty()) {
            request = ExplainRequest.of(question.text());
        } else {
            throw invalid("the text of a request has its own method, URI and From; give one or the other");
        }
        if (!question.source().isEmpty()) {
            TransportKind kind = kind(question.transport());
            request = request.sentBy(kind, address(question.source(), kind));
        } else if (!question.transport().isEmpty()) {
            throw invalid(
                    "transport: " + quoted(question.transport()) + " without a source; name the sender's address too");
        }
        return question.as().isEmpty() ? request : request.as(question.as());
    }

    private ExplainRequest parts(Question question) {
        if (question.method().isEmpty()
                || question.from().isEmpty()
                || question.source().isEmpty()) {
            throw invalid("a method, the sender (from) and its address (source) are needed, or the text of a request");
        }
        SipUri from = user("from", question.from());
        boolean isDomain = question.uri().isEmpty() && question.method().equals("REGISTER");
        if (question.uri().isEmpty() && !isDomain) {
            throw invalid("uri: missing; name what the request is sent to, such as sip:1002@"
                    + components.runtime().domains().get(0));
        }
        SipUri uri = isDomain ? uri("from", "sip:" + from.host()) : user("uri", question.uri());
        return ExplainRequest.of(method(question.method()), uri).from(from);
    }

    private static Method method(String name) {
        try {
            return Method.of(name);
        } catch (IllegalArgumentException e) {
            throw invalid("method: " + quoted(name) + " is not a method; write it as INVITE");
        }
    }

    /** Returns the URI that a user's name stands for: with the first domain if it has none. */
    private SipUri user(String what, String text) {
        if (text.matches("(?i)(sips?|tel):.*")) {
            return uri(what, text);
        }
        return uri(
                what,
                text.indexOf('@') >= 0
                        ? "sip:" + text
                        : "sip:" + text + "@" + components.runtime().domains().get(0));
    }

    private static SipUri uri(String what, String text) {
        try {
            return SipUri.of(text);
        } catch (IllegalArgumentException e) {
            throw invalid(what + ": " + quoted(text)
                    + " is neither a user, such as 1001, nor a URI, such as sip:1001@sip.test");
        }
    }

    private static TransportKind kind(String transport) {
        return transport.isEmpty()
                ? TransportKind.UDP
                : TransportKind.of(transport)
                        .orElseThrow(() -> invalid(
                                "transport: " + quoted(transport) + " is unknown; use udp, tcp, tls, ws or wss"));
    }

    private static InetSocketAddress address(String source, TransportKind kind) {
        try {
            SipUri uri = SipUri.of("sip:" + source);
            InetAddress address = uri.hasUser() ? null : uri.numericHost().orElse(null);
            if (address != null) {
                return new InetSocketAddress(address, uri.port() < 0 ? kind.defaultPort() : uri.port());
            }
        } catch (IllegalArgumentException e) {
            // reported below
        }
        throw invalid("source: " + quoted(source)
                + " is not a numeric address, such as 192.0.2.7:5060 or [2001:db8::7]:5060");
    }

    /** Returns a short text without control characters. */
    private static String quoted(String text) {
        return '"' + SipParseException.excerpt(text) + '"';
    }

    private static OperationException invalid(String why) {
        return new OperationException(Kind.INVALID, why);
    }

    private static Explained explained(Explanation explanation) {
        Explanation.Response response = explanation.result() instanceof Explanation.Response it ? it : null;
        Explanation.Relay relay = explanation.result() instanceof Explanation.Relay it ? it : null;
        Explanation.Discard discard = explanation.result() instanceof Explanation.Discard it ? it : null;
        return new Explained(
                explanation.request(),
                explanation.source(),
                explanation.listeningPoint().toString(),
                explanation.decisions(),
                explanation.isAccepted(),
                relay != null ? "relay" : response != null ? "response" : "discard",
                Optional.ofNullable(response).map(Explanation.Response::statusCode),
                response != null
                        ? Optional.of(response.reason())
                        : Optional.ofNullable(discard).map(Explanation.Discard::why),
                response == null ? List.of() : response.headerLines(),
                relay == null
                        ? List.of()
                        : relay.groups().stream().map(Explanations::group).toList());
    }

    private static GroupInfo group(Explanation.Group group) {
        return new GroupInfo(
                group.ringTime(),
                group.branches().stream()
                        .map(branch -> new BranchInfo(
                                branch.requestUri(),
                                branch.hops().stream()
                                        .map(hop -> new HopInfo(
                                                hop.toString(), hop.from().toString(), hop.connection()))
                                        .toList(),
                                branch.failure(),
                                branch.headerLines()))
                        .toList());
    }
}
