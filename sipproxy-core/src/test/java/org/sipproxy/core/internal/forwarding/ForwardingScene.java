package org.sipproxy.core.internal.forwarding;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.codec.FlowTokens;
import org.sipproxy.core.internal.codec.ResponseWriter;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.core.internal.codec.SealedUsers;
import org.sipproxy.core.internal.codec.ViaStamp;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.location.MemoryLocationStore;
import org.sipproxy.core.internal.pipeline.LocalNames;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.PreprocessRoute;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.pipeline.RequestPipeline;
import org.sipproxy.core.internal.registrar.Registrar;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.core.internal.transaction.ClientTransaction;
import org.sipproxy.core.internal.transaction.InviteServerTransaction;
import org.sipproxy.core.internal.transaction.NonInviteServerTransaction;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.internal.transaction.TransactionScene;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.RecordingTransport;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.message.Method;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * A forwarder for example.org at 10.0.0.1:5060 between a caller at 192.0.2.1 and callees played by the test. Relayed
 * requests have passed the pipeline, because its stages set values in the context; its decision is ignored.
 */
final class ForwardingScene {

    private static final byte[] NO_LINES = {};
    private static final ProxySettings SETTINGS =
            ProxySettings.builder().domains(List.of("example.org")).build();

    final TransactionScene transactions = new TransactionScene();
    final RecordingTransport transport = transactions.transport;
    final Branches branches = new Branches();
    final AddressPolicy addresses = new AddressPolicy(ContactPolicy.DEFAULT, this::isMyself);
    final RouteSignature signature = new RouteSignature(new byte[16], Duration.ofHours(24), addresses);
    FlowTokens tokens = new FlowTokens();
    SealedUsers users = new SealedUsers(new byte[32]);
    final Resolver resolver = new Resolver();
    final RequestForwarder forwarder;
    /** The final responses of which the listeners were notified. */
    final List<Integer> completed = new ArrayList<>();
    /** The reasons that were noted for the log of failed requests and dropped ACKs. */
    final List<String> failures = new ArrayList<>();

    /** The action of a listener when it is notified. */
    Runnable whenCompleted = () -> {};

    /** No TCP: large requests are sent over UDP too. */
    boolean udpOnly;

    /** Tasks on the threads of failure stages. */
    final List<Runnable> hostTasks = new ArrayList<>();

    boolean acceptsHostTasks = true;
    final MemoryLocationStore store =
            new MemoryLocationStore(transactions.time, new TimerWheel(transactions.clock.nanoTime()));

    private final RequestPipeline pipeline;
    final LocalNames names = new LocalNames(List.of("example.org"), List.of("10.0.0.1"), UserCase.INSENSITIVE);
    RecordingFlow caller = transport.flow(TransportKind.UDP, "192.0.2.1", 5060);

    ForwardingScene(ResponseStage... stages) {
        this(NextHopPolicy.DEFAULT, stages);
    }

    ForwardingScene(NextHopPolicy nextHops, ResponseStage... stages) {
        forwarder = new RequestForwarder(
                branches,
                signature,
                tokens,
                users,
                flow -> null,
                new HopCredentials(() -> names, null),
                null,
                transactions.table,
                (hop, inbound, point, sender) -> {
                    addresses.require(hop.address(), sender);
                    return udpOnly && hop.kind() != TransportKind.UDP
                            ? null
                            : transport.flowTo(hop.kind(), hop.address());
                },
                resolver,
                nextHops,
                new LocalResponseWriter() {
                    @Override
                    public byte[] write(RequestContext context, int status) {
                        return response(context.received(), context.flow(), status, NO_LINES);
                    }

                    @Override
                    public byte[] write(RequestContext context, Outcome.Respond response) {
                        return response(
                                context.received(), context.flow(), response.statusCode(), response.headerLines());
                    }
                },
                new Completions() {
                    @Override
                    public void completed(RequestContext context, int status, byte[] response, List<Target> targets) {
                        completed.add(status);
                        failures.add(context.failure());
                        whenCompleted.run();
                    }

                    @Override
                    public void ackDropped(RequestContext context, String why) {
                        failures.add(why);
                    }
                },
                new ResponseStages(List.of(stages), names::isMyself),
                task -> {
                    if (acceptsHostTasks) {
                        hostTasks.add(task);
                    }
                    return acceptsHostTasks;
                },
                Duration.ofSeconds(10));
        pipeline = new RequestPipeline(new RequestPipeline.Parts(
                branches,
                signature,
                tokens,
                users,
                connection -> null,
                uri -> null,
                PreprocessRoute.PeerRequests.NONE,
                null,
                () -> false,
                new Registrar(
                        store,
                        RegistrarPolicy.DEFAULT,
                        transactions.time,
                        names::aorOf,
                        addresses,
                        (binding, sameClient) -> Registrar.hasClosedFlow(binding)),
                store,
                binding -> null,
                request -> request,
                ack -> false,
                false,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of()));
    }

