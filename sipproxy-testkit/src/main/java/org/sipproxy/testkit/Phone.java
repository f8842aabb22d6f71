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
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * A phone for tests: it registers, calls, is called, and sends and gets any other request, over any transport. It sends everything to
 * one proxy, repeats what has to be repeated (RFC 3261 §17), answers digest challenges, and is strict: a request whose Request-URI
 * is not the Contact that it wrote gets 404 (§8.2.2.1) and is a {@linkplain #complaints() complaint}.
 *
 * <p>Calls wait for the test to answer them, unless the phone is {@linkplain Builder#answering() answering}. Any other request gets
 * 200, or what {@link #replyWith} says.
 *
 * <p>What waits, waits as long as the phone's patience and then throws an {@link AssertionError} that lists what went over the
 * phone's wire. Safe for use by any thread; its own two are daemons that {@link #close()} ends.
 */
public final class Phone implements AutoCloseable {

    /** What {@link #register()} asks for. */
    public static final Duration DEFAULT_EXPIRES = Duration.ofMinutes(5);

    private final PhoneCore core;
    private final Wire wire;
    private final List<NatRouter> routers;
    private final UserAgentServer server;
    private final Registration registration;

    private Phone(Builder options) {
        this.routers = options.routers;
        this.wire = options.openWire();
        String claimed = options.claimed != null ? options.claimed : options.addressToClaim(wire.localAddress());
        Identity identity = new Identity(options.user, options.domain, claimed, wire.kind());
        PhoneLog log = new PhoneLog();
        TransactionLayer layer = new TransactionLayer(wire, identity, log, options.t1);
        DigestClient digest = new DigestClient(options.user, options.password, options.algorithms);
        this.core = new PhoneCore(identity, layer, digest, options.patience, log);
        StunClient stun = new StunClient(layer);
        this.server = new UserAgentServer(core, stun, options.strict, options.answering);
        this.registration = new Registration(core, stun);
        layer.start(server);
    }

    /** A phone of that user; {@link Builder#proxy} has to be given. */
    public static Builder builder(String user) {
        return new Builder(user);
    }

    /** Its user. */
    public String user() {
        return core.identity().user();
    }

    /** Its address-of-record, {@code sip:user@domain}. */
    public String aor() {
        return core.identity().aor();
    }

    /** The URI that it writes into Contact. */
    public String contact() {
        return core.identity().contact();
    }

    /** The address of its socket. Behind a NAT the proxy sees another. */
    public InetSocketAddress localAddress() {
        return wire.localAddress();
    }

    // ---- registration

    /**
     * Registers for {@link #DEFAULT_EXPIRES}.
     *
     * @throws AssertionError if that is refused
     */
    public SipResponse register() {
        return register(DEFAULT_EXPIRES);
    }

    /**
     * Registers for that long, in whole seconds.
     *
     * @throws AssertionError if that is refused
     */
    public SipResponse register(Duration expires) {
        SipResponse response = tryRegister(expires, parts -> {});
        if (!response.isSuccess()) {
            throw core.unexpected("REGISTER was answered " + Reply.describe(response));
        }
        return response;
    }

    /** Registers, with headers of the test's, and returns the final response whatever it is. */
    public SipResponse tryRegister(Duration expires, Consumer<MessageParts> filler) {
        return registration.send(expires, MessageParts.of(filler));
    }

    /** Removes its binding. */
    public SipResponse unregister() {
        return register(Duration.ZERO);
    }

    /** How many of its REGISTERs were accepted. */
    public int registrations() {
        return registration.accepted();
    }

    String registrationCallId() {
        return registration.callId();
    }

    // ---- calls

    /**
     * Calls somebody and returns at once; {@link OutgoingCall#awaitAnswer} waits.
     *
     * @param target a user of the phone's domain, or a URI
     */
    public OutgoingCall call(String target) {
        return call(target, parts -> {});
    }

    /** As {@link #call(String)}, with headers or a body in the INVITE. */
    public OutgoingCall call(String target, Consumer<MessageParts> filler) {
        return new OutgoingCall(core, core.identity().uriOf(target), MessageParts.of(filler)).start();
    }

    /** Waits for the next call that comes in. */
    public IncomingCall awaitCall() {
        return server.calls().take(call -> true, core.patience()).orElseThrow(() -> core.missing("a call"));
    }

    // ---- other requests

    /**
     * Sends a request outside any dialog and waits for its final response, whatever that is.
     *
     * @param method any but INVITE, ACK and CANCEL, which are a call's
     * @param target a user of the phone's domain, or a URI
     */
    public SipResponse send(String method, String target) {
        return send(method, target, parts -> {});
    }

    /** As {@link #send(String, String)}, with headers or a body. */
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
        if (Reply.isTargetRefresh(token)) {
            lines.add(new HeaderLine(HeaderName.CONTACT, "<" + me.contact() + ">"));
        }
        RequestDraft draft = new RequestDraft(method, uri, lines, MessageParts.of(filler));
        long[] cseq = {0};
        return new Exchange(core, draft, () -> ++cseq[0], response -> {})
                .start()
                .awaitFinal();
    }

    /** Sends a text with MESSAGE (RFC 3428) and waits for the final response, whatever that is. */
    public SipResponse message(String target, String text) {
        return send("MESSAGE", target, parts -> parts.body("text/plain;charset=UTF-8", text));
    }

    /** Sends OPTIONS and waits for the final response, whatever that is. */
    public SipResponse options(String target) {
        return send("OPTIONS", target);
    }

    /** Waits for the next request with that method outside calls, and takes it. It has been answered. */
    public SipRequest awaitRequest(String method) {
        Method wanted = Method.of(method);
        return server.requests()
                .take(request -> request.method().equals(wanted), core.patience())
                .orElseThrow(() -> core.missing(method));
    }

    /**
     * What requests with that method get from now on, outside calls and in them; but not an INVITE that begins a call, nor BYE.
     * Default 200.
     *
     * @throws IllegalArgumentException if the status is not 200 to 699
     */
    public void replyWith(String method, int status) {
        if (status < 200 || status > 699) {
            throw new IllegalArgumentException("status: " + status + " (expected 200 to 699)");
        }
        server.replyWith(Method.of(method), status);
    }

    // ---- behind a NAT

    /** Sends CR LF CR LF, which keeps a mapping open (RFC 5626 §3.5.1). */
    public void keepAlive() {
        core.layer().send("\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Asks by STUN on the SIP port how the proxy sees it (RFC 5626 §4.4.2); UDP and IPv4.
     *
     * @throws AssertionError if the proxy does not answer
     */
    public InetSocketAddress mappedAddress() {
        return registration.ask();
    }

    /**
     * Registers if {@link #mappedAddress()} is not what it was when this was called last, as a phone does that RFC 5626 §4.4.2 tells
     * so; the first time in any case.
     *
     * @return whether it registered
     */
    public boolean registerIfMappingChanged() {
        boolean changed = registration.mappingHasChanged();
        if (changed) {
            register();
        }
        return changed;
    }

    /** It hears nothing from now on, as if it were switched off. It can still send. */
    public void deafen() {
        core.layer().deafen();
    }

    // ---- what the test may look at

    /** How many OPTIONS and keepalives it got. */
    public int pings() {
        return server.pings();
    }

    /** What it did not like: requests that were not for its Contact, messages that cannot be read. */
    public List<String> complaints() {
        return server.complaints();
    }

    /** Calls that came in and that nobody answered or gave up. */
    public List<IncomingCall> pendingCalls() {
        return server.pendingCalls();
    }

    void refusePendingCalls() {
        pendingCalls().forEach(call -> call.respond(StatusCode.TEMPORARILY_UNAVAILABLE));
    }

    /** True if what comes from that address, as the proxy sees it, is from this phone, the NATs in between looked through. */
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

    /** Switches it off without a word: bindings and calls stay as they are. Idempotent; its threads have ended on return. */
    @Override
    public void close() {
        core.layer().close();
    }

    @Override
    public String toString() {
        return "Phone[" + aor() + ", " + wire.kind() + " " + wire.localAddress() + "]";
    }

    /** Options of a {@link Phone}. Not safe for use by several threads. */
    public static final class Builder {

        /** The address that a phone behind a NAT believes to have, the same for all as it is with routers of one make. */
        private static final String PRIVATE_ADDRESS = "192.168.1.10:5060";

        private final String user;
        private String domain = "sip.test";
        private @Nullable String password;
        private Set<DigestAlgorithm> algorithms = EnumSet.allOf(DigestAlgorithm.class);
        private Function<TransportKind, InetSocketAddress> proxies = kind -> {
            throw new IllegalArgumentException("proxy: missing; say where the phone sends to");
        };
        private InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        private TransportKind transport = TransportKind.UDP;
        private @Nullable SSLContext tls;
        private List<NatRouter> routers = List.of();
        private @Nullable String claimed;
        private boolean strict = true;
        private boolean answering;
        private Duration patience = Duration.ofSeconds(10);
        private Duration t1 = Duration.ofMillis(500);

        private Builder(String user) {
            this.user = Objects.requireNonNull(user, "user");
        }

        /** The domain of its address-of-record. Default {@code sip.test}. */
        public Builder domain(String value) {
            domain = Objects.requireNonNull(value, "value").toLowerCase(Locale.ROOT);
            return this;
        }

        /** What it answers digest challenges with; the digest user is its user. Default none: a challenge is its final response. */
        public Builder password(String value) {
            password = Objects.requireNonNull(value, "value");
            return this;
        }

        /** The digest algorithms that it knows: it answers the first challenge with one of them. Default all. */
        public Builder algorithms(DigestAlgorithm first, DigestAlgorithm... more) {
            algorithms = EnumSet.of(first, more);
            return this;
        }

        /** Where everything is sent. No default, but a phone of {@link SipProxyExtension} has it. */
        public Builder proxy(InetSocketAddress address) {
            Objects.requireNonNull(address, "address");
            return proxies(kind -> address);
        }

        /** Where everything is sent, by transport. */
        Builder proxies(Function<TransportKind, InetSocketAddress> addresses) {
            proxies = addresses;
            return this;
        }

        /** Its own address, for UDP. Default a free port of the loopback address. */
        public Builder local(InetSocketAddress address) {
            local = Objects.requireNonNull(address, "address");
            return this;
        }

        /** Default UDP. The others are one connection each, which the phone opens; TLS and WSS need {@link #tls}. */
        public Builder transport(TransportKind kind) {
            transport = Objects.requireNonNull(kind, "kind");
            return this;
        }

        /**
         * Whose certificates it believes, and its own, over TLS and WSS. Over TLS the proxy's has to be for the phone's domain, over
         * WSS for the address that the phone connects to.
         */
        public Builder tls(SSLContext context) {
            tls = Objects.requireNonNull(context, "context");
            return this;
        }

        /**
         * The NATs between it and the proxy, the one next to the phone first. They stay the caller's to close. It then claims a
         * private address unless {@link #claiming} says otherwise. Default none; UDP only.
         */
        public Builder behind(NatRouter... nearestFirst) {
            routers = List.of(nearestFirst);
            return this;
        }

        /**
         * The {@code host:port} that it writes into Via and Contact. Default its true address; behind a NAT
         * {@code 192.168.1.10:5060}, whoever it is; with a WebSocket a name under {@code .invalid} (RFC 7118 §5.5).
         */
        public Builder claiming(String hostPort) {
            claimed = Objects.requireNonNull(hostPort, "hostPort");
            return this;
        }

        /** It rings and answers each call by itself, without a body. */
        public Builder answering() {
            answering = true;
            return this;
        }

        /** It takes requests for any Request-URI. */
        public Builder lenient() {
            strict = false;
            return this;
        }

        /** How long it waits for anything; positive. Default 10 s. */
        public Builder patience(Duration value) {
            patience = positive("patience", value);
            return this;
        }

        /** The T1 of RFC 3261 §17.1.1.1, from which T2 is 8 times and the end of repetitions 64 times; positive. Default 500 ms. */
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
         * Opens the socket, or the connection to the proxy.
         *
         * @throws IllegalArgumentException if {@link #proxy} or {@link #tls} is missing, or a NAT does not take the transport
         * @throws java.io.UncheckedIOException if that fails
         */
        public Phone open() {
            return new Phone(this);
        }

        private Wire openWire() {
            if (transport != TransportKind.UDP && !routers.isEmpty()) {
                throw new IllegalArgumentException("behind: a NatRouter takes UDP only, not " + transport);
            }
            InetSocketAddress via = proxies.apply(transport);
            for (int i = routers.size() - 1; i >= 0; i--) {
                via = routers.get(i).towards(via);
            }
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
                        "tls: missing; say whose certificates a phone over " + transport + " believes");
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
