package org.sipproxy.benchmarks;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.sip.message.Request;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** Request at a proxy for {@code example.org}, to measure one stage alone. */
final class RequestAtProxy implements StageContext, Flow {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Optional<String> DOMAIN = Optional.of("example.org");
    private static final Endpoint ENDPOINT = Endpoint.udp("192.0.2.1", 5060);

    private SipRequest request;
    private final InetSocketAddress source;
    private @Nullable String user;
    private boolean trusted;

    RequestAtProxy(SipRequest request, InetAddress source) {
        this.request = request;
        this.source = new InetSocketAddress(source, 5060);
    }

    @Override
    public SipRequest request() {
        return request;
    }

    @Override
    public void replace(SipRequest edited) {
        request = edited;
    }

    @Override
    public Request jain() {
        throw new UnsupportedOperationException("the measured stages do not use javax.sip");
    }

    @Override
    public Flow flow() {
        return this;
    }

    @Override
    public TransportKind kind() {
        return TransportKind.UDP;
    }

    @Override
    public Endpoint endpoint() {
        return ENDPOINT;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return source;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isLocalDomain(String host) {
        return host.equals("example.org");
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return uri.hostIs("example.org");
    }

    @Override
    public Optional<String> domainOf(SipUri uri) {
        return isMyself(uri) ? DOMAIN : Optional.empty();
    }

    @Override
    public Optional<String> senderDomain() throws SipParseException {
        return domainOf(request().from().uri());
    }

    @Override
    public UserCase userCase() {
        return UserCase.INSENSITIVE;
    }

    @Override
    public Instant now() {
        return NOW;
    }

    @Override
    public Instant wallClock() {
        return NOW;
    }

    @Override
    public List<Target> targets() {
        return List.of();
    }

    @Override
    public Optional<String> authenticatedUser() {
        return Optional.ofNullable(user);
    }

    @Override
    public void authenticated(String username, String realm, int credentialsHeader) {
        user = username;
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
    public void behindNat() {}

    @Override
    public boolean isBehindNat() {
        return false;
    }

    @Override
    public void publish(SecurityEvent event) {}
}
