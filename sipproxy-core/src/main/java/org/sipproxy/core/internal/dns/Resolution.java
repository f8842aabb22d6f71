package org.sipproxy.core.internal.dns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.dns.DnsLookup.Answer;
import org.sipproxy.core.internal.dns.DnsLookup.Naptr;
import org.sipproxy.core.internal.dns.DnsLookup.Srv;
import org.sipproxy.core.internal.dns.NameServers.Deadlines;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.core.internal.time.Guard;
import org.sipproxy.message.HostName;
import org.slf4j.LoggerFactory;

/**
 * Resolution of one name to next hops, in the stages of RFC 3263 §4: NAPTR, then SRV, then addresses. The answers
 * decide where it starts and which stages it skips. It never goes back, so the author of the answers cannot make it
 * longer than three stages.
 *
 * <p>Each stage runs on the thread that received its last answer. Only {@link #end} may race, with the deadline and
 * with close.
 */
final class Resolution {

    private static final Guard GUARD = new Guard(LoggerFactory.getLogger(LoggerNames.ROUTING), "a lookup failed");

    /** Maximum number of next hops that a caller tries. */
    static final int MAX_NEXT_HOPS = 16;

    /**
     * Maximum number of names whose addresses are looked up, because a stranger's SRV records decide who is queried.
     */
    static final int MAX_SRV_TARGETS = 8;

    /** Maximum number of NAPTR records that are followed: all three services twice. */
    static final int MAX_SERVICES = 6;

    private final NameServers servers;
    private final Capabilities capabilities;
    private final IntUnaryOperator random;
    private final String name;
    private final int port;
    private final TransportKind kind;
    private final boolean explicitKind;
    private final boolean secure;
    private final NextHopResolver.Callback callback;
    private final Consumer<Resolution> onEnd;

    private final AtomicBoolean ended = new AtomicBoolean();
    /**
     * Written by the starting thread and read by the thread that ends the resolution; both check {@link #ended} after
     * it.
     */
    private volatile @Nullable Future<?> deadline;
    /** Written once by the last stage; also read by the deadline. */
    private volatile List<Lookup> lookups = List.of();
    /** Written before the first stage. */
    private @Nullable DnsLookup dns;
    /** The first question without an answer; used only by the stages, one after the other. */
    private @Nullable ResolutionFailure unanswered;

    /**
     * Creates a resolution without starting it.
     *
     * @param port -1 if the URI has none, otherwise 1 to 65535
     * @param kind the transport that the URI names, otherwise the one to use if the DNS has no other (§4.1)
     * @param onEnd called just before the callback
     */
    Resolution(
            NameServers servers,
            Capabilities capabilities,
            IntUnaryOperator random,
            String name,
            int port,
            TransportKind kind,
            boolean explicitKind,
            boolean secure,
            NextHopResolver.Callback callback,
            Consumer<Resolution> onEnd) {
        this.servers = servers;
        this.capabilities = capabilities;
        this.random = random;
        this.name = name;
        this.port = port;
        this.kind = kind;
        this.explicitKind = explicitKind;
        this.secure = secure;
        this.callback = callback;
        this.onEnd = onEnd;
    }

    void start() {
        servers.use(
                opened -> start(opened.lookup(), opened.deadlines()),
                error -> fail(Reason.DNS_FAILED, "the DNS cannot be queried: " + error.getMessage()));
    }

