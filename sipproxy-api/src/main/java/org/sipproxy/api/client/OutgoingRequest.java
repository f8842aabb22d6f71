package org.sipproxy.api.client;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipUri;

/**
 * Request of the host application, outside a dialog. Immutable; may be sent several times.
 *
 * <pre>{@code
 * OutgoingRequest message = OutgoingRequest.builder(Method.MESSAGE, SipUri.of("sip:1001@sip.test"))
 *     .from(SipUri.of("sip:door@sip.test"))
 *     .body("text/plain", "The door is open.")
 *     .build();
 * proxy.requests().send(message).thenAccept(response -> log.info("{}", response.statusCode()));
 * }</pre>
 *
 * <p>The proxy writes Via, Max-Forwards, From, To, Call-ID, CSeq, Content-Type, Content-Length, Route and the
 * credentials. It does not write a Contact: a REGISTER needs one, and so do a NOTIFY and a SUBSCRIBE (RFC 6665).
 */
public final class OutgoingRequest {

    private static final long LARGEST_CSEQ = 2_000_000_000;
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private static final Map<Method, String> OTHER_METHODS = Map.of(
            Method.INVITE, "a call is a dialog; use RequestClient.connect, or let a user agent start it",
            Method.ACK, "it belongs to an INVITE; the proxy forwards it",
            Method.CANCEL, "it belongs to an INVITE; cancel the future to end this request",
            Method.BYE, "it belongs to a dialog, which this client does not keep");

    private static final Map<HeaderName, String> OTHER_HEADERS = Map.ofEntries(
            Map.entry(HeaderName.VIA, HeaderText.OF_THE_PROXY),
            Map.entry(HeaderName.MAX_FORWARDS, HeaderText.OF_THE_PROXY),
            Map.entry(HeaderName.MAX_BREADTH, HeaderText.OF_THE_PROXY),
            Map.entry(HeaderName.CONTENT_LENGTH, HeaderText.OF_THE_PROXY),
            Map.entry(HeaderName.RECORD_ROUTE, "a request of this client does not create a dialog through the proxy"),
            Map.entry(HeaderName.FROM, "use from(...)"),
            Map.entry(HeaderName.TO, "use to(...)"),
            Map.entry(HeaderName.CALL_ID, "use callId(...)"),
            Map.entry(HeaderName.CSEQ, "use cseq(...)"),
            Map.entry(HeaderName.CONTENT_TYPE, "use body(...)"),
            Map.entry(HeaderName.ROUTE, "use target(...) with the routes"),
            Map.entry(HeaderName.AUTHORIZATION, "use login(...)"),
            Map.entry(HeaderName.PROXY_AUTHORIZATION, "use login(...)"));

    /**
     * A header line of the request.
     *
     * @param value one line without control characters
     */
    public record Header(HeaderName name, String value) {

        /**
         * Checks the values.
         *
         * @throws IllegalArgumentException if the client writes this header itself, or {@code value} contains a control
         *     character such as a line end or NUL
         */
        public Header {
            HeaderText.requireNoneOf(OTHER_HEADERS, name);
            if (!Objects.requireNonNull(value, "value").isEmpty()) {
                HeaderText.require("header " + name, value);
            }
        }
    }

    private final Method method;
    private final SipUri requestUri;
    private final @Nullable NameAddress from;
    private final @Nullable NameAddress to;
    private final List<Header> headers;
    private final @Nullable String contentType;
    private final byte[] body;
    private final @Nullable Target target;
    private final Duration timeLimit;
    private final List<DigestLogin> logins;
    private final @Nullable String callId;
    private final long cseq;

    private OutgoingRequest(Builder builder) {
        this.method = builder.method;
        this.requestUri = builder.requestUri;
        this.from = builder.from;
        this.to = builder.to;
        this.headers = List.copyOf(builder.headers);
        this.contentType = builder.contentType;
        this.body = builder.body;
        this.target = builder.target;
        this.timeLimit = builder.timeLimit;
        this.logins = List.copyOf(builder.logins);
        this.callId = builder.callId;
        this.cseq = builder.cseq;
    }

