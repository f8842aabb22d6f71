package org.sipproxy.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.DatabaseUse;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.flow.TraceMethod;
import org.sipproxy.server.operations.OperationsPart;
import org.sipproxy.server.operations.RemovedUsers;
import org.sipproxy.server.operations.ServerComponents;
import org.sipproxy.server.part.ServerPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Options of {@code run} and {@code check}. They are kept as text and validated together, so that all problems are
 * reported at once.
 */
@Section("Addresses and users")
final class ProxyOptions {

    private static final Logger LOG = LoggerFactory.getLogger(ProxyOptions.class);

    @Option(
            names = "--listen",
            paramLabel = "TRANSPORT:HOST[:PORT]",
            description = {
                "Where to listen: udp, tcp, tls, ws or wss; an address of this machine (IPv6 in brackets); a port.",
                "Without a port: 5060 for udp and tcp, 5061 for tls, 80 for ws, 443 for wss.",
                "If phones reach it under another address, as in a cloud or a container, that follows in one argument:",
                "'udp:10.0.0.5:5060 advertise 203.0.113.9:5060'.",
                "tls and wss need --tls-certificate; ws and wss are for browsers (RFC 7118). May be repeated.",
                "0.0.0.0 or [::] is every address of this machine. With port 0 the system chooses a port, which READY",
                "names.",
                "Required."
            })
    List<String> listen = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = {
                "A domain that this proxy serves: its users are sip:USER@DOMAIN, and it is their digest realm.",
                "May be repeated. Required."
            })
    List<String> domains = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--alias",
            paramLabel = "HOST[:PORT]",
            description = "Another name of this proxy, on any port or on the given port. May be repeated.")
    List<String> aliases = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--subscriber",
            paramLabel = "USER:PASSWORD",
            description = {
                "A user of every domain, who needs the password to register and to call. May be repeated.",
                "Other users of this machine can see a command line: keep passwords in the file of --config."
            })
    List<String> subscribers = new ArrayList<>();

    @Option(
            names = "--no-auth",
            description = "Any user of the domains may register and call without a password. For laboratories.")
    boolean noAuth;

    @Option(
            names = "--udp-receivers",
            paramLabel = "N",
            description = "Threads per UDP endpoint, 1 to 64. Default: one per two cores, at most 8.")
    String udpReceivers = "";

    @Option(
            names = "--overload-target",
            paramLabel = "DURATION",
            description = {
                "How long messages over UDP may wait when more arrives than can be handled, 20ms to 400ms; 0s switches the",
                "overload control off. New calls that wait longer get 503; established calls go on. Default: 100ms."
            })
    String overloadTarget = "";

    @Option(
            names = "--node",
            paramLabel = "NAME",
            description = {
                "Name of this server in a cluster: servers with one database, --storage database-only and one secret call each",
                "other's phones. 1 to 32 letters, digits, hyphens or periods, and the same after a restart. Needs",
                "--node-address."
            })
    String node = "";

    @Option(
            names = "--node-address",
            paramLabel = "TRANSPORT:HOST:PORT",
            description = {
                "Where the other servers of the cluster send to, such as tcp:192.0.2.1:5060: a listening point over udp, tcp or",
                "tls."
            })
    String nodeAddress = "";

    @Option(
            names = "--stream-threads",
            paramLabel = "N",
            description = "Threads for all TCP, TLS and WebSocket connections, 1 to 64. Default: ${DEFAULT-VALUE}.",
            defaultValue = "2")
    String streamThreads = "2";

    @Mixin
    final TlsOptions tls = new TlsOptions();

    @Mixin
    final SecurityOptions security = new SecurityOptions();

    @Mixin
    final StorageOptions storage = new StorageOptions();

    @Mixin
    final KamailioOptions kamailio = new KamailioOptions();

    @Mixin
    final NatOptions nat = new NatOptions();

    @Mixin
    private final DigestOptions digest = new DigestOptions();

    @Mixin
    private final FloodOptions floods = new FloodOptions();

    @Mixin
    private final LimitOptions limits = new LimitOptions();

    @Mixin
    private final TimerOptions timers = new TimerOptions();

    @Mixin
    private final DatabaseLimitOptions databaseLimits = new DatabaseLimitOptions();

    @Mixin
    private final RegistrarOptions registrar = new RegistrarOptions();

    @Mixin
    final SecretOptions secret = new SecretOptions();

    @Mixin
    private final NextHopOptions nextHops = new NextHopOptions();

    @Mixin
    private final GatewayOptions gateways = new GatewayOptions();

    @Mixin
    private final TrunkOptions trunks = new TrunkOptions();

    @Mixin
    private final CallOptions calls = new CallOptions();

    @Mixin
    final TableOptions tables = new TableOptions();

    @Mixin
    final ControlOptions control = new ControlOptions();

    @Mixin
    private final FlowOptions flow = new FlowOptions();

    @Mixin
    private final WebOptions web = new WebOptions();

    private final MessageTrace trace = new MessageTrace();

    /** Components of the proxy that operators look into, and that a reload changes. */
    final ServerComponents components = new ServerComponents();

    /** Components that the server adds itself, without an option. */
    final List<ProxyComponent> serverComponents = new ArrayList<>();

    private boolean reusesTrunks;
    private final List<String> problems = new ArrayList<>();
    private final List<Endpoint> endpoints = new ArrayList<>();

    /**
     * Builds the proxy without opening sockets. Returns empty if there are {@link #problems}.
     *
     * @param serves true if the proxy is going to run: only then a missing secret is created
     */
    Optional<SipProxy> build(SubscriberOption subscription, boolean serves) {
        SipProxyBuilder builder = SipProxy.builder();
        readNames(builder);
        tls.addTo(builder, endpoints, domains, problems);
        readAuthentication(builder, subscription);
        tables.read(subscription.database(), subscription.isDatabaseLater());
        tables.check(problems);
        if (!reusesTrunks) {
            trunks.read(domains, tables.accounts(), problems);
        }
        gateways.read(trunks.byName(), trunks.names(), tables, problems);
        checkCallers();
        List<SipUri> peers = new ArrayList<>(gateways.peers());
        peers.addAll(trunks.peers());
        security.addTo(
                builder,
                components,
                floods,
                tables,
                peers,
                problems); // first: the others depend on its trust decisions
        tables.addDomainsTo(builder);
        gateways.addNumbersTo(builder);
        trunks.addTo(builder, components);
        tables.addAliasesTo(builder);
        gateways.addTo(builder, components);
        calls.addTo(builder, web.isOn(), problems);
        nat.component(problems).ifPresent(traversal -> {
            builder.component(traversal);
            components.addFigures("nat", traversal::statistics);
        });
        builder.component(components);
        nextHops.addTo(builder, problems);
        registrar.addTo(builder, problems);
        timers.addTo(builder, problems);
        limits.addTo(builder, problems);
        flow.read(components, problems);
        web.addTo(builder, components, subscription.database(), serves, problems);
        serverComponents.forEach(builder::component);
        if (MessageTrace.isEnabled()) {
            builder.wireListener(trace);
        }
        OptionReader reader = new OptionReader(problems);
        reader.number("--udp-receivers", udpReceivers, builder::udpReceivers);
        reader.duration("--overload-target", overloadTarget, builder::overloadTarget);
        reader.number("--stream-threads", streamThreads, builder::streamThreads);
        addCluster(builder);
        kamailio.check(domains, problems);
        control.check(problems);
        storage.addTo(
                builder,
                components,
                repository -> {
                    kamailio.addTo(repository, domains);
                    databaseLimits.addTo(repository, problems);
                },
                kamailio::addTo,
                subscription.database(),
                subscription.isDatabaseLater(),
                problems);
        if (!serves) {
            secret.check(problems);
        } else if (problems.isEmpty()) {
            secret.addTo(builder, domains.get(0), subscription.database(), problems);
            Optional<Database> database = subscription.database().filter(known -> storesCalls() && secret.isKept());
            if (database.isPresent()) {
                calls.storeIn(database.get(), storage.server(), builder);
            }
        }
        SipProxy proxy = null;
        try {
            proxy = builder.build();
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
        }
        return problems.isEmpty() ? Optional.ofNullable(proxy) : Optional.empty();
    }

    /** Uses what a reload cannot change of the options of a running proxy. Call it before {@link #build}. */
    void reuse(ProxyOptions running) {
        reusesTrunks = true;
        trunks.reuse(running.trunks);
        calls.reuse(running.calls);
        tls.reuse(running.tls);
    }

    /** Adds the subscribers of the configuration to an embedded database. Blocks. */
    void furnish(SubscriberOption subscription) {
        subscription.furnish(this, NamedSubscriber.read(subscribers, problems), problems);
    }

    /** Returns the users and domains whose bindings a reload removes when it removes them. */
    RemovedUsers.Names names(Optional<Database> database) {
        Set<String> users = database.isPresent()
                ? Set.of() // a subscriber that is removed from the file stays in an embedded database
                : NamedSubscriber.read(subscribers, new ArrayList<>()).stream()
                        .map(NamedSubscriber::canonicalUser)
                        .collect(Collectors.toSet());
        return new RemovedUsers.Names(
                users, domains.stream().map(HostName::normal).collect(Collectors.toSet()));
    }

    /** Returns true if calls are tracked, and the storage mode keeps what a restart needs. */
    private boolean storesCalls() {
        return calls.calls && storage.keepsRows();
    }

    /** Adds a problem if calls are to be sent out but no caller may do so. */
    private void checkCallers() {
        if (noAuth && gateways.sendsOut() && !security.trustsPeers() && !tables.trustsPeers()) {
            problems.add("--no-auth: only authenticated users and trusted peers may call out, and there are none;"
                    + " add --trust with the network of the callers, or remove --no-auth");
        }
    }

    /**
     * Examines a database for problems of this configuration; one that the launcher owns only for tables that are not
     * read. Blocks.
     */
    DatabaseCheckup examine(Database database) {
        DatabaseDoctor.Builder doctor =
                DatabaseDoctor.builder(database.dataSource()).serverId(storage.server());
        tables.read(Optional.of(database), false);
        kamailio.addTo(doctor, domains);
        Set<DatabaseUse> uses = uses();
        return database.isEmbedded() || uses.isEmpty()
                ? DatabaseCheckup.ofUnreadTables(doctor.uses(uses))
                : DatabaseCheckup.of(doctor.uses(uses));
    }

    private Set<DatabaseUse> uses() {
        Set<DatabaseUse> uses = storage.uses();
        if (!noAuth) {
            uses.add(DatabaseUse.SUBSCRIBERS);
        }
        if (storesCalls()) {
            uses.add(DatabaseUse.CALLS);
        }
        uses.addAll(tables.uses());
        return uses;
    }

    /** Logs gateways, trunks and tables of a proxy that has started. */
    void report() {
        lines().forEach(line -> LOG.info("{}", line));
        if (!tables.summary().equals("none")) {
            LOG.info("tables: {} (--tables)", tables.summary());
        }
    }

    private List<String> lines() {
        List<String> lines = new ArrayList<>(gateways.lines());
        lines.addAll(trunks.lines(gateways));
        gateways.numbersLine().ifPresent(lines::add);
        return lines;
    }

    /** Returns what runs beside a proxy that {@link #build} returned. */
    List<ServerPart> parts() {
        List<ServerPart> parts = new ArrayList<>();
        tls.settings().ifPresent(settings -> parts.add(new CertificateWatch()));
        tables.reload().ifPresent(parts::add);
        parts.add(new OperationsPart(components, control.methods, Launcher.version(), () -> System.exit(Launcher.OK)));
        parts.add(trace);
        parts.addAll(flow.parts());
        parts.add(new TraceMethod(control.methods));
        web.part().ifPresent(parts::add);
        control.part().ifPresent(parts::add); // last: the others have registered their methods
        return parts;
    }

    /** Returns the problems that {@link #build} found. */
    List<String> problems() {
        return problems;
    }

    /** Returns what {@link #build} accepted, but is not safe or not right for every phone. */
    List<String> warnings() {
        return Launcher.join(tls.warnings(domains, endpoints), flow.warnings());
    }

    /** Returns the valid endpoints of {@code --listen}. */
    List<Endpoint> endpoints() {
        return endpoints;
    }

    private void readNames(SipProxyBuilder builder) {
        endpoints.addAll(readEndpoints(listen, problems));
        endpoints.forEach(builder::listen);
        if (listen.isEmpty()) {
            problems.add("--listen: missing; add an endpoint, such as --listen udp:127.0.0.1:5060");
        }
        if (endpoints.isEmpty()) {
            builder.listen(Endpoint.udp("127.0.0.1", 0)); // reported above; build() must not report it again
        }
        domains.forEach(builder::domain);
        if (domains.isEmpty()) {
            problems.add(
                    "--domain: missing; add the part after the @ of your users' addresses, such as --domain sip.test");
            builder.domain("missing.invalid");
        }
        aliases.forEach(builder::alias);
    }

    /** Returns the valid endpoints, and adds the errors of the others to {@code problems}. */
    static List<Endpoint> readEndpoints(List<String> texts, List<String> problems) {
        return readEndpoints("--listen", texts, problems);
    }

    private static List<Endpoint> readEndpoints(String option, List<String> texts, List<String> problems) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String text : texts) {
            try {
                endpoints.add(Endpoint.parse(text));
            } catch (ConfigurationException e) {
                LibraryProblems.texts(e, option).forEach(problem -> problems.add(withValue(problem, text)));
            }
        }
        return endpoints;
    }

    private void addCluster(SipProxyBuilder builder) {
        if (node.isEmpty() != nodeAddress.isEmpty()) {
            problems.add((node.isEmpty() ? "--node" : "--node-address")
                    + ": missing; a server of a cluster has a name and an address for the others");
        } else if (!node.isEmpty()) {
            readEndpoints("--node-address", List.of(nodeAddress), problems)
                    .forEach(address -> builder.cluster(new ClusterSettings(node, address)));
        }
    }

    /** Returns a problem with the value of its option, by which its line in the file is found. */
    private static String withValue(String problem, String value) {
        return problem.contains(value)
                ? problem
                : problem.replaceFirst(
                        ": ", Matcher.quoteReplacement(": \"" + SipParseException.excerpt(value) + "\": "));
    }

    private void readAuthentication(SipProxyBuilder builder, SubscriberOption subscription) {
        if (noAuth && !subscribers.isEmpty()) {
            problems.add("--no-auth: no password is checked, so --subscriber has no effect; use one or the other");
        }
        List<NamedSubscriber> named = NamedSubscriber.read(subscribers, problems);
        if (subscription.furnishesAtOnce()) {
            subscription.furnish(this, named, problems);
        }
        if (noAuth) {
            builder.noAuthentication();
            digest.addTo(DigestAuthentication.builder(), problems); // only reports wrong values
            return;
        }
        CredentialStore users = subscription.credentials(builder, this, named, problems);
        try {
            DigestAuthentication.Builder authentication =
                    DigestAuthentication.builder().credentials(users);
            digest.addTo(authentication, problems);
            DigestAuthentication built = authentication.build();
            builder.authentication(built);
            components.add(built);
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
            builder.noAuthentication(); // reported above; build() must not report it again
        }
    }

    /** Applies the options for the subscribers of a database. */
    void addTo(JdbcCredentials.Builder credentials, List<String> problems) {
        kamailio.addTo(credentials);
        databaseLimits.addTo(credentials, problems);
    }

    /** Returns an endpoint with all its ports, also those that were not given. */
    private static String withAdvertised(Endpoint endpoint) {
        if (endpoint.advertisedHost().isEmpty()) {
            return endpoint.toString();
        }
        int port = endpoint.advertisedPort() == 0 ? endpoint.port() : endpoint.advertisedPort();
        String host = endpoint.advertisedHost();
        return endpoint + " advertise " + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /** Returns what {@code check} prints about a valid configuration, by line. */
    List<String> summary(SubscriberOption subscription) {
        String access = noAuth
                ? "all users, without a password (--no-auth)"
                : subscription.summary(subscribers.size()) + ", digest authentication";
        List<String> summary = new ArrayList<>(List.of(
                "listen    "
                        + endpoints.stream().map(ProxyOptions::withAdvertised).collect(Collectors.joining(" ")),
                "domain    " + String.join(" ", domains),
                "tls       " + tls.summary(),
                "alias     " + (aliases.isEmpty() ? "none" : String.join(" ", aliases)),
                "access    " + access,
                "sources   " + security.summary() + "; " + String.join("; ", floods.summary()),
                "expires   " + registrar.summary(),
                "timeouts  " + timers.summary(),
                "storage   " + storage.summary(),
                "secret    " + secret.summary(domains.get(0), subscription.lasts()),
                "nat       " + nat.summary(),
                "next hops " + nextHops.summary(),
                "calls     " + calls.summary(),
                "tables    " + tables.summary(),
                "control   " + control.summary(),
                "recording " + flow.summary(),
                "web       " + web.summary()));
        lines().forEach(line -> summary.add("gateways  " + line));
        return summary;
    }
}