    /** Runs the failure stages that were passed to the host's threads. */
    void runHostTasks() {
        List<Runnable> tasks = List.copyOf(hostTasks);
        hostTasks.clear();
        tasks.forEach(Runnable::run);
    }

    /** Adds a binding of a user. */
    void register(String user, String contact) {
        Binding binding = Binding.builder("b-" + contact, SipUri.of(contact))
                .times(transactions.clock.currentTimeMillis(), transactions.clock.currentTimeMillis() + 3_600_000)
                .build();
        store.update(Aor.of(SipUri.of("sip:" + user + "@example.org")), before -> {
            List<Binding> all = new ArrayList<>(before);
            all.add(binding);
            return all;
        });
    }

    private boolean isMyself(SipUri uri) {
        return names.isMyself(uri);
    }

    /** Makes the caller's side a connection. */
    ForwardingScene overTcp() {
        caller = transport.flow(TransportKind.TCP, "192.0.2.1", 5060);
        return this;
    }

    static Target target(String uri) {
        return Target.of(SipUri.of(uri));
    }

    static Target target(String uri, float q) {
        return new Target(SipUri.of(uri), q, List.of(), null);
    }

    static String request(String method, String... lines) {
        return """
        %1$s sip:bob@example.org SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKcaller
        Max-Forwards: 70
        From: <sip:alice@example.org>;tag=1
        To: <sip:bob@example.org>
        Call-ID: c1
        CSeq: 1 %1$s
        %2$sContent-Length: 0

        """.formatted(method, lines.length == 0 ? "" : String.join("\n", lines) + "\n");
    }

    RequestContext context(String text) {
        SipRequest request = SipText.request(text);
        RequestContext context = new RequestContext(
                request, caller, transactions.pathOn(caller), names, SETTINGS, transactions.time, event -> {});
        pipeline.run(context, true);
        return context;
    }

    /** Returns what the pipeline decides about a request. */
    Outcome decide(String text) {
        SipRequest request = SipText.request(text);
        return pipeline.run(
                new RequestContext(
                        request, caller, transactions.pathOn(caller), names, SETTINGS, transactions.time, event -> {}),
                true);
    }