    /**
     * Returns a builder.
     *
     * @param method any method but INVITE, ACK, CANCEL and BYE
     * @param requestUri the Request-URI; headers and the {@code method} parameter are removed (RFC 3261 §19.1.5)
     * @throws IllegalArgumentException if the method is one of those
     */
    public static Builder builder(Method method, SipUri requestUri) {
        return new Builder(method, requestUri);
    }

    /** Returns a builder with the values of this request, for example for the next REGISTER of a series. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the method. */
    public Method method() {
        return method;
    }

    /** Returns the Request-URI. */
    public SipUri requestUri() {
        return requestUri;
    }

    /** Returns the address in From; empty for {@code sip:} and the primary domain of the proxy. */
    public Optional<NameAddress> from() {
        return Optional.ofNullable(from);
    }

    /** Returns the address in To; empty for the Request-URI. */
    public Optional<NameAddress> to() {
        return Optional.ofNullable(to);
    }

    /** Returns the additional headers in their order. */
    public List<Header> headers() {
        return headers;
    }

    /** Returns the type of the body; empty if there is no body. */
    public Optional<String> contentType() {
        return Optional.ofNullable(contentType);
    }

    /** Returns a copy of the body. */
    public byte[] body() {
        return body.clone();
    }

    /** Returns where the request is sent; empty to follow the Request-URI. */
    public Optional<Target> target() {
        return Optional.ofNullable(target);
    }

    /** Returns the time limit for the final response. */
    public Duration timeLimit() {
        return timeLimit;
    }

    /** Returns the logins for digest challenges. */
    public List<DigestLogin> logins() {
        return logins;
    }

    /** Returns the Call-ID; empty for a new one each time that the request is sent. */
    public Optional<String> callId() {
        return Optional.ofNullable(callId);
    }

    /** Returns the first CSeq number. */
    public long cseq() {
        return cseq;
    }

    /** Returns method and Request-URI. */
    @Override
    public String toString() {
        return method + " " + requestUri;
    }

    /** Builder of an {@link OutgoingRequest}. Each method checks its values at once. Not thread-safe. */
    public static final class Builder {

        private final Method method;
        private final SipUri requestUri;
        private @Nullable NameAddress from;
        private @Nullable NameAddress to;
        private final List<Header> headers = new ArrayList<>();
        private @Nullable String contentType;
        private byte[] body = {};
        private @Nullable Target target;
        private Duration timeLimit = Duration.ofSeconds(35);
        private final List<DigestLogin> logins = new ArrayList<>();
        private @Nullable String callId;
        private long cseq = 1;

        private Builder(Method method, SipUri requestUri) {
            String why = OTHER_METHODS.get(Objects.requireNonNull(method, "method"));
            if (why != null) {
                throw new IllegalArgumentException("method: " + method + " cannot be sent: " + why);
            }
            this.method = method;
            this.requestUri = Objects.requireNonNull(requestUri, "requestUri")
                    .asRequestUri()
                    .compact();
            HeaderText.require("requestUri", this.requestUri.toString());
        }

        private Builder(OutgoingRequest request) {
            this.method = request.method;
            this.requestUri = request.requestUri;
            this.from = request.from;
            this.to = request.to;
            this.headers.addAll(request.headers);
            this.contentType = request.contentType;
            this.body = request.body;
            this.target = request.target;
            this.timeLimit = request.timeLimit;
            this.logins.addAll(request.logins);
            this.callId = request.callId;
            this.cseq = request.cseq;
        }

        /** Sets the URI in From. Default {@code sip:} and the primary domain of the proxy. */
        public Builder from(SipUri uri) {
            from = HeaderText.outsideADialog("from", uri);
            return this;
        }

        /**
         * Sets the address in From with a display name.
         *
         * @throws IllegalArgumentException if it has a {@code tag}, which the proxy adds, or a control character
         */
        public Builder from(NameAddress address) {
            from = HeaderText.outsideADialog("from", address);
            return this;
        }

