package org.sipproxy.api.explain;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;

/**
 * Explanation of what the proxy would do with a request, and why. Immutable. Texts may contain what the sender of a
 * request wrote, so mask control characters before printing them.
 *
 * @param request the request line
 * @param source the address of the sender, such as {@code udp:192.0.2.7:5060}
 * @param listeningPoint where the request would arrive
 * @param decisions the decisions in the order of the stages; the last one ended the request
 * @param result what would happen
 */
public record Explanation(
        String request, String source, Endpoint listeningPoint, List<Decision> decisions, Result result) {

    public Explanation {
        decisions = List.copyOf(decisions);
    }

    /** Returns true if the request would be relayed or get a 2xx. */
    public boolean isAccepted() {
        return result instanceof Relay || (result instanceof Response response && response.statusCode() < 300);
    }

    /**
     * Decision of one stage.
     *
     * @param stage the name of the stage, or of the part of the proxy
     * @param outcome what the stage decides, in a few words
     * @param details what the decision is based on, in the order in which it was found out
     */
    public record Decision(String stage, String outcome, List<Detail> details) {

        public Decision {
            details = List.copyOf(details);
        }

        /** Returns the value of the first detail with a name; empty if there is none. */
        public Optional<String> detail(String name) {
            return details.stream()
                    .filter(detail -> detail.name().equals(name))
                    .map(Detail::value)
                    .findFirst();
        }
    }

    /** A fact that a decision is based on. Several details of a decision may have the same name. */
    public record Detail(String name, String value) {}

    /** Result of the decision about a request. */
    public sealed interface Result {}

    /**
     * The proxy would respond.
     *
     * @param headerLines the header lines that it would add to those that every response has, without line ends
     */
    public record Response(int statusCode, String reason, List<String> headerLines) implements Result {

        public Response {
            headerLines = List.copyOf(headerLines);
        }
    }

    /**
     * The proxy would relay the request.
     *
     * @param groups groups of targets; each is tried when all targets of the one before have failed
     */
    public record Relay(List<Group> groups) implements Result {

        public Relay {
            groups = List.copyOf(groups);
        }
    }

    /**
     * The request would get no response.
     *
     * @param why the reason
     */
    public record Discard(String why) implements Result {}

    /**
     * Targets that would be tried in parallel.
     *
     * @param ringTime how long they may ring; empty for Timer C
     */
    public record Group(Optional<Duration> ringTime, List<Branch> branches) {

        public Group {
            branches = List.copyOf(branches);
        }
    }

    /**
     * The request for one target.
     *
     * @param requestUri the Request-URI that would be sent
     * @param hops where it would be sent, in the order in which they would be tried; empty if no hop leads there
     * @param failure why no hop leads there; empty if one does
     * @param headerLines the header lines that would be added for the first hop, without line ends
     */
    public record Branch(String requestUri, List<Hop> hops, String failure, List<String> headerLines) {

        public Branch {
            hops = List.copyOf(hops);
            headerLines = List.copyOf(headerLines);
        }
    }

    /**
     * A next hop.
     *
     * @param address a numeric address, IPv6 in brackets
     * @param from the listening point that the request would be sent from
     * @param connection how it is reached
     */
    public record Hop(TransportKind transport, String address, int port, Endpoint from, Connection connection) {

        @Override
        public String toString() {
            return transport.lowerCase() + ":" + address + ":" + port;
        }
    }

    /** Connection to a next hop. */
    public enum Connection {
        /** As a datagram. */
        DATAGRAM,
        /** Over a stream connection that is open now. */
        OPEN,
        /** Over a stream connection that would be opened first. */
        NEW
    }
}
