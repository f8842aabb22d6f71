package org.sipproxy.core.internal.pipeline;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.ProxyEvent;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.NameAddress;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.Splice;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.ProxyClock;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transport.TransportFlow;

/** One request on its way through the pipeline: what the steps found out about it so far. Used by one thread at a time. */
public final class RequestContext implements StageContext {

    private SipRequest request;
    /** What came, once {@link #request} is something else. */
    private @Nullable SipRequest received;

    private final TransportFlow flow;
    private final ResponsePath responsePath;
    private final LocalNames names;
    private final ProxyClock clock;
    private final Consumer<ProxyEvent> events;
    private final long receivedAtMillis;
    private @Nullable ServerTransaction transaction;

    private int nextStep;
    private int strippedRoutes;
    private @Nullable SipUri strictUri;
    private @Nullable List<NameAddress> routes;
    private long maxForwards = -1;
    private List<Target> targets = List.of();
    private @Nullable String authenticatedUser;
    private byte @Nullable [] credentialsLine;
    private boolean bound;
    private boolean trusted;
    private boolean behindNat;
    private @Nullable TransportFlow dialogFlow;

    public RequestContext(
            SipRequest request,
            TransportFlow flow,
            ResponsePath responsePath,
            LocalNames names,
            ProxyClock clock,
            Consumer<ProxyEvent> events) {
        this.request = request;
        this.flow = flow;
        this.responsePath = responsePath;
        this.names = names;
        this.clock = clock;
        this.events = events;
        this.receivedAtMillis = clock.currentTimeMillis();
    }

    @Override
    public SipRequest request() {
        return request;
    }

    /**
     * The request as it came, whatever was done to it since: what responses of our own copy, and what a loop is known by when
     * it comes again.
     */
    public SipRequest received() {
        SipRequest original = received;
        return original == null ? request : original;
    }

    @Override
    public TransportFlow flow() {
        return flow;
    }

    public ResponsePath responsePath() {
        return responsePath;
    }

    LocalNames names() {
        return names;
    }

    @Override
    public boolean isLocalDomain(String host) {
        return names.isDomain(host);
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return names.isMyself(uri);
    }

    @Override
    public Optional<String> domainOf(SipUri uri) {
        return Optional.ofNullable(names.domainOf(uri));
    }

    @Override
    public UserCase userCase() {
        return names.userCase();
    }

    /** When the request came, in milliseconds since 1970. */
    public long receivedAtMillis() {
        return receivedAtMillis;
    }

    @Override
    public Instant now() {
        return Instant.ofEpochMilli(clock.currentTimeMillis());
    }

    public boolean isInvite() {
        return request.method() == Method.INVITE;
    }

    public boolean isAck() {
        return request.method() == Method.ACK;
    }

    /**
     * The connection that a Route of ours names: where a request inside a dialog goes, if nothing that knows more of late says
     * otherwise. Null if there is none.
     */
    public @Nullable TransportFlow dialogFlow() {
        return dialogFlow;
    }

    void dialogFlow(@Nullable TransportFlow flow) {
        dialogFlow = flow;
    }

    /** True if the Request-URI, as it came, asks for TLS on each hop (§26.2.2). */
    public boolean isSecured() throws SipParseException {
        return received().requestUri().isSecure() || request.requestUri().isSecure();
    }

    // ---- the server transaction, once there is one

    public @Nullable ServerTransaction transaction() {
        return transaction;
    }

    public void transaction(ServerTransaction serverTransaction) {
        this.transaction = serverTransaction;
    }

    // ---- how far the pipeline is

    /** The step that runs next. */
    int nextStep() {
        return nextStep;
    }

    void nextStep(int index) {
        nextStep = index;
    }

    // ---- Max-Forwards

    /** The number that the request came with, -1 if none. */
    public long maxForwards() {
        return maxForwards;
    }

    void maxForwards(long value) {
        this.maxForwards = value;
    }

    // ---- Route

