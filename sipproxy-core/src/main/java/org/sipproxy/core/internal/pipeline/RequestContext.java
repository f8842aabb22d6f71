package org.sipproxy.core.internal.pipeline;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.sip.message.Request;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.jain.JainRequest;
import org.sipproxy.message.wire.Splice;

/** State of one request in the pipeline: what the stages have found out so far. Used by one thread at a time. */
public final class RequestContext implements StageContext {

    /**
     * Bodies up to this size, in bytes, are kept, because a copy without them would cost more than it saves. SDP is
     * smaller.
     */
    private static final int LARGE_BODY = 4_096;

    private static final int INDEX_OF_A_LINE = 16;

    private SipRequest request;
    private @Nullable View view;
    /** The request as it was received, once {@link #request} is another one. */
    private @Nullable SipRequest received;

    private final TransportFlow flow;
    private final ResponsePath responsePath;
    /** Names and settings of the proxy when the request arrived: they apply to it to the end. */
    private final LocalNames names;

    private final ProxySettings settings;
    private final ProxyTime time;
    private final Consumer<SecurityEvent> events;
    private final long receivedAtMillis;
    /** Null unless the request is rehearsed. */
    private final @Nullable Rehearsal rehearsal;

    private @Nullable ServerTransaction transaction;
    /** The latest locally generated response. */
    private byte @Nullable [] localResponse;
    /** Why that response was generated, if its reason phrase does not say so. */
    private String failure = "";
    /** True if a component has published an event about the request. */
    private boolean reported;

    /** True if the request is being forwarded, after which no stage may change it. */
    private volatile boolean decided;

    private int nextStage;
    private int strippedRoutes;
    private @Nullable SipUri strictUri;
    private @Nullable List<NameAddress> routes;
    private long maxForwards = -1;
    private List<Target> targets = List.of();
    /** Those targets that are bindings of the called user. */
    private List<Target> registered = List.of();

    private @Nullable String authenticatedUser;
    private @Nullable String authenticatedRealm;
    private byte @Nullable [] credentialsLine;
    private boolean bound;
    private boolean trusted;
    private boolean behindNat;
    private @Nullable Aor calledUser;
    private boolean onward;
    private @Nullable Target handedOver;
    private boolean countedElsewhere;
    /** Null until something is known of it. */
    private @Nullable DialogPath dialog;
    /** Null until a hop has another sender than that of the request. */
    private @Nullable Senders senders;

    /** True for a request of this proxy within a dialog between two clients. */
    private boolean inDialogOfOthers;
    /** Null for a request that is not of a dialog whose side is this proxy. */
    private @Nullable OwnDialog ownDialog;

    private @Nullable RelayProgress progress;
    private @Nullable RelayPlan plan;
    /** Why the called user cannot be reached. */
    private @Nullable FailureCause unavailability;
    /** Why there is no target although the request is relayed by a plan. */
    private Outcome.@Nullable Unavailable unavailable;

    private @Nullable BindingLookup lookup;
    /** Null until a stage waits. Set before another thread runs a stage. */
    private @Nullable Patience patience;

    public RequestContext(
            SipRequest request,
            TransportFlow flow,
            ResponsePath responsePath,
            LocalNames names,
            ProxySettings settings,
            ProxyTime time,
            Consumer<SecurityEvent> events) {
        this(request, flow, responsePath, names, settings, time, events, null);
    }

    /**
     * @param rehearsal record of a rehearsed request; null for others
     */
    public RequestContext(
            SipRequest request,
            TransportFlow flow,
            ResponsePath responsePath,
            LocalNames names,
            ProxySettings settings,
            ProxyTime time,
            Consumer<SecurityEvent> events,
            @Nullable Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
        this.request = request;
        this.flow = flow;
        this.responsePath = responsePath;
        this.names = names;
        this.settings = settings;
        this.time = time;
        this.events = events;
        this.receivedAtMillis = time.wallMillis();
    }

    @Override
    public SipRequest request() {
        commitView();
        return request;
    }

    @Override
    public void replace(SipRequest edited) {
        requireUndecided();
        view = null;
        adopt(Objects.requireNonNull(edited, "edited"));
    }

