package org.sipproxy.testkit;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * Phone for tests: it registers, makes and receives calls, and sends and receives any other request, over any
 * transport. It sends its requests to one proxy, retransmits (RFC 3261 §17), and responds to digest challenges. It is
 * strict: a request whose Request-URI is not the phone's Contact gets 404 (§8.2.2.1) and is a {@linkplain #complaints()
 * complaint}.
 *
 * <p>The test answers incoming calls, unless the phone is {@linkplain Builder#answering() answering}. Any other request
 * gets 200 (REFER 202), or the status of {@link #respondWith}.
 *
 * <p>Methods that wait do so at most for the {@linkplain Builder#patience patience} of the phone, and then throw an
 * {@link AssertionError} that lists the messages on the phone's wire. Thread-safe. The phone's two threads, and a third
 * one if {@link NetworkFaults} delay its messages, are daemons and end with {@link #close()}; with a stopped clock it has
 * one.
 */
public final class Phone implements AutoCloseable {

    /** Lifetime that {@link #register()} requests. */
    public static final Duration DEFAULT_EXPIRES = Duration.ofMinutes(5);

    private final PhoneCore core;
    private final Wire wire;
    private final List<NatRouter> routers;
    private final @Nullable NetworkFaults faults;
    private final UserAgentServer server;
    private final Registration registration;

    private Phone(Builder options) {
        this.routers = options.routers;
        this.wire = options.openWire();
        String claimed = options.claimed != null ? options.claimed : options.addressToClaim(wire.localAddress());
        Identity identity = new Identity(options.user, options.domain, claimed, wire.kind());
        this.faults = options.faults;
        TestClock clock = options.clock;
        PhoneLog log = new PhoneLog(options.user, clock == null ? ProxyClock.system() : clock);
        if (faults != null) {
            log.note("   (" + faults + ")");
        }
        TransactionLayer layer = new TransactionLayer(wire, identity, log, options.t1, options.clock);
        DigestClient digest = new DigestClient(options.user, options.password, options.algorithms);
        this.core = new PhoneCore(identity, layer, digest, layer.patience(options.patience), log);
        StunClient stun = new StunClient(layer);
        this.server = new UserAgentServer(core, stun, options.strict, options.answering);
        this.registration = new Registration(core, stun);
        layer.start(server);
    }

    /** Returns a builder for a phone of a user. {@link Builder#proxy} is required. */
    public static Builder builder(String user) {
        return new Builder(user);
    }

    /** Returns the user. */
    public String user() {
        return core.identity().user();
    }

    /** Returns the AOR, {@code sip:user@domain}. */
    public String aor() {
        return core.identity().aor();
    }

    /** Returns the URI of the phone's Contact. */
    public String contact() {
        return core.identity().contact();
    }

    /** Returns the address of the phone's socket. Behind a NAT the proxy sees another address. */
    public InetSocketAddress localAddress() {
        return wire.localAddress();
    }

    // ---- registration

    /**
     * Registers for {@link #DEFAULT_EXPIRES}.
     *
     * @throws AssertionError if the REGISTER is refused
     */
    public SipResponse register() {
        return register(DEFAULT_EXPIRES);
    }

    /**
     * Registers for a lifetime in whole seconds.
     *
     * @throws AssertionError if the REGISTER is refused
     */
    public SipResponse register(Duration expires) {
        SipResponse response = tryRegister(expires, parts -> {});
        if (!response.isSuccess()) {
            throw core.unexpected("REGISTER got " + Responses.describe(response));
        }
        return response;
    }

    /** Sends a REGISTER with additional headers, and returns the final response, also a failure. */
    public SipResponse tryRegister(Duration expires, Consumer<MessageParts> filler) {
        return registration.send(expires, MessageParts.of(filler));
    }

    /** Removes the phone's binding. */
    public SipResponse unregister() {
        return register(Duration.ZERO);
    }

    /** Returns the number of accepted REGISTERs. */
    public int registrations() {
        return registration.accepted();
    }

    String domain() {
        return core.identity().domain();
    }

    String registrationCallId() {
        return registration.callId();
    }

    // ---- calls

    /**
     * Starts a call and returns at once; {@link OutgoingCall#awaitAnswer} waits.
     *
     * @param target a user of the phone's domain, or a URI
     */
    public OutgoingCall call(String target) {
        return call(target, parts -> {});
    }

    /** Starts a call like {@link #call(String)}, with headers or a body in the INVITE. */
    public OutgoingCall call(String target, Consumer<MessageParts> filler) {
        return new OutgoingCall(core, core.identity().uriOf(target), MessageParts.of(filler)).start();
    }

    /** Waits for the next incoming call. */
    public IncomingCall awaitCall() {
        return server.calls().take(call -> true, core.patience()).orElseThrow(() -> core.missing("a call"));
    }

    // ---- subscriptions

    /**
     * Subscribes to the state of a target for {@link Subscription#DEFAULT_EXPIRES} (RFC 6665).
     *
     * @param target a user of the phone's domain, or a URI
     * @param event value of Event, such as {@code presence}
     * @throws AssertionError if the SUBSCRIBE is refused
     */
    public Subscription subscribe(String target, String event) {
        return subscribe(target, event, parts -> {});
    }

    /** Subscribes like {@link #subscribe(String, String)}, with headers or a body in the SUBSCRIBE. */
    public Subscription subscribe(String target, String event, Consumer<MessageParts> filler) {
        return Subscription.to(core, core.identity().uriOf(target), event, MessageParts.of(filler));
    }

    /** Waits for the next subscription to this phone, which has already accepted it. */
    public Subscription awaitSubscription() {
        return server.subscriptions()
                .take(subscription -> true, core.patience())
                .orElseThrow(() -> core.missing("a subscription"));
    }

    // ---- other requests

    /**
     * Sends a request outside a dialog, and returns its final response, also a failure.
     *
     * @param method any method except INVITE, ACK and CANCEL, which belong to calls
     * @param target a user of the phone's domain, or a URI
     * @throws IllegalArgumentException if {@code method} is one of these
     */
    public SipResponse send(String method, String target) {
        return send(method, target, parts -> {});
    }

    /** Sends a request like {@link #send(String, String)}, with headers or a body. */
    public SipResponse send(String method, String target, Consumer<MessageParts> filler) {
        Method token = Method.of(method);
        if (token.equals(Method.INVITE) || token.equals(Method.ACK) || token.equals(Method.CANCEL)) {
            throw new IllegalArgumentException("method: " + method + " is part of a call; use call(target)");
        }
        Identity me = core.identity();
        String uri = me.uriOf(target);
        List<HeaderLine> lines = new ArrayList<>(List.of(
                new HeaderLine(HeaderName.FROM, "<" + me.aor() + ">;tag=" + Unique.word("f")),
                new HeaderLine(HeaderName.TO, "<" + uri + ">"),
                new HeaderLine(HeaderName.CALL_ID, Unique.word("call"))));
        if (Responses.isTargetRefresh(token)) {
            lines.add(new HeaderLine(HeaderName.CONTACT, "<" + me.contact() + ">"));
        }
        RequestDraft draft = new RequestDraft(method, uri, lines, MessageParts.of(filler));
        long[] cseq = {0};
        return new Exchange(core, draft, () -> ++cseq[0], response -> {})
                .start()
                .awaitFinal();
    }

    /** Sends a text with MESSAGE (RFC 3428), and returns the final response, also a failure. */
    public SipResponse message(String target, String text) {
        return send("MESSAGE", target, parts -> parts.body("text/plain;charset=UTF-8", text));
    }

    /** Sends OPTIONS, and returns the final response, also a failure. */
    public SipResponse options(String target) {
        return send("OPTIONS", target);
    }

    /**
     * Sends any bytes to the proxy, such as a malformed message, as one datagram, WebSocket frame or piece of the
     * stream. {@link #awaitStrayResponse} reads a response to them.
     */
    public void sendBytes(byte[] bytes) {
        core.layer().send(bytes.clone());
    }

    /**
     * Waits for the next response that belongs to no transaction of the phone, such as the one to {@link #sendBytes}.
     */
    public SipResponse awaitStrayResponse() {
        return server.strays().take(response -> true, core.patience()).orElseThrow(() -> core.missing("a response"));
    }

    /**
     * Waits for the next request with a method outside calls, and removes it from the inbox. The phone has already
     * responded to it.
     */
    public SipRequest awaitRequest(String method) {
        Method wanted = Method.of(method);
        return server.requests()
                .take(request -> request.method().equals(wanted), core.patience())
                .orElseThrow(() -> core.missing(method));
    }

    /**
     * Returns the address that a received request came from, such as one of several proxies that share a database. The
     * phone responds to that address.
     *
     * @throws IllegalArgumentException if the request is an ACK, or the phone did not receive it
     */
    public InetSocketAddress sourceOf(SipRequest request) {
        return core.layer()
                .sourceOf(request)
                .orElseThrow(() -> new IllegalArgumentException(
                        "request: " + user() + " has no transaction of this " + request.method()));
    }

    /**
     * Sets the status of the responses to later requests with a method, outside and within calls. Does not apply to an
     * INVITE that begins a call, nor to BYE. Default 200, for REFER 202.
     *
     * @throws IllegalArgumentException if the status is not 200 to 699
     */
    public void respondWith(String method, int status) {
        if (status < 200 || status > 699) {
            throw new IllegalArgumentException("status: " + status + " (expected 200 to 699)");
        }
        server.respondWith(Method.of(method), status);
    }

    // ---- behind a NAT

    /** Sends CR LF CR LF, which keeps a NAT mapping open (RFC 5626 §3.5.1). */
    public void keepAlive() {
        core.layer().send("\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Returns the phone's address as seen by the proxy, with a STUN request to the SIP port (RFC 5626 §4.4.2). UDP and
     * IPv4 only.
     *
     * @throws AssertionError if the proxy does not respond
     */
    public InetSocketAddress mappedAddress() {
        return registration.ask();
    }

    /**
     * Registers if {@link #mappedAddress()} has changed since the previous call, as RFC 5626 §4.4.2 requires. The first
     * call always registers.
     *
     * @return true if the phone registered
     */
    public boolean registerIfMappingChanged() {
        boolean changed = registration.mappingHasChanged();
        if (changed) {
            register();
        }
        return changed;
    }

    /** Ignores everything received from now on, as if the phone were switched off. It can still send. */
    public void stopResponding() {
        core.layer().stopResponding();
    }

    // ---- for assertions

    /**
     * Returns the latest 10,000 messages on the phone's wire, where the other side is named {@code proxy}. For tests of
     * another SIP server, whose own messages are not recorded.
     */
    public Ladder ladder() {
        return core.log().ladder();
    }

    /** Returns the number of OPTIONS and keepalives received. */
    public int pings() {
        return server.pings();
    }

    /**
     * Returns protocol errors of the proxy: requests that are not for the phone's Contact, and messages that cannot be
     * parsed.
     */
    public List<String> complaints() {
        return server.complaints();
    }

    /** Returns incoming calls that were neither answered nor cancelled. */
    public List<IncomingCall> pendingCalls() {
        return server.pendingCalls();
    }

    Optional<NetworkFaults> faults() {
        return Optional.ofNullable(faults);
    }

    void refusePendingCalls() {
        pendingCalls().forEach(call -> call.respond(StatusCode.TEMPORARILY_UNAVAILABLE));
    }

    /** Returns true if the address, as seen by the proxy, is that of this phone. Resolves the NATs in between. */
    boolean isSeenAs(InetSocketAddress address) {
        InetSocketAddress inside = address;
        for (int i = routers.size() - 1; i >= 0; i--) {
            Optional<InetSocketAddress> next = routers.get(i).inside(inside);
            if (next.isEmpty()) {
                return false;
            }
            inside = next.get();
        }
        return inside.equals(wire.localAddress());
    }

    /**
     * Closes the phone without sending: bindings and calls remain. Idempotent; the phone's threads have ended on
     * return.
     */
    @Override
    public void close() {
        core.layer().close();
    }

    @Override
    public String toString() {
        return "Phone[" + aor() + ", " + wire.kind() + " " + wire.localAddress() + "]";
    }

    /** Builder of a {@link Phone}. Not thread-safe. */
    public static final class Builder {

        /** Local address of phones behind a NAT, the same for all, as with routers of one manufacturer. */
        private static final String PRIVATE_ADDRESS = "192.168.1.10:5060";

        private final String user;
        private String domain = "sip.test";
        private @Nullable String password;
        private Set<DigestAlgorithm> algorithms = EnumSet.allOf(DigestAlgorithm.class);
        private Function<TransportKind, InetSocketAddress> proxies = kind -> {
            throw new IllegalArgumentException("proxy: missing; set the address that the phone sends to");
        };
        private InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        private TransportKind transport = TransportKind.UDP;
        private @Nullable SSLContext tls;
        private List<NatRouter> routers = List.of();
        private @Nullable NetworkFaults faults;
        private @Nullable TestClock clock;
        private @Nullable SipProxy watched;
        private boolean isWatched;
        private @Nullable String claimed;
        private boolean strict = true;
        private boolean answering;
        private Duration patience = Duration.ofSeconds(10);
        private Duration t1 = Duration.ofMillis(500);

        private Builder(String user) {
            this.user = Objects.requireNonNull(user, "user");
        }

        /** Sets the domain of the AOR. Default {@code sip.test}. */
        public Builder domain(String value) {
            domain = Objects.requireNonNull(value, "value").toLowerCase(Locale.ROOT);
            return this;
        }

        /**
         * Sets the password for digest challenges; the digest user is the phone's user. Default none: a challenge is a
         * final response.
         */
        public Builder password(String value) {
            password = Objects.requireNonNull(value, "value");
            return this;
        }

        /** Sets the supported digest algorithms. The phone uses the first challenge with one of them. Default all. */
        public Builder algorithms(DigestAlgorithm first, DigestAlgorithm... more) {
            algorithms = EnumSet.of(first, more);
            return this;
        }

        /** Sets the address that everything is sent to. Required, except for phones of {@link SipProxyExtension}. */
        public Builder proxy(InetSocketAddress address) {
            Objects.requireNonNull(address, "address");
            return proxies(kind -> address);
        }

        /** Sets a started proxy: everything is sent to its first listening point of the phone's transport. */
        public Builder proxy(SipProxy proxy) {
            Objects.requireNonNull(proxy, "proxy");
            proxies(kind -> proxy.boundEndpoints().stream()
                    .filter(endpoint -> endpoint.kind() == kind)
                    .findFirst()
                    .map(endpoint -> reachable(endpoint.host(), endpoint.port()))
                    .orElseThrow(() -> new IllegalArgumentException("proxy: the proxy does not listen for " + kind)));
            watched = proxy;
            return this;
        }

        private static InetSocketAddress reachable(String host, int port) {
            InetSocketAddress bound = new InetSocketAddress(host, port);
            InetAddress address = bound.getAddress();
            return address != null && address.isAnyLocalAddress()
                    ? new InetSocketAddress(InetAddress.getLoopbackAddress(), port)
                    : bound;
        }

        /** Notes that the clock sees the messages of the proxy, because the extension has added its listener. */
        Builder watched() {
            isWatched = true;
            return this;
        }

        /** Sets the address that everything is sent to, by transport. */
        Builder proxies(Function<TransportKind, InetSocketAddress> addresses) {
            proxies = addresses;
            watched = null;
            isWatched = false;
            return this;
        }

        /** Sets the local address, for UDP. Default a free port of the loopback address. */
        public Builder local(InetSocketAddress address) {
            local = Objects.requireNonNull(address, "address");
            return this;
        }

        /**
         * Sets the transport. Default UDP. With the others the phone opens one connection; TLS and WSS need {@link
         * #tls}.
         */
        public Builder transport(TransportKind kind) {
            transport = Objects.requireNonNull(kind, "kind");
            return this;
        }

        /**
         * Sets the trusted authorities and the phone's certificate, for TLS and WSS. Over TLS the proxy's certificate
         * must be for the phone's domain, over WSS for the address that the phone connects to.
         */
        public Builder tls(SSLContext context) {
            tls = Objects.requireNonNull(context, "context");
            return this;
        }

        /**
         * Sets the NATs between phone and proxy, the one next to the phone first. The caller closes them. The phone
         * then uses a private address in its messages, unless {@link #claiming} sets another. Default none; UDP only.
         */
        public Builder behind(NatRouter... nearestFirst) {
            routers = List.of(nearestFirst);
            return this;
        }

        /**
         * Sets the {@code host:port} in Via and Contact. Default the phone's real address; behind a NAT {@code
         * 192.168.1.10:5060} for all phones; over a WebSocket a name under {@code .invalid} (RFC 7118 §5.5).
         */
        public Builder claiming(String hostPort) {
            claimed = Objects.requireNonNull(hostPort, "hostPort");
            return this;
        }

        /** Sets the faults of the network between phone and proxy, or the NAT next to the phone. Default none. */
        public Builder faults(NetworkFaults value) {
            faults = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets the clock of the phone's retransmissions and waits, and of the delays of its {@link #faults}. With a
         * {@linkplain TestClock#stopped() stopped} clock, a method that waits moves the clock. Default the machine's;
         * for phones of {@link SipProxyExtension} that of the extension.
         */
        public Builder clock(TestClock value) {
            clock = Objects.requireNonNull(value, "value");
            return this;
        }

        /** Makes the phone ring and answer each call automatically, without a body. */
        public Builder answering() {
            answering = true;
            return this;
        }

        /** Makes the phone accept requests for any Request-URI. */
        public Builder lenient() {
            strict = false;
            return this;
        }

        /**
         * Sets the time limit of methods that wait, on the phone's {@link #clock}; positive. Default 10 s.
         *
         * @throws IllegalArgumentException if {@code value} is not positive
         */
        public Builder patience(Duration value) {
            patience = positive("patience", value);
            return this;
        }

        /**
         * Sets T1 (RFC 3261 §17.1.1.1), positive. T2 is 8*T1, and retransmissions end after 64*T1. Default 500 ms.
         *
         * @throws IllegalArgumentException if {@code value} is not positive
         */
        public Builder t1(Duration value) {
            t1 = positive("t1", value);
            return this;
        }

        private static Duration positive(String name, Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(name + ": " + value + " (expected a positive duration)");
            }
            return value;
        }

        /**
         * Opens the socket, or the connection to the proxy, and returns the phone.
         *
         * @throws IllegalArgumentException if {@link #proxy} or {@link #tls} is missing, or a NAT does not support the
         *     transport
         * @throws java.io.UncheckedIOException if the socket or connection cannot be opened
         */
        public Phone open() {
            if (clock != null && watched != null) {
                watched.addWireListener(clock.messages());
                isWatched = true;
            }
            return new Phone(this);
        }

        private Wire openWire() {
            if (transport != TransportKind.UDP && !routers.isEmpty()) {
                throw new IllegalArgumentException("behind: a NatRouter supports UDP only, not " + transport);
            }
            InetSocketAddress via = proxies.apply(transport);
            for (int i = routers.size() - 1; i >= 0; i--) {
                via = routers.get(i).towards(via);
            }
            Wire wire = openWire(via);
            VirtualTime stopped = clock == null ? null : clock.stoppedTime();
            if (stopped != null && isWatched && routers.isEmpty()) {
                wire = stopped.traffic().counted(wire);
            }
            return faults == null ? wire : new FaultyWire(wire, faults.link(clock));
        }

        private Wire openWire(InetSocketAddress via) {
            return switch (transport) {
                case UDP -> new UdpWire(local, via);
                case TCP -> StreamWire.tcp(via);
                case TLS -> StreamWire.tls(via, context(), domain);
                case WS -> new WebSocketWire(transport, via, null);
                case WSS -> new WebSocketWire(transport, via, context());
            };
        }

        private SSLContext context() {
            SSLContext context = tls;
            if (context == null) {
                throw new IllegalArgumentException(
                        "tls: missing; set the trusted certificates of a phone over " + transport);
            }
            return context;
        }

        private String addressToClaim(InetSocketAddress socket) {
            if (socket.isUnresolved()) {
                return socket.getHostString();
            }
            if (!routers.isEmpty()) {
                return PRIVATE_ADDRESS;
            }
            String host = socket.getAddress().getHostAddress();
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + socket.getPort();
        }
    }
}