    /** Returns the server transaction of a request; an INVITE's sends no 100. */
    ServerTransaction open(RequestContext context) {
        TransactionKey key;
        try {
            key = TransactionKey.of(context.request());
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
        if (context.isInvite()) {
            InviteServerTransaction server = new InviteServerTransaction(
                    key, transactions.table, context.responsePath(), context.retainedBytes(), null);
            transactions.table.addIfAbsent(server);
            return server;
        }
        NonInviteServerTransaction server = new NonInviteServerTransaction(
                key,
                transactions.table,
                context.responsePath(),
                context.retainedBytes(),
                () -> response(context.received(), context.flow(), StatusCode.TRYING, NO_LINES));
        transactions.table.addIfAbsent(server);
        server.start();
        return server;
    }

    ServerTransaction relay(String text, Target... targets) {
        RequestContext context = context(text);
        ServerTransaction server = open(context);
        relay(context, server, targets);
        return server;
    }

    ServerTransaction relay(String text, RelayPlan plan) {
        RequestContext context = context(text);
        ServerTransaction server = open(context);
        relay(context, server, (Outcome.Relay) Outcome.of(Verdict.relay(plan)));
        return server;
    }

    ServerTransaction invite(RelayPlan plan) {
        return relay(request("INVITE"), plan);
    }

    void relay(RequestContext context, ServerTransaction server, Target... targets) {
        relay(context, server, (Outcome.Relay) Outcome.of(Verdict.relay(targets)));
    }

    void relay(RequestContext context, ServerTransaction server, RelayPlan plan) {
        relay(context, server, (Outcome.Relay) Outcome.of(Verdict.relay(plan)));
    }

    private void relay(RequestContext context, ServerTransaction server, Outcome.Relay relay) {
        try {
            forwarder.relay(context, server, relay);
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
    }

    ServerTransaction invite(Target... targets) {
        return relay(request("INVITE"), targets);
    }

    /** Returns what was sent to a callee over UDP, port 5060. */
    List<Sent> to(String ip) {
        return transport.flow(TransportKind.UDP, ip, 5060).sent();
    }

    List<String> whatTo(String ip) {
        return to(ip).stream().map(Sent::what).toList();
    }

    /** Returns what the caller received. */
    List<Sent> upstream() {
        return caller.sent();
    }

    List<String> whatUpstream() {
        return upstream().stream().map(Sent::what).toList();
    }

    /** Returns the latest request with this method that was sent to a callee. */
    Sent last(String ip, String method) {
        return to(ip).stream()
                .filter(s -> s.what().equals(method))
                .reduce((a, b) -> b)
                .orElseThrow(() -> new AssertionError("no " + method + " to " + ip + "; sent: " + transport.sent()));
    }

    /** Returns the number of the client transaction that sent a request. */
    static long numberOf(Sent sent) {
        try {
            SipRequest request = sent.request();
            return Branches.number(request.index(), request.topVia());
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets the callee respond to the latest INVITE that it received. */
    void answer(String ip, int status, String... lines) {
        answer(last(ip, "INVITE"), status, lines);
    }

    /** Delivers the response to a request that was sent; returns false if it is stray. */
    boolean answer(Sent sent, int status, String... lines) {
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            text.append(line).append('\n');
        }
        byte[] wire = response(sent.request(), sent.flow(), status, SipText.crlf(text.toString()));
        return receive(wire);
    }

    boolean receive(byte[] wire) {
        try {
            SipResponse response = (SipResponse) SipMessage.parse(wire, ParseLimits.DEFAULT);
            ClientTransaction transaction = transactions.table.client(
                    Branches.number(response.index(), response.topVia()),
                    response.cseq().method() == Method.CANCEL);
            if (transaction != null) {
                transaction.onResponse(response);
            }
            return transaction != null;
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] response(
            SipRequest request, org.sipproxy.core.internal.transport.TransportFlow from, int status, byte[] lines) {
        try {
            ViaStamp stamp = ViaStamp.of(
                    request.index(),
                    request.topVia(),
                    from.remoteAddress(),
                    from.kind().isReliable());
            String tag = status == StatusCode.TRYING
                    ? null
                    : "tag-" + from.remoteAddress().getAddress().getHostAddress();
            return ResponseWriter.write(request, stamp, status, StatusCode.reasonPhrase(status), tag, lines);
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
    }

    void advance(long millis) {
        transactions.advance(millis);
    }

    /** Resolver that knows the names that a test adds, and completes at once or when the test says so. */
    static final class Resolver extends NextHopResolver {

        final Map<String, List<NextHop>> names = new HashMap<>();
        private final List<Runnable> waiting = new ArrayList<>();
        boolean slow;
        ResolutionFailure.Reason failure = ResolutionFailure.Reason.NO_SUCH_HOST;

        void knows(String name, NextHop... hops) {
            names.put(name, List.of(hops));
        }

        @Override
        public @Nullable NextHop numeric(SipUri uri) {
            TransportKind kind =
                    uri.parameter("transport").flatMap(TransportKind::of).orElse(TransportKind.UDP);
            int port = uri.port() < 0 ? kind.defaultPort() : uri.port();
            return Character.isDigit(uri.host().charAt(0))
                    ? new NextHop(kind, new InetSocketAddress(uri.host(), port))
                    : null;
        }

        @Override
        public void resolve(SipUri uri, Sender sender, NextHopResolver.Callback callback) {
            List<NextHop> hops = names.getOrDefault(uri.host(), List.of());
            Runnable answer = hops.isEmpty()
                    ? () -> callback.failed(new ResolutionFailure(failure, "the test knows no " + uri.host()))
                    : () -> callback.resolved(hops);
            if (slow) {
                waiting.add(answer);
            } else {
                answer.run();
            }
        }

        /** Delivers the answers to all pending questions. */
        void answer() {
            List<Runnable> all = List.copyOf(waiting);
            waiting.clear();
            all.forEach(Runnable::run);
        }
    }

    static NextHop udp(String ip) {
        return new NextHop(TransportKind.UDP, new InetSocketAddress(ip, 5060));
    }

    static NextHop tcp(String ip) {
        return new NextHop(TransportKind.TCP, new InetSocketAddress(ip, 5060));
    }
}