    @Override
    public Request jain() {
        requireUndecided();
        View current = view;
        if (current == null) {
            current = new View(JainRequest.of(request));
            view = current;
        }
        return current.asRequest();
    }

    /** Ends the decision: from now on the context belongs to the response context and its lock. */
    public void decided() {
        decided = true;
    }

    private void requireUndecided() {
        if (decided) {
            throw new IllegalStateException("context: no longer valid, because the request has been forwarded;"
                    + " use it until the stage returns, or until its CompletionStage completes");
        }
    }

    /** Takes over what a stage edited through its javax.sip view. */
    void commitView() {
        View edited = view;
        if (edited != null) {
            adopt(edited.request.message());
        }
    }

    /** Ends the view of the stage that has run; the edited request is the request of the next stage. */
    void endOfStage(SipRequest before) throws SipParseException {
        view = null;
        if (request != before) {
            maxForwards = request.number(HeaderName.MAX_FORWARDS, CheckMaxForwards.MAX);
        }
    }

    private void adopt(SipRequest edited) {
        if (edited == request) {
            return;
        }
        if (received == null) {
            received = request;
        }
        request = edited;
        routes = null;
    }

    /**
     * Replaces the request while one branch is written. Returns the previous one, to be put back; nothing changes if it
     * is the same.
     */
    public SipRequest exchange(SipRequest other) {
        SipRequest before = request;
        if (other != before) {
            if (received == null) {
                received = before;
            }
            request = other;
            routes = null;
        }
        return before;
    }

    /**
     * Returns the request as it was received, whatever was changed since. Locally generated responses are copied from
     * it, and loops are recognized by it.
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

    /** Returns true if the host application sends the request itself. */
    public boolean isFromHost() {
        return responsePath.isLocal();
    }

    /**
     * Returns true if the proxy sends the request itself in place of a side of a call. Stages see it like a request of
     * that side, because they may know the path to the other side.
     */
    boolean isInDialogOfOthers() {
        return inDialogOfOthers;
    }

    void inDialogOfOthers() {
        inDialogOfOthers = true;
    }

    /**
     * Values that a request has from a dialog of which this proxy is one side.
     *
     * @param contact user part of the Contact; null for no Contact
     * @param peer the other side, which has chosen where the request goes; null before the dialog
     */
    public record OwnDialog(
            @Nullable String contact, @Nullable Sender peer) {}

    public void ownDialog(OwnDialog dialogOfThisProxy) {
        ownDialog = dialogOfThisProxy;
    }

    /** Returns the user part of the Contact to be added for this proxy; null for none. */
    public @Nullable String ownContact() {
        OwnDialog own = ownDialog;
        return own == null ? null : own.contact();
    }

    public LocalNames names() {
        return names;
    }