        /** Sets the URI in To. Default the Request-URI. */
        public Builder to(SipUri uri) {
            to = HeaderText.outsideADialog("to", uri);
            return this;
        }

        /**
         * Sets the address in To with a display name.
         *
         * @throws IllegalArgumentException if it has a {@code tag}, which would make the request part of a dialog, or a
         *     control character
         */
        public Builder to(NameAddress address) {
            to = HeaderText.outsideADialog("to", address);
            return this;
        }

        /**
         * Adds a header below those that were added before.
         *
         * @param value one line; may be empty
         * @throws IllegalArgumentException if the client writes this header itself, or {@code value} contains a control
         *     character such as a line end or NUL
         */
        public Builder header(HeaderName name, String value) {
            headers.add(new Header(name, value));
            return this;
        }

        /** Removes the headers of this name that were added. */
        public Builder withoutHeader(HeaderName name) {
            headers.removeIf(header -> header.name().equals(name));
            return this;
        }

        /**
         * Sets a body. Default none.
         *
         * @param type value of Content-Type, such as {@code application/simple-message-summary}
         * @throws IllegalArgumentException if {@code type} is empty or contains a control character
         */
        public Builder body(String type, byte[] content) {
            contentType = HeaderText.require("body type", Objects.requireNonNull(type, "type"));
            body = content.clone();
            return this;
        }

        /** Sets a body of UTF-8 text; otherwise like {@link #body(String, byte[])}. */
        public Builder body(String type, String content) {
            return body(type, content.getBytes(StandardCharsets.UTF_8));
        }

        /**
         * Sets where the request is sent, instead of where the Request-URI leads: the target's URI is written as the
         * Request-URI, and its routes, flow, received address and listening point are used, as for a request that a
         * stage relays. Its q is ignored. Default: the bindings of the user, or the next hops of the Request-URI.
         */
        public Builder target(Target value) {
            target = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets the time limit for the final response, including look-ups, further next hops and requests with
         * credentials. 100 ms to 10 min. Default 35 s: longer than Timer F with its default of 32 s, so that a next hop
         * without a response is remembered as failed. A shorter limit ends the retransmissions early and is not held
         * against the next hop.
         *
         * @throws IllegalArgumentException if it is outside the range
         */
        public Builder timeLimit(Duration limit) {
            OptionProblems problems = new OptionProblems("");
            problems.range("timeLimit", Objects.requireNonNull(limit, "limit"), SHORTEST, LONGEST);
            problems.throwIfAny();
            timeLimit = limit;
            return this;
        }

        /** Adds a login for digest challenges. The first one that is for the realm of a challenge is used. */
        public Builder login(DigestLogin login) {
            logins.add(Objects.requireNonNull(login, "login"));
            return this;
        }

        /**
         * Sets the Call-ID. Default a new one each time that the request is sent. The REGISTER requests of a client at
         * a registrar have the same Call-ID and rising CSeq numbers (RFC 3261 §10.2.4):
         *
         * <pre>{@code
         * OutgoingRequest refresh = register.toBuilder().cseq(response.cseq().number() + 1).build();
         * }</pre>
         *
         * @throws IllegalArgumentException if it is empty or contains white space or a control character
         */
        public Builder callId(String id) {
            HeaderText.require("callId", Objects.requireNonNull(id, "id"));
            if (id.chars().anyMatch(c -> c == ' ' || c == '\t')) {
                throw new IllegalArgumentException("callId: \"" + id + "\" contains white space");
            }
            callId = id;
            return this;
        }

        /**
         * Sets the CSeq number of the first request; one with credentials has the next number. The response names the
         * last number used. 1 to 2,000,000,000. Default 1.
         *
         * @throws IllegalArgumentException if it is outside the range
         */
        public Builder cseq(long number) {
            OptionProblems problems = new OptionProblems("");
            problems.range("cseq", number, 1, LARGEST_CSEQ);
            problems.throwIfAny();
            cseq = number;
            return this;
        }

        /** Returns the request. */
        public OutgoingRequest build() {
            return new OutgoingRequest(this);
        }
    }
}
