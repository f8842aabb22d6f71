package org.sipproxy.api.explain;

import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/**
 * A request to be explained, and its sender. Immutable.
 *
 * <pre>{@code
 * ExplainRequest.of(Method.INVITE, SipUri.of("sip:1002@example.org"))
 *         .from(SipUri.of("sip:1001@example.org"))
 *         .sentBy(TransportKind.UDP, new InetSocketAddress("192.0.2.7", 5060))
 *         .as("1001")
 * }</pre>
 */
public final class ExplainRequest {

    private static final int LONGEST_USER = 512;

    private final String text;
    private final Optional<Method> method;
    private final Optional<SipUri> requestUri;
    private final Optional<SipUri> from;
    private final Optional<TransportKind> transport;
    private final Optional<InetSocketAddress> source;
    private final Optional<String> assumedUser;

    private ExplainRequest(
            String text,
            Optional<Method> method,
            Optional<SipUri> requestUri,
            Optional<SipUri> from,
            Optional<TransportKind> transport,
            Optional<InetSocketAddress> source,
            Optional<String> assumedUser) {
        this.text = text;
        this.method = method;
        this.requestUri = requestUri;
        this.from = from;
        this.transport = transport;
        this.source = source;
        this.assumedUser = assumedUser;
    }

    /**
     * Returns a request with this text, which may be malformed. If a line ends in LF alone, all lines get CR LF,
     * Content-Length becomes the length of the body, and a missing empty line after the headers is added. Other texts
     * are not changed.
     */
    public static ExplainRequest of(String text) {
        Objects.requireNonNull(text, "text");
        return new ExplainRequest(
                text,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /**
     * Returns a request as a phone writes it outside a dialog. {@link #from} and {@link #sentBy} are needed too. A
     * REGISTER has To equal to From, a Contact at the source, and an Expires of 3600 s.
     */
    public static ExplainRequest of(Method method, SipUri requestUri) {
        return new ExplainRequest(
                "",
                Optional.of(method),
                Optional.of(requestUri),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /**
     * Returns a copy with this From.
     *
     * @throws IllegalStateException if the request is a text, which has its own From
     */
    public ExplainRequest from(SipUri uri) {
        if (method.isEmpty()) {
            throw new IllegalStateException("from: the text of the request has its own From");
        }
        return new ExplainRequest(text, method, requestUri, Optional.of(uri), transport, source, assumedUser);
    }

    /**
     * Returns a copy with this sender. Default for a text: what its topmost Via says, by {@code received} and {@code
     * rport} or by its sent-by.
     *
     * @param address a numeric address
     * @throws IllegalArgumentException if the address is unresolved, or the port is 0
     */
    public ExplainRequest sentBy(TransportKind kind, InetSocketAddress address) {
        Objects.requireNonNull(kind, "kind");
        if (address.isUnresolved() || address.getPort() == 0) {
            throw new IllegalArgumentException(
                    "address: " + address + " (expected a numeric address and a port from 1 to 65535)");
        }
        return new ExplainRequest(text, method, requestUri, from, Optional.of(kind), Optional.of(address), assumedUser);
    }

    /**
     * Returns a copy whose sender counts as having proved the password of a user, so that the explanation continues
     * after authentication. Default: the request is authenticated by its own credentials, and challenged if it has
     * none.
     *
     * @param user the digest user, 1 to 512 characters
     * @throws IllegalArgumentException if the user is empty or too long
     */
    public ExplainRequest as(String user) {
        if (user.isEmpty() || user.length() > LONGEST_USER) {
            throw new IllegalArgumentException(
                    "user: " + user.length() + " characters (expected 1 to " + LONGEST_USER + ")");
        }
        return new ExplainRequest(text, method, requestUri, from, transport, source, Optional.of(user));
    }

    /** Returns the text; empty if the request is described by its parts. */
    public String text() {
        return text;
    }

    /** Returns the method; empty if the request is a text. */
    public Optional<Method> method() {
        return method;
    }

    /** Returns the Request-URI; empty if the request is a text. */
    public Optional<SipUri> requestUri() {
        return requestUri;
    }

    /** Returns the URI of From; empty if it was not given, and for a text. */
    public Optional<SipUri> from() {
        return from;
    }

    /** Returns the transport; empty for that of the topmost Via. */
    public Optional<TransportKind> transport() {
        return transport;
    }

    /** Returns the sender's address; empty for that in the topmost Via. */
    public Optional<InetSocketAddress> source() {
        return source;
    }

    /** Returns the user whose proof is assumed. */
    public Optional<String> assumedUser() {
        return assumedUser;
    }
}