    /** Returns the settings of the proxy when the request arrived. */
    ProxySettings settings() {
        return settings;
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
    public Optional<String> senderDomain() throws SipParseException {
        SipUri from = request.from().uri();
        return from.isSip() ? domainOf(from) : Optional.of(names.primaryDomain());
    }

    @Override
    public UserCase userCase() {
        return names.userCase();
    }

    /** Returns the time when the request was received, on the wall clock, in milliseconds since 1970. */
    public long receivedAtMillis() {
        return receivedAtMillis;
    }

    /** Returns {@link ProxyTime#wallReadings()}. */
    long[] wallReadings() {
        return time.wallReadings();
    }

    @Override
    public Instant now() {
        return time.now();
    }

    @Override
    public Instant wallClock() {
        return Instant.ofEpochMilli(time.wallMillis());
    }

    public boolean isInvite() {
        return request.method() == Method.INVITE;
    }

    public boolean isAck() {
        return request.method() == Method.ACK;
    }

    // ---- the route within a dialog

    /** Marks the request as following its Route or its Request-URI, without a look-up of a user. */
    void onward() {
        onward = true;
    }

    /** Returns true if the request follows its Route or its Request-URI, without a look-up of a user. */
    public boolean isOnward() {
        return onward;
    }

    /** Returns what is known of the dialog and the path to its remote target. */
    public DialogPath dialog() {
        DialogPath known = dialog;
        return known == null ? DialogPath.UNKNOWN : known;
    }

    /** Returns the same, to be written. */
    DialogPath learnOfDialog() {
        DialogPath known = dialog;
        if (known == null) {
            known = new DialogPath();
            dialog = known;
        }
        return known;
    }

    /** Returns the user whose bindings are the targets; null if the request goes elsewhere. */
    public @Nullable Aor calledUser() {
        return calledUser;
    }

    void calledUser(Aor user) {
        calledUser = user;
    }

    /** Returns true if the request belongs to a dialog that was set up through this proxy, which its Route proves. */
    public boolean isInDialog() {
        return dialog().proof != null;
    }

    private @Nullable Predicate<InetSocketAddress> dialogSides() {
        RouteSignature.Proof proof = dialog().proof;
        return proof == null ? null : proof.sides();
    }

    // ---- the flow that another node of the cluster asks for

    /** Notes that another node has decided to send the request over a flow of this node. */
    void handedOver(Target overFlow) {
        handedOver = overFlow;
        countedElsewhere = true;
    }

    void countedElsewhere() {
        countedElsewhere = true;
    }

    /** Returns true if the request also passes another node of the cluster, which counts it and accounts for it. */
    public boolean isCountedElsewhere() {
        return countedElsewhere;
    }

    /** Returns the flow over which another node has decided to send the request; null for other requests. */
    public @Nullable Target handedOver() {
        return handedOver;
    }

    // ---- the party on whose behalf it is sent

    /**
     * Returns the party on whose behalf a request is sent to {@code hop}: the sender if the sender named it, the
     * registering client if it is a host name in a binding, otherwise the host application.
     */
    public Sender senderTo(SipUri hop, Target target) throws SipParseException {
        OwnDialog own = ownDialog;
        Sender side = own == null ? null : own.peer();
        if ((!isFromHost() || side != null)
                && target.routes().isEmpty()
                && (!remainingRoutes().isEmpty() || isFromSender(target))) {
            return side == null ? Sender.of(flow, trusted, dialogSides()) : side.inDialog(dialogSides());
        }
        Senders known = senders;
        return known == null ? Sender.HOST : known.registrantOf(hop);
    }

    private boolean isFromSender(Target target) throws SipParseException {
        Senders known = senders;
        return (known != null && known.isRedirected(target)) || Senders.isNamedBy(received(), request, target);
    }

    /** Notes that the next hop of this binding is a host name, whose address is not known before it is resolved. */
    void registrant(SipUri hop, Binding binding) {
        learnOfSenders().registrant(hop, binding);
    }

    /** Notes a target that the sender would request itself if the redirection were passed on. */
    public void redirected(Target target) {
        learnOfSenders().redirected(target);
    }

    private Senders learnOfSenders() {
        Senders known = senders;
        if (known == null) {
            known = new Senders();
            senders = known;
        }
        return known;
    }

    /** Returns true if the Request-URI, as received, requires TLS on each hop (§26.2.2). */
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

    // ---- progress of the pipeline

    /** Returns the index of the stage that runs next. */
    int nextStage() {
        return nextStage;
    }

    void nextStage(int index) {
        nextStage = index;
    }

    // ---- Max-Forwards

    /** Returns the number that the request was received with; -1 if none. */
    public long maxForwards() {
        return maxForwards;
    }

    void maxForwards(long value) {
        this.maxForwards = value;
    }

    // ---- Route

    /** Returns all Route elements of the request, including those that are stripped. */
    public List<NameAddress> routes() throws SipParseException {
        List<NameAddress> parsed = routes;
        if (parsed == null) {
            parsed = request.firstHeader(HeaderName.ROUTE) < 0 ? List.of() : request.addresses(HeaderName.ROUTE);
            routes = parsed;
        }
        return parsed;
    }

    /** Returns how many Route elements from the top are not forwarded because they named this proxy. */
    public int strippedRoutes() {
        return strippedRoutes;
    }

    void stripRoute() {
        strippedRoutes++;
    }

    /**
     * Replaces the Request-URI by the last Route, which is removed (§16.4): the request came through a strict router
     * that put this proxy's Record-Route into the Request-URI.
     */
    void undoStrictRouting() throws SipParseException {
        List<NameAddress> all = routes();
        strictUri = all.get(all.size() - 1).uri();
        materialize();
    }

    /** Returns the Route elements that remain. */
    public List<NameAddress> remainingRoutes() throws SipParseException {
        List<NameAddress> all = routes();
        return strippedRoutes == 0 ? all : all.subList(strippedRoutes, all.size());
    }

    /**
     * Applies the pending Route changes to the message itself, so that a host's stage sees and edits what is forwarded.
     */
    void materialize() throws SipParseException {
        SipUri uri = strictUri;
        if (strippedRoutes == 0 && uri == null) {
            return;
        }
        Splice splice = new Splice();
        if (uri != null) {
            splice.replace(request.index().uriStart(), request.index().uriEnd(), uri.toBytes());
        }
        List<NameAddress> left = remainingRoutes();
        RouteSplice.rewrite(splice, request, uri == null ? left : left.subList(0, left.size() - 1));
        adopt(request.with(splice));
        strippedRoutes = 0;
        strictUri = null;
    }

    // ---- waiting

    /** Returns who may wait for the decision; called before another thread runs a stage. */
    public Patience patience() {
        Patience known = patience;
        if (known == null) {
            known = new Patience();
            patience = known;
        }
        return known;
    }

    /** Returns true while requests of the same Call-ID wait for the decision about this one. */
    public boolean holdsLane() {
        Patience known = patience;
        return known != null && known.holdsLane();
    }

    /** Returns true if the current thread may wait for a look-up. */
    boolean mayWait() {
        Patience known = patience;
        return known != null && known.mayWait();
    }

    /** Returns true if a look-up of bindings may block. */
    public boolean lookUpsMayBlock() {
        BindingLookup bindings = lookup;
        return bindings != null && bindings.mayBlock();
    }

    // ---- targets

    /** Returns the plan of a stage for the called user's bindings, or null. */
    @Nullable
    RelayPlan plan() {
        return plan;
    }

    void plan(@Nullable RelayPlan chosen) {
        plan = chosen;
    }

    @Override
    public Optional<FailureCause> unavailability() {
        return Optional.ofNullable(unavailability);
    }

    void unavailable(FailureCause cause) {
        unavailability = cause;
    }

    void lookup(BindingLookup bindings) {
        lookup = bindings;
    }

    /** Returns true if the sender may call users of other domains. */
    public boolean mayRelay() {
        BindingLookup rules = lookup;
        return rules != null && rules.mayRelay(this);
    }

    @Override
    public List<Binding> bindings(Aor aor) {
        return Objects.requireNonNull(lookup, "the context is not in a pipeline")
                .usable(this, aor);
    }

    @Override
    public Optional<Aor> aorOf(SipUri uri) {
        return Optional.ofNullable(names.aorOf(uri));
    }

    @Override
    public List<Target> targets() {
        return targets;
    }

    void relayTo(Outcome.Relay relay) {
        targets = relay.targets();
        unavailable = relay.unavailable();
        unavailability = null; // a stage has found another target
    }

    Outcome.@Nullable Unavailable unavailable() {
        return unavailable;
    }

    /** Sets the targets to the called user's bindings. */
    void registered(List<Target> found) {
        registered = found;
    }

    /**
     * Returns true if the target is a registered client: one of the called user's bindings, or a target with a client's
     * flow.
     */
    public boolean isRegistered(Target target) {
        return target.flow() != null || target.received() != null || isOfCalledUser(target);
    }

    /** Returns true if the target is one of the called user's bindings. */
    public boolean isOfCalledUser(Target target) {
        for (Target bound : registered) {
            if (bound.equals(target)) {
                return true;
            }
        }
        return false;
    }

    /** Returns true if the called user has bindings, even if none of them may be used for this request. */
    boolean isBound() {
        return bound;
    }

    void bound() {
        bound = true;
    }

    /** Returns the observer of the request once it is relayed; null if there is none. */
    public @Nullable RelayProgress progress() {
        return progress;
    }

    public void progress(RelayProgress observer) {
        progress = observer;
    }

    // ---- authentication

    @Override
    public Optional<String> authenticatedUser() {
        return Optional.ofNullable(authenticatedUser);
    }

    @Override
    public void authenticated(String username, String realm, int credentialsHeader) {
        requireUndecided();
        authenticatedUser = username + "@" + realm;
        flow.peerProven();
        authenticatedRealm = realm;
        if (credentialsHeader >= 0) {
            credentialsLine = request.index()
                    .copy(
                            request.index().lineStart(credentialsHeader),
                            request.index().lineEnd(credentialsHeader));
        }
    }

    /** Returns true if an earlier stage called {@link #authenticated}. */
    boolean isAuthenticated() {
        return authenticatedUser != null;
    }

    /** Returns the realm in which the sender proved a password; null if it did not. */
    public @Nullable String authenticatedRealm() {
        return authenticatedRealm;
    }

    @Override
    public void trust() {
        requireUndecided();
        trusted = true;
        flow.peerProven();
    }

    @Override
    public boolean isTrusted() {
        return trusted;
    }

    /**
     * Returns true if the sender has proved a password, is a trusted peer, or sends in a dialog that this proxy
     * record-routed. Only such senders may use memory beyond the open share: the reserve of the budget, and refusals
     * that are retransmitted.
     */
    public boolean isProven() {
        return authenticatedUser != null || trusted || isInDialog();
    }

    // ---- memory

    /** Returns the approximate size in bytes of the messages that this context keeps. */
    public int retainedBytes() {
        SipRequest original = received;
        int bytes = request.index().length() + INDEX_OF_A_LINE * request.headerCount();
        return original == null || original == request
                ? bytes
                : bytes + original.index().length();
    }

    /** Returns true if {@link #releaseBody} is worth the copy of the header. */
    public boolean hasLargeBody() {
        return request.bodyLength() > LARGE_BODY;
    }

    /**
     * Releases the body when the request will not be sent again.
     *
     * @return the number of bytes freed
     */
    public int releaseBody() {
        int before = retainedBytes();
        SipRequest original = received;
        try {
            request = withoutBody(request);
            if (original != null) {
                received = withoutBody(original);
            }
        } catch (SipParseException e) {
            return 0; // cannot happen: the whole message was parsed before
        }
        return before - retainedBytes();
    }

    private static SipRequest withoutBody(SipRequest whole) throws SipParseException {
        return (SipRequest) SipMessage.parse(whole.index().copy(0, whole.index().bodyStart()), whole.limits());
    }

    /** Returns true if the sender has neither proved a password nor is a trusted peer. */
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
    public void publish(SecurityEvent event) {
        Rehearsal record = rehearsal;
        if (record != null) {
            record.note("event", event.getClass().getSimpleName());
            return;
        }
        reported = true;
        events.accept(event);
    }

    /** Returns true if an event about the request was published; its listeners do the logging. */
    public boolean isReported() {
        return reported;
    }

    @Override
    public void explain(String why) {
        requireUndecided();
        failure = Objects.requireNonNull(why, "why");
    }

    // ---- rehearsal

    /** Returns the record of a rehearsed request; null for others. */
    @Nullable
    Rehearsal rehearsal() {
        return rehearsal;
    }

    @Override
    public boolean isRehearsal() {
        return rehearsal != null;
    }

    @Override
    public Optional<String> assumedUser() {
        Rehearsal record = rehearsal;
        return record == null ? Optional.empty() : Optional.ofNullable(record.assumedUser());
    }

    @Override
    public void note(String name, String value) {
        Rehearsal record = rehearsal;
        if (record != null) {
            record.note(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
        }
    }

    /** Notes a locally generated response that may be sent. */
    public void localResponse(byte[] wire) {
        localResponse = wire;
    }

    /** Notes for the log why the request could not be forwarded. */
    public void failure(String why) {
        failure = why;
    }

    /** Returns why the request could not be forwarded; empty if that was not noted. */
    public String failure() {
        return failure;
    }

    /** Returns true if this very response was generated locally. */
    public boolean isLocalResponse(byte[] wire) {
        return localResponse == wire;
    }

    /**
     * Returns the header line that carried credentials for this proxy, as it was when they were checked; null if there
     * was none.
     */
    public byte @Nullable [] credentialsLine() {
        return credentialsLine;
    }

    /** The javax.sip view. The verifier of this class loads javax.sip; that of the context must not. */
    private static final class View {

        private final JainRequest request;

        View(JainRequest request) {
            this.request = request;
        }

        Request asRequest() {
            return request;
        }
    }
}
