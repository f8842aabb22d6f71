package org.sipproxy.testkit.fakes;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import javax.sip.message.Request;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.jain.JainRequest;

/**
 * Context of a request, for the unit test of a stage. The proxy listens on {@code 192.0.2.1:5060} and serves {@code
 * example.org}, its primary domain, and {@code example.net}. Records what the stage reports.
 */
public final class FakeStageContext implements StageContext {

    /** Default time of a request. */
    public static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

    private static final Optional<String> PRIMARY = Optional.of("example.org");
    private static final Optional<String> SECOND = Optional.of("example.net");

    private SipRequest request;
    private @Nullable JainRequest view;
    private final Instant now;
    private Instant wallClock;
    private final List<SecurityEvent> events = new ArrayList<>();
    private @Nullable String authenticatedUser;
    private int credentialsHeader = -2;
    private Flow flow = new FakeFlow(
            TransportKind.UDP,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 40_000),
            FakeFlow.UDP,
            true,
            Set.of());
    private List<Target> targets = List.of();
    private UserCase userCase = UserCase.INSENSITIVE;
    private final Map<Aor, List<Binding>> bindings = new HashMap<>();
    private @Nullable FailureCause unavailability;
    private boolean trusted;
    private boolean behindNat;
    private String explanation = "";
    private boolean rehearsal;
    private @Nullable String assumedUser;
    private final Map<String, String> notes = new LinkedHashMap<>();

    /** Creates the context of a request at a given time, from the loopback address over UDP. */
    public FakeStageContext(SipRequest request, Instant now) {
        this.request = request;
        this.now = now;
        this.wallClock = now;
    }

    /**
     * Returns the context of a request at the time {@link #START}.
     *
     * @param text lines that end in LF; the empty line after the headers may be omitted
     */
    public static FakeStageContext of(String text) {
        return at(START, text);
    }

    /** Returns the context of a request like {@link #of}, at a given time. */
    public static FakeStageContext at(Instant now, String text) {
        return at(now, text, ParseLimits.DEFAULT);
    }

    /**
     * Returns the context of a request like {@link #of}, at a given time and parsed with given limits.
     *
     * @throws IllegalArgumentException if the text is not a SIP request
     */
    public static FakeStageContext at(Instant now, String text, ParseLimits limits) {
        String lines = text.endsWith("\n\n") ? text : text.stripTrailing() + "\n\n";
        byte[] wire = lines.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
        try {
            return new FakeStageContext((SipRequest) SipMessage.parse(wire, limits), now);
        } catch (SipParseException e) {
            throw new IllegalArgumentException("text: not a SIP request", e);
        }
    }

    // ---- set by the test

    /** Sets the source of the request: a numeric address, and port 40000. */
    public FakeStageContext from(String address) {
        return from(address, 40_000);
    }

    /** Sets the source of the request; a numeric address. */
    public FakeStageContext from(String address, int port) {
        return on(new FakeFlow(
                flow.kind(), new InetSocketAddress(address, port), flow.endpoint(), true, flow.peerIdentities()));
    }

    /** Sets the transport of the request. Default UDP. */
    public FakeStageContext over(TransportKind transport) {
        return on(new FakeFlow(transport, flow.remoteAddress(), flow.endpoint(), true, flow.peerIdentities()));
    }

    /** Sets the transport to TLS, from a peer whose certificate is for these domains. */
    public FakeStageContext identified(String... domains) {
        return on(new FakeFlow(TransportKind.TLS, flow.remoteAddress(), flow.endpoint(), true, Set.of(domains)));
    }

    /** Sets the flow that the request arrived on. */
    public FakeStageContext on(Flow arrival) {
        flow = arrival;
        return this;
    }

    /** Sets the targets that earlier stages found. Default none. */
    public FakeStageContext targets(Target... found) {
        targets = List.of(found);
        return this;
    }

    /** Sets the bindings of a user. Default none. */
    public FakeStageContext bindings(Aor aor, Binding... registered) {
        bindings.put(aor, List.of(registered));
        return this;
    }

    /** Sets why the called user cannot be reached. Default empty. */
    public FakeStageContext unavailable(FailureCause cause) {
        unavailability = cause;
        return this;
    }

    /** Sets the proxy's rule for the case of users. Default: case is ignored. */
    public FakeStageContext with(UserCase rule) {
        userCase = rule;
        return this;
    }

    /** Sets the wall clock. Default: {@link #now()}. */
    public FakeStageContext wallClock(Instant shows) {
        wallClock = shows;
        return this;
    }

    /** Makes the request a rehearsed one. */
    public FakeStageContext rehearsal() {
        rehearsal = true;
        return this;
    }

    /** Makes the request a rehearsed one, with an assumed proof of this user. */
    public FakeStageContext rehearsalAs(String user) {
        rehearsal = true;
        assumedUser = user;
        return this;
    }

    // ---- reported by the stage

    /** Returns the header line that was passed to {@link #authenticated}, -2 if it was not called. */
    public int credentialsHeader() {
        return credentialsHeader;
    }

    /** Returns the published events, in order. */
    public List<SecurityEvent> events() {
        return events;
    }

    /** Returns the latest argument of {@link #explain}; empty if there is none. */
    public String explanation() {
        return explanation;
    }

    /** Returns the notes of a rehearsal, in order; of several with one name the latest. */
    public Map<String, String> notes() {
        return notes;
    }

    // ---- StageContext

    @Override
    public SipRequest request() {
        if (view != null) {
            request = view.message();
        }
        return request;
    }

    @Override
    public void replace(SipRequest edited) {
        request = edited;
        view = null;
    }

    @Override
    public Request jain() {
        if (view == null) {
            view = JainRequest.of(request);
        }
        return view;
    }

    @Override
    public Flow flow() {
        return flow;
    }

    @Override
    public boolean isLocalDomain(String host) {
        return domain(host).isPresent();
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return isLocalDomain(uri.host()) || uri.hostIs("192.0.2.1");
    }

    @Override
    public Optional<String> domainOf(SipUri uri) {
        Optional<String> domain = domain(uri.host());
        return domain.isEmpty() && isMyself(uri) ? PRIMARY : domain;
    }

    private static Optional<String> domain(String host) {
        return host.equalsIgnoreCase("example.org")
                ? PRIMARY
                : host.equalsIgnoreCase("example.net") ? SECOND : Optional.empty();
    }

    @Override
    public List<Binding> bindings(Aor aor) {
        return bindings.getOrDefault(aor, List.of());
    }

    @Override
    public Optional<Aor> aorOf(SipUri uri) {
        return domainOf(uri)
                .filter(domain -> Aor.isUser(uri.user()))
                .map(domain -> new Aor(userCase.canonical(uri.user()), domain));
    }

    @Override
    public Optional<FailureCause> unavailability() {
        return Optional.ofNullable(unavailability);
    }

    @Override
    public UserCase userCase() {
        return userCase;
    }

    @Override
    public Optional<String> senderDomain() throws SipParseException {
        SipUri from = request().from().uri();
        return from.isSip() ? domainOf(from) : PRIMARY;
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Instant wallClock() {
        return wallClock;
    }

    @Override
    public List<Target> targets() {
        return targets;
    }

    @Override
    public Optional<String> authenticatedUser() {
        return Optional.ofNullable(authenticatedUser);
    }

    @Override
    public void authenticated(String username, String realm, int credentialsHeader) {
        this.authenticatedUser = username + "@" + realm;
        this.credentialsHeader = credentialsHeader;
    }

    @Override
    public void trust() {
        trusted = true;
    }

    @Override
    public boolean isTrusted() {
        return trusted;
    }

    @Override
    public void behindNat() {
        behindNat = true;
    }

    @Override
    public boolean isBehindNat() {
        return behindNat;
    }

    @Override
    public void publish(SecurityEvent event) {
        events.add(event);
    }

    @Override
    public void explain(String why) {
        explanation = Objects.requireNonNull(why, "why");
    }

    @Override
    public boolean isRehearsal() {
        return rehearsal;
    }

    @Override
    public Optional<String> assumedUser() {
        return Optional.ofNullable(assumedUser);
    }

    @Override
    public void note(String name, String value) {
        if (rehearsal) {
            notes.put(name, value);
        }
    }
}
