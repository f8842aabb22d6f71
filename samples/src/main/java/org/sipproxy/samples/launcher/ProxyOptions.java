package org.sipproxy.samples.launcher;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.jdbc.DatabaseDoctor;
import org.sipproxy.jdbc.DatabaseUse;
import org.sipproxy.security.DigestAuthentication;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The options of {@code run} and {@code check}. They are kept as text and read together, so that all that is wrong is told at
 * once and not one option at a time.
 */
final class ProxyOptions {

    private static final Pattern CAMEL_HUMP = Pattern.compile("(?<=[a-z])(?=[A-Z])");
    private static final List<String> BUILDER_NAMES = List.of(
            "transactionTimeout",
            "ringTimeout",
            "minExpires",
            "defaultExpires",
            "maxExpires",
            "maxContacts",
            "udpReceivers",
            "streamThreads");
    private static final Pattern BUILDER_NAME = Pattern.compile("\\b(" + String.join("|", BUILDER_NAMES) + ")\\b");
    private static final Pattern FIRST_WORD = Pattern.compile("^(listen|domain|alias)(?=:)");

    @Option(
            names = "--listen",
            paramLabel = "TRANSPORT:HOST:PORT",
            description = {
                "Where to listen: udp, tcp, tls, ws or wss; an address of this machine (IPv6 in brackets); a port.",
                "tls and wss need a certificate, below; ws and wss are for browsers (RFC 7118). Repeat it for more.",
                "0.0.0.0 or [::] is every address of this machine; port 0 lets the system choose, READY then tells.",
                "Needed at least once."
            })
    List<String> listen = new ArrayList<>();

    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = {
                "A domain that this proxy serves: its users are sip:USER@DOMAIN, and it is their digest realm. Repeat"
                        + " it for more.",
                "Needed at least once."
            })
    List<String> domains = new ArrayList<>();

    @Option(
            names = "--alias",
            paramLabel = "HOST[:PORT]",
            description = "Another name of this proxy, on any port or on the given one. Repeat it for more.")
    List<String> aliases = new ArrayList<>();

    @Option(
            names = "--subscriber",
            paramLabel = "USER:PASSWORD",
            description = {
                "A user of every domain, who has to prove the password to register and to call. Repeat it for more.",
                "Others on this machine can see a command line: keep passwords in an argument file (@FILE)."
            })
    List<String> subscribers = new ArrayList<>();

    @Option(
            names = "--no-auth",
            description = "Any user of the domains may register and call, without a password. For laboratories.")
    boolean noAuth;

    @Option(
            names = "--min-expires",
            paramLabel = "DURATION",
            description = "Shorter registrations are refused with 423. Default: ${DEFAULT-VALUE}.",
            defaultValue = "60s")
    String minExpires = "";

    @Option(
            names = "--default-expires",
            paramLabel = "DURATION",
            description = "Granted to a phone that asks for no time. Default: ${DEFAULT-VALUE}.",
            defaultValue = "1h")
    String defaultExpires = "";

    @Option(
            names = "--max-expires",
            paramLabel = "DURATION",
            description = "Longer registrations are shortened to this. Default: ${DEFAULT-VALUE}.",
            defaultValue = "1h")
    String maxExpires = "";

    @Option(
            names = "--max-contacts",
            paramLabel = "N",
            description = "Most phones of one user at a time, 1 to 64. Default: ${DEFAULT-VALUE}.",
            defaultValue = "10")
    String maxContacts = "";

    @Option(
            names = "--nonce-expire",
            paramLabel = "DURATION",
            description = "How long the answer to one digest challenge is accepted. Default: ${DEFAULT-VALUE}.",
            defaultValue = "5m")
    String nonceExpire = "";

    @Option(
            names = "--transaction-timeout",
            paramLabel = "DURATION",
            description = "How long a request may stay unanswered (Timers B and F). Default: ${DEFAULT-VALUE}.",
            defaultValue = "32s")
    String transactionTimeout = "";

    @Option(
            names = "--ring-timeout",
            paramLabel = "DURATION",
            description = "How long a phone may ring (Timer C). Default: ${DEFAULT-VALUE}.",
            defaultValue = "3m1s")
    String ringTimeout = "";

    @Option(
            names = "--drain-time",
            paramLabel = "DURATION",
            description = {
                "How long the proxy waits, when it is stopped, for requests in flight; the others get 503.",
                "0 to 1h. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "2s")
    String drainTime = "";

    @Option(
            names = "--udp-receivers",
            paramLabel = "N",
            description = "Threads that read each UDP endpoint, 1 to 64. Default: one for two cores, at most 8.")
    String udpReceivers = "";

    @Option(
            names = "--stream-threads",
            paramLabel = "N",
            description =
                    "Threads that serve all TCP, TLS and WebSocket connections, 1 to 64. Default: ${DEFAULT-VALUE}.",
            defaultValue = "2")
    String streamThreads = "2";

    @Mixin
    final TlsOptions tls = new TlsOptions();

    @Mixin
    private final SecurityOptions security = new SecurityOptions();

    @Mixin
    final StorageOptions storage = new StorageOptions();

    @Mixin
    final KamailioOptions kamailio = new KamailioOptions();

    @Mixin
    final NatOptions nat = new NatOptions();

    @Mixin
    private final RegistrarOptions registrar = new RegistrarOptions();

    @Mixin
    final SecretOptions secret = new SecretOptions();

    @Mixin
    private final NextHopOptions nextHops = new NextHopOptions();

    /** True if each message is logged. */
    boolean traced;

    private final List<String> problems = new ArrayList<>();
    private final List<Endpoint> endpoints = new ArrayList<>();

    /**
     * Assembles the proxy, without opening anything; empty if {@link #problems} is not.
     *
     * @param serves whether the proxy is going to run: only then its secret is created if there is none
     */
    Optional<SipProxy> build(SubscriberOption subscription, boolean serves) {
        SipProxyBuilder builder = SipProxy.builder();
        readNames(builder);
        tls.addTo(builder, endpoints, domains, problems);
        readAuthentication(builder, subscription);
        security.addTo(builder, problems); // first of the components: the others ask whom it trusts
        nat.component(problems).ifPresent(builder::component);
        nextHops.addTo(builder, problems);
        RegistrarPolicy policy = RegistrarPolicy.DEFAULT
                .withMinExpires(duration("--min-expires", minExpires, RegistrarPolicy.DEFAULT.minExpires()))
                .withDefaultExpires(
                        duration("--default-expires", defaultExpires, RegistrarPolicy.DEFAULT.defaultExpires()))
                .withMaxExpires(duration("--max-expires", maxExpires, RegistrarPolicy.DEFAULT.maxExpires()))
                .withMaxContacts(
                        number("--max-contacts", maxContacts, RegistrarPolicy.DEFAULT.maxContacts()),
                        RegistrarPolicy.DEFAULT.whenFull());
        builder.registrar(registrar.applyTo(policy, problems));
        builder.timers(SipTimers.DEFAULT
                .withTransactionTimeout(
                        duration("--transaction-timeout", transactionTimeout, SipTimers.DEFAULT.transactionTimeout()))
                .withRingTimeout(duration("--ring-timeout", ringTimeout, SipTimers.DEFAULT.ringTimeout())));
        if (traced) {
            builder.wireListener(new MessageTrace());
        }
        builder.drainTime(duration("--drain-time", drainTime, Duration.ofSeconds(2)));
        if (!udpReceivers.isEmpty()) {
            builder.udpReceivers(number("--udp-receivers", udpReceivers, 1));
        }
        builder.streamThreads(number("--stream-threads", streamThreads, 2));
        kamailio.check(domains, problems);
        storage.addTo(
                builder,
                repository -> kamailio.addTo(repository, domains),
                subscription.database(),
                subscription.isDatabaseLater(),
                problems);
        if (!serves) {
            secret.check(problems);
        } else if (problems.isEmpty()) {
            secret.addTo(builder, domains.get(0), subscription.database(), problems);
        }
        SipProxy proxy = null;
        try {
            proxy = builder.build();
        } catch (IllegalArgumentException e) {
            Launcher.messageOf(e).lines().map(ProxyOptions::asOptions).forEach(problems::add);
        }
        return problems.isEmpty() ? Optional.ofNullable(proxy) : Optional.empty();
    }

    /** Looks at a database that is not ours for what would hurt this proxy. Blocks. */
    DatabaseCheckup examine(Database database) {
        DatabaseDoctor.Builder doctor =
                DatabaseDoctor.builder(database.dataSource()).serverId(storage.server());
        kamailio.addTo(doctor, domains);
        Set<DatabaseUse> uses = storage.uses();
        if (!noAuth) {
            uses.add(DatabaseUse.SUBSCRIBERS);
        }
        return uses.isEmpty() ? DatabaseCheckup.NONE : DatabaseCheckup.of(doctor.uses(uses));
    }

    /** What {@link #build} found wrong. */
    List<String> problems() {
        return problems;
    }

    /** The endpoints that could be read. */
    List<Endpoint> endpoints() {
        return endpoints;
    }

    private void readNames(SipProxyBuilder builder) {
        endpoints.addAll(readEndpoints(listen, problems));
        endpoints.forEach(builder::listen);
        if (listen.isEmpty()) {
            problems.add("--listen: none; say where to listen, such as --listen udp:127.0.0.1:5060");
        }
        if (endpoints.isEmpty()) {
            builder.listen(Endpoint.udp("127.0.0.1", 0)); // told above; build() need not tell it again
        }
        domains.forEach(builder::domain);
        if (domains.isEmpty()) {
            problems.add(
                    "--domain: none; name the part behind the @ of your users' addresses, such as --domain sip.test");
            builder.domain("missing.invalid");
        }
        aliases.forEach(builder::alias);
    }

    /** The endpoints that can be read; what is wrong with the others goes to {@code problems}. */
    static List<Endpoint> readEndpoints(List<String> texts, List<String> problems) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String text : texts) {
            try {
                endpoints.add(Endpoint.parse(text));
            } catch (IllegalArgumentException e) {
                problems.add(Launcher.messageOf(e).replaceFirst("^endpoint:", "--listen:"));
            }
        }
        return endpoints;
    }

    private void readAuthentication(SipProxyBuilder builder, SubscriberOption subscription) {
        if (noAuth && !subscribers.isEmpty()) {
            problems.add(
                    "--no-auth: nobody is asked for a password, so --subscriber has no use; leave one of them away");
        }
        List<NamedSubscriber> named = namedSubscribers();
        subscription.furnish(this, named, problems);
        if (noAuth) {
            builder.noAuthentication();
            return;
        }
        CredentialStore users = subscription.credentials(builder, this, named, problems);
        Duration nonceLifetime = duration("--nonce-expire", nonceExpire, Duration.ofMinutes(5));
        try {
            DigestAuthentication.Builder digest =
                    DigestAuthentication.builder().credentials(users).nonceLifetime(nonceLifetime);
            security.addTo(digest, problems);
            builder.authentication(digest.build());
        } catch (IllegalArgumentException e) {
            problems.add(asOptions(Launcher.messageOf(e)).replace("digest: nonceLifetime", "--nonce-expire"));
            builder.noAuthentication(); // told above; build() need not tell it again
        }
    }

    /** One of {@code --subscriber}. */
    record NamedSubscriber(String user, String password) {
        @Override
        public String toString() {
            return user;
        }
    }

    private List<NamedSubscriber> namedSubscribers() {
        Map<String, NamedSubscriber> named = new LinkedHashMap<>();
        for (int i = 0; i < subscribers.size(); i++) {
            String text = subscribers.get(i);
            int colon = text.indexOf(':');
            if (colon < 1 || colon == text.length() - 1) {
                // by number, as the text may be a password
                problems.add("--subscriber: number " + (i + 1) + " is not USER:PASSWORD, such as 1001:test1234");
                continue;
            }
            String user = text.substring(0, colon);
            NamedSubscriber other = named.putIfAbsent(
                    RegistrarPolicy.DEFAULT.userCase().canonical(user),
                    new NamedSubscriber(user, text.substring(colon + 1)));
            if (other != null) {
                problems.add(
                        other.user().equals(user)
                                ? "--subscriber: " + user + " is given twice; give each user once"
                                : "--subscriber: " + user + " and " + other.user()
                                        + " differ in case only and would be one address-of-record; rename one of"
                                        + " them");
            }
        }
        return List.copyOf(named.values());
    }

    private Duration duration(String option, String text, Duration otherwise) {
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException e) {
            problems.add(option + ": " + e.getMessage());
            return otherwise;
        }
    }

    private int number(String option, String text, int otherwise) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            problems.add(option + ": \"" + text + "\" is no whole number");
            return otherwise;
        }
    }

    /** The library names its own options; here they are the ones of the command line. */
    static String asOptions(String problem) {
        String dashed = BUILDER_NAME
                .matcher(problem)
                .replaceAll(match ->
                        "--" + CAMEL_HUMP.matcher(match.group()).replaceAll("-").toLowerCase(Locale.ROOT));
        return Durations.readable(FIRST_WORD.matcher(dashed).replaceFirst("--$1"))
                .replace("webSocketOrigins:", "--ws-origin:");
    }

    /** What {@code check} says of a configuration without problems. */
    List<String> summary(SubscriberOption subscription) {
        String access = noAuth
                ? "anybody, without a password (--no-auth)"
                : subscription.summary(subscribers.size()) + ", digest authentication";
        return List.of(
                "listen    " + String.join(" ", listen),
                "domain    " + String.join(" ", domains),
                "tls       " + tls.summary(),
                "alias     " + (aliases.isEmpty() ? "none" : String.join(" ", aliases)),
                "access    " + access,
                "sources   " + security.summary(),
                "expires   " + minExpires + " to " + maxExpires + ", default " + defaultExpires + "; at most "
                        + maxContacts + " contacts a user",
                "timeouts  transaction " + transactionTimeout + ", ringing " + ringTimeout + ", draining " + drainTime,
                "storage   " + storage.summary(),
                "secret    " + secret.summary(domains.get(0), subscription.lasts()),
                "nat       " + nat.summary(),
                "next hops " + nextHops.summary());
    }
}