    /** All Route elements of the request, also those that are stripped. */
    public List<NameAddress> routes() throws SipParseException {
        List<NameAddress> parsed = routes;
        if (parsed == null) {
            parsed = request.firstHeader(HeaderName.ROUTE) < 0 ? List.of() : request.addresses(HeaderName.ROUTE);
            routes = parsed;
        }
        return parsed;
    }

    /** How many Route elements from the top are not forwarded: they named us. */
    public int strippedRoutes() {
        return strippedRoutes;
    }

    void stripRoute() {
        strippedRoutes++;
    }

    /**
     * The Request-URI is replaced by the last Route, which then goes (§16.4): the request came through a strict router that
     * put our Record-Route into the Request-URI.
     */
    void undoStrictRouting() throws SipParseException {
        List<NameAddress> all = routes();
        strictUri = all.get(all.size() - 1).uri();
        materialize();
    }

    /** The Route elements that are left. */
    public List<NameAddress> remainingRoutes() throws SipParseException {
        List<NameAddress> all = routes();
        return strippedRoutes == 0 ? all : all.subList(strippedRoutes, all.size());
    }

    /** Makes the pending Route changes in the message itself, so that a host's step sees and edits what is forwarded. */
    void materialize() throws SipParseException {
        SipUri uri = strictUri;
        if (strippedRoutes == 0 && uri == null) {
            return;
        }
        Splice splice = new Splice();
        if (uri != null) {
            splice.replace(request.requestUriStart(), request.requestUriEnd(), uri.toBytes());
        }
        List<NameAddress> left = remainingRoutes();
        RouteSplice.rewrite(splice, request, uri == null ? left : left.subList(0, left.size() - 1));
        replaceRequest(splice.apply(request.wire()));
        strippedRoutes = 0;
        strictUri = null;
    }

    private void replaceRequest(byte[] wire) throws SipParseException {
        if (received == null) {
            received = request;
        }
        request = (SipRequest) SipMessage.parse(wire, request.limits());
        routes = null;
    }

    // ---- what a host's step did

    /**
     * Forgets what was derived from the bytes that a host's step has edited.
     *
     * @param before the bytes as they were
     */
    void edited(byte[] before) throws SipParseException {
        if (received == null) {
            received = (SipRequest) SipMessage.parse(before, request.limits());
        }
        routes = null;
        maxForwards = request.number(HeaderName.MAX_FORWARDS, CheckMaxForwards.MAX);
    }

    // ---- targets

    @Override
    public List<Target> targets() {
        return targets;
    }

    void targets(List<Target> found) {
        this.targets = found;
    }

    /** True if the called user has bindings, even if none of them may be used for this request. */
    boolean isBound() {
        return bound;
    }

    void bound() {
        bound = true;
    }

    // ---- authentication

    @Override
    public Optional<String> authenticatedUser() {
        return Optional.ofNullable(authenticatedUser);
    }

    @Override
    public void authenticated(String username, String realm, int credentialsHeader) {
        authenticatedUser = username + "@" + realm;
        if (credentialsHeader >= 0) {
            credentialsLine = java.util.Arrays.copyOfRange(
                    request.wire(), request.lineStart(credentialsHeader), request.lineEnd(credentialsHeader));
        }
    }

    @Override
    public void trust() {
        trusted = true;
    }

    @Override
    public boolean isTrusted() {
        return trusted;
    }

    /** True if the sender has neither proved a password nor is a trusted peer. */
    boolean isStranger() {
        return authenticatedUser == null && !trusted;
    }

    // ---- NAT

    @Override
    public void behindNat() {
        behindNat = true;
    }

    @Override
    public boolean isBehindNat() {
        return behindNat;
    }

    @Override
    public void publish(ProxyEvent event) {
        events.accept(event);
    }

    /** The header line that carried credentials for us, as it was when they were checked; null if none did. */
    public byte @Nullable [] credentialsLine() {
        return credentialsLine;
    }
}
