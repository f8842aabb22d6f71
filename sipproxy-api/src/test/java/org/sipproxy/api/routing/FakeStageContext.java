package org.sipproxy.api.routing;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.sip.message.Request;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.transport.FakeFlow;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.jain.JainRequest;

/**
 * Context of a request at a proxy that listens on {@code 192.0.2.1} and serves {@code example.org}, its primary domain,
 * and {@code example.net}.
 */
public final class FakeStageContext implements StageContext {

    public static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

    private static final Set<String> DOMAINS = Set.of("example.org", "example.net");

    private SipRequest request;
    private @Nullable JainRequest view;
    private final Instant now;
    private Instant wallClock;
    private final List<SecurityEvent> events = new ArrayList<>();
    private @Nullable String authenticatedUser;
    private int credentialsHeader = -2;
    private InetSocketAddress source = new InetSocketAddress(InetAddress.getLoopbackAddress(), 40_000);
    private TransportKind kind = TransportKind.UDP;
    private Set<String> identities = Set.of();
    private UserCase userCase = UserCase.INSENSITIVE;
    private boolean trusted;
    private boolean behindNat;

    public FakeStageContext(SipRequest request, Instant now) {
        this.request = request;
        this.now = now;
        this.wallClock = now;
    }

    /** Returns the context of a request at the time {@link #START}. */
    public static FakeStageContext of(String text) {
        return at(START, text);
    }

    public static FakeStageContext at(Instant now, String text) {
        return at(now, text, ParseLimits.DEFAULT);
    }

    /**
     * Returns the context of a request at a given time.
     *
     * @param text lines that end in LF; the empty line after the headers may be omitted
     */
    public static FakeStageContext at(Instant now, String text, ParseLimits limits) {
        String lines = text.endsWith("\n\n") ? text : text.stripTrailing() + "\n\n";
        byte[] wire = lines.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
        try {
            return new FakeStageContext((SipRequest) SipMessage.parse(wire, limits), now);
        } catch (SipParseException e) {
            throw new IllegalArgumentException("the test's request is none", e);
        }
    }

    /** Changes the source address of the request; a numeric address. */
    public FakeStageContext from(String address) {
        return from(address, 40_000);
    }

    public FakeStageContext from(String address, int port) {
        source = new InetSocketAddress(address, port);
        return this;
    }

    public FakeStageContext over(TransportKind transport) {
        kind = transport;
        return this;
    }

    /** Changes the flow to TLS, from a peer whose certificate is for these domains. */
    public FakeStageContext identified(String... domains) {
        identities = Set.of(domains);
        return over(TransportKind.TLS);
    }

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
        return new FakeFlow(kind, source, FakeFlow.UDP, true, identities);
    }

    @Override
    public boolean isLocalDomain(String host) {
        return DOMAINS.contains(host.toLowerCase(Locale.ROOT));
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return isLocalDomain(uri.host()) || uri.hostIs("192.0.2.1");
    }

    @Override
    public Optional<String> domainOf(SipUri uri) {
        String host = uri.host().toLowerCase(Locale.ROOT);
        return isMyself(uri) ? Optional.of(DOMAINS.contains(host) ? host : "example.org") : Optional.empty();
    }

    /** Sets the proxy's rule for the case of users. Default: case is ignored. */
    public FakeStageContext with(UserCase rule) {
        userCase = rule;
        return this;
    }

    @Override
    public UserCase userCase() {
        return userCase;
    }

    @Override
    public Optional<String> senderDomain() throws SipParseException {
        SipUri from = request().from().uri();
        return from.isSip() ? domainOf(from) : Optional.of("example.org");
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Instant wallClock() {
        return wallClock;
    }

    /** Sets the wall clock. Default: {@link #now()}. */
    public FakeStageContext wallClock(Instant shows) {
        wallClock = shows;
        return this;
    }

    @Override
    public List<Target> targets() {
        return List.of();
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

    /** Returns the header line that was passed to {@link #authenticated}, -2 if it was not called. */
    public int credentialsHeader() {
        return credentialsHeader;
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

    public List<SecurityEvent> events() {
        return events;
    }
}