    private void start(DnsLookup lookup, Deadlines deadlines) {
        dns = lookup;
        step(this::firstStep);
        if (!ended.get()) {
            step(() -> deadline = deadlines.schedule(this::deadlinePassed));
            cancelDeadlineIfEnded();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a stage that fails ends the resolution
    private void firstStep() {
        // A name in the hosts file is where the operator says it is, and a name without a dot is a local one. The DNS
        // has no services for either, and a question would make localhost wait for a name server.
        if (port > 0 || name.indexOf('.') < 0 || !dns().hostsFile(name).isEmpty()) {
            lookUp(List.of(new Candidate(kind, name, portOr(kind))));
        } else if (explicitKind) {
            askServices(Service.of(List.of(kind), name));
        } else {
            dns().naptr(name).thenAccept(answer -> step(() -> naptrAnswered(answer)));
        }
    }

    private DnsLookup dns() {
        return Objects.requireNonNull(dns, "started");
    }

    private int portOr(TransportKind chosen) {
        return port > 0 ? port : chosen.defaultPort();
    }

    // ---- §4.1: which transports, by NAPTR

    private void naptrAnswered(Answer<Naptr> answer) {
        if (!isAnswered(answer)) {
            return;
        }
        List<Service> services = services(answer.records());
        askServices(services.isEmpty() ? Service.of(capabilities.preferred(secure), name) : services);
    }

    /**
     * Returns the services that this proxy can use, in the domain's order of preference. Records of a higher order are
     * kept at the end, although RFC 3403 §4.1 requires that they be dropped: a domain whose TLS is down can then still
     * be called over TCP.
     */
    private List<Service> services(List<Naptr> records) {
        List<Naptr> sorted = new ArrayList<>(records);
        sorted.sort(Comparator.comparingInt(Naptr::order).thenComparingInt(Naptr::preference));
        List<Service> services = new ArrayList<>();
        for (Naptr record : sorted) {
            TransportKind offered = offered(record);
            String srvName = HostName.canonical(record.replacement());
            if (offered != null && srvName != null && services.size() < MAX_SERVICES) {
                services.add(new Service(offered, srvName));
            }
        }
        return services;
    }

    private @Nullable TransportKind offered(Naptr record) {
        if (!record.flags().equalsIgnoreCase("s") || !record.regexp().isEmpty()) {
            return null;
        }
        TransportKind offered = switch (record.service().toUpperCase(Locale.ROOT)) {
            case "SIP+D2U" -> TransportKind.UDP;
            case "SIP+D2T" -> TransportKind.TCP;
            case "SIPS+D2T" -> TransportKind.TLS;
            default -> null;
        };
        return offered != null && capabilities.preferred(secure).contains(offered) ? offered : null;
    }

    // ---- §4.2: which hosts and ports, by SRV

    private void askServices(List<Service> services) {
        if (services.isEmpty()) {
            // a transport that has no SRV service, such as WebSocket, or a name that is too long for one
            lookUp(List.of(new Candidate(kind, name, kind.defaultPort())));
            return;
        }
        List<CompletableFuture<Answer<Srv>>> answers = new ArrayList<>(services.size());
        for (Service service : services) {
            answers.add(dns().srv(service.name()));
        }
        whenAll(answers, () -> servicesAnswered(services, answers));
    }

    private void servicesAnswered(List<Service> services, List<CompletableFuture<Answer<Srv>>> answers) {
        List<Candidate> candidates = new ArrayList<>();
        boolean unavailable = false;
        for (int i = 0; i < services.size(); i++) {
            Answer<Srv> answer = answers.get(i).join();
            if (!isAnswered(answer)) {
                return;
            }
            for (Srv srv : SrvOrder.draw(answer.records(), random)) {
                String host = HostName.canonical(srv.target());
                if (host != null && srv.port() > 0) {
                    candidates.add(new Candidate(services.get(i).kind(), host, srv.port()));
                }
                unavailable |= srv.target().equals(".");
            }
        }
        if (!candidates.isEmpty()) {
            lookUp(candidates);
        } else if (unavailable) {
            fail(Reason.NO_SUCH_HOST, "the SRV records of " + name + " say that it has no SIP service");
        } else {
            TransportKind best = services.get(0).kind();
            lookUp(List.of(new Candidate(best, name, best.defaultPort())));
        }
    }

    // ---- the last stage: addresses

    private void lookUp(List<Candidate> candidates) {
        Map<String, CompletableFuture<Answer<InetAddress>>> answers = new HashMap<>();
        List<Lookup> asked = new ArrayList<>(candidates.size());
        for (Candidate candidate : candidates) {
            CompletableFuture<Answer<InetAddress>> answer = answers.get(candidate.host());
            if (answer == null) {
                if (answers.size() == MAX_SRV_TARGETS) {
                    continue;
                }
                answer = addresses(candidate.host());
                answers.put(candidate.host(), answer);
            }
            asked.add(new Lookup(candidate, answer));
        }
        lookups = asked;
        whenAll(List.copyOf(answers.values()), this::addressesAnswered);
    }

    private CompletableFuture<Answer<InetAddress>> addresses(String host) {
        List<InetAddress> local = dns().hostsFile(host);
        return local.isEmpty() ? dns().addresses(host) : CompletableFuture.completedFuture(Answer.of(local, 0));
    }

    private void addressesAnswered() {
        List<NextHop> hops = nextHops();
        if (!hops.isEmpty()) {
            end(() -> callback.resolved(hops));
            return;
        }
        boolean unreachable = false;
        for (Lookup lookup : lookups) {
            Answer<InetAddress> answer = lookup.addresses().join();
            if (!isAnswered(answer)) {
                return;
            }
            unreachable |= !answer.records().isEmpty();
        }
        ResolutionFailure failure = unanswered;
        if (failure != null) {
            fail(failure.reason(), failure.text());
        } else if (unreachable) {
            fail(Reason.UNSUPPORTED, name + " has no address that is reachable with " + capabilities);
        } else {
            fail(Reason.NO_SUCH_HOST, name + " has no address in the DNS");
        }
    }

    /** Returns the next hops of the look-ups that have been answered. */
    private List<NextHop> nextHops() {
        Set<NextHop> hops = new LinkedHashSet<>();
        for (Lookup lookup : lookups) {
            if (!lookup.addresses().isDone()) {
                continue;
            }
            for (InetAddress address : lookup.addresses().join().records()) {
                if (hops.size() < MAX_NEXT_HOPS && capabilities.reaches(address) && !address.isMulticastAddress()) {
                    hops.add(NextHop.found(
                            lookup.candidate().kind(),
                            new InetSocketAddress(address, lookup.candidate().port()),
                            name));
                }
            }
        }
        return List.copyOf(hops);
    }

    private void deadlinePassed() {
        List<NextHop> hops = nextHops();
        if (hops.isEmpty()) {
            fail(
                    Reason.DNS_FAILED,
                    "no answer from the DNS for " + name + " in " + NextHopResolver.DEADLINE_MILLIS + " ms");
        } else {
            end(() -> callback.resolved(hops));
        }
    }

    /**
     * Records a question without an answer. The next stage may still succeed, because some servers do not respond to
     * types that they do not know.
     *
     * @return false if that ended the resolution
     */
    private boolean isAnswered(Answer<?> answer) {
        ResolutionFailure failure = answer.failure();
        if (failure == null) {
            return true;
        }
        if (failure.reason() == Reason.OVERLOADED) {
            fail(failure.reason(), failure.text());
            return false;
        }
        if (unanswered == null) {
            unanswered = failure;
        }
        return true;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a stage that fails ends the resolution
    private void whenAll(List<? extends CompletableFuture<?>> answers, Runnable next) {
        CompletableFuture.allOf(answers.toArray(new CompletableFuture<?>[0])).thenRun(() -> step(next));
    }

    /** Runs a stage, so that a defect in it fails this look-up instead of making a request wait forever. */
    private void step(Runnable step) {
        if (ended.get()) {
            return;
        }
        try {
            step.run();
        } catch (Throwable e) {
            GUARD.caught(e);
            fail(Reason.DNS_FAILED, "looking up " + name + " failed: " + e);
        }
    }

    void fail(Reason reason, String text) {
        end(() -> callback.failed(new ResolutionFailure(reason, text)));
    }

    /** Fails the resolution before it was started, so {@code onEnd} is not called. */
    void refuse(Reason reason, String text) {
        callback.failed(new ResolutionFailure(reason, text));
    }

    private void end(Runnable answer) {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        cancelDeadlineIfEnded();
        onEnd.accept(this);
        try {
            answer.run();
        } catch (Throwable e) {
            GUARD.caught(e);
        }
    }

    private void cancelDeadlineIfEnded() {
        Future<?> scheduled = deadline;
        if (scheduled != null && ended.get()) {
            scheduled.cancel(false);
        }
    }

    /** An SRV name and its transport. */
    private record Service(TransportKind kind, String name) {

        static List<Service> of(List<TransportKind> kinds, String domain) {
            List<Service> services = new ArrayList<>(kinds.size());
            for (TransportKind kind : kinds) {
                String prefix = switch (kind) {
                    case UDP -> "_sip._udp.";
                    case TCP -> "_sip._tcp.";
                    case TLS -> "_sips._tcp.";
                    case WS, WSS -> null; // RFC 7118 registers NAPTR services but not SRV services
                };
                String srvName = prefix == null ? null : HostName.canonical(prefix + domain);
                if (srvName != null) {
                    services.add(new Service(kind, srvName));
                }
            }
            return services;
        }
    }

    private record Candidate(TransportKind kind, String host, int port) {}

    private record Lookup(Candidate candidate, CompletableFuture<Answer<InetAddress>> addresses) {}
}
