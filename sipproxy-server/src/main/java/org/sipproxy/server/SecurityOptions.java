package org.sipproxy.server;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.AuditLog;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.IdentityHeaders;
import org.sipproxy.security.RateLimit;
import org.sipproxy.server.operations.ServerComponents;
import picocli.CommandLine.Option;

/** Options for access, rate limits and digest authentication, kept as text like those of {@link ProxyOptions}. */
final class SecurityOptions {

    @Option(
            names = "--allow",
            paramLabel = "NETWORK",
            description = {
                "A network that may send, such as 192.0.2.0/24 or 2001:db8::/32; all other networks may not.",
                "The most specific network of a source decides. May be repeated. Default: all networks."
            })
    List<String> allow = new ArrayList<>();

    @Option(
            names = "--deny",
            paramLabel = "NETWORK",
            description = "A network from which everything is dropped. May be repeated.")
    List<String> deny = new ArrayList<>();

    @Option(
            names = "--trust",
            paramLabel = "NETWORK",
            description = {
                "A network of trusted peers, such as a provider's trunk: they call and relay without a password,",
                "have no rate limit, and may assert identities. May be repeated."
            })
    List<String> trust = new ArrayList<>();

    @Option(
            names = "--allow-destination",
            paramLabel = "KIND",
            description = {
                "Addresses that every client may have requests sent to: internal (private networks), loopback (this",
                "machine), proxy (the listening points) or multicast (responses, by maddr). May be repeated.",
                "Default: a client reaches public addresses and its own network; in a dialog also that of the other",
                "side."
            })
    List<String> destinations = new ArrayList<>();

    @Option(
            names = "--rate-limit",
            paramLabel = "N[:BURST]",
            description = {
                "Messages and connections per second of one source without a proven password, and how many at once",
                "(default: ten times as many). More are dropped. Default: no limit."
            })
    String rateLimit = "";

    @Option(
            names = "--rate-limit-all",
            paramLabel = "N[:BURST]",
            description = {
                "With --rate-limit: messages per second of all sources together without a password proven within the",
                "last hour, for UDP and for connections separately. Keeps the proxy serving during a flood with forged",
                "sources.",
                "Default: no limit."
            })
    String rateLimitAll = "";

    @Option(
            names = "--scanners",
            paramLabel = "POLICY",
            description = {
                "Requests whose User-Agent names a scanning tool: drop sends no response, report only logs them, ban",
                "also drops everything from the source for 5 minutes. Default: drop."
            })
    String scanners = "drop";

    @Option(
            names = "--stranger-methods",
            paramLabel = "METHODS",
            description = {
                "Methods that strangers (senders without a password) may send to users outside a call, separated by",
                "commas; all: every method. Others are refused with 403. Trusted peers and users are not affected.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "INVITE,OPTIONS,MESSAGE")
    String strangerMethods = "";

    @Option(
            names = "--auth-algorithm",
            paramLabel = "ALGORITHM",
            description = {
                "Digest algorithm to offer: SHA-512-256, SHA-256 or MD5. May be repeated; the strongest is sent first.",
                "Default: MD5, because many phones and tools give up if they do not support the first challenge."
            })
    List<String> authAlgorithms = new ArrayList<>();

    @Option(
            names = "--digest-without-qop",
            paramLabel = "POLICY",
            description = {
                "Digest credentials of old phones without qop (RFC 2069): refuse, or accept, each nonce once.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "refuse")
    String digestWithoutQop = "";

    @Option(
            names = "--reveal-users",
            description = {
                "Strangers get 480 for a user without a registration, instead of 404 as for an unknown user.",
                "Authenticated users and trusted peers always get the precise status."
            })
    boolean revealUsers;

    /**
     * Applies the options to the builder, and adds errors to {@code problems}.
     *
     * @param components where operators look at them
     * @param tables access rules of the database
     * @param peers gateways and providers: those with a numeric address have no rate limit, and may assert identities
     */
    void addTo(
            SipProxyBuilder builder,
            ServerComponents components,
            TableOptions tables,
            List<SipUri> peers,
            List<String> problems) {
        List<CidrBlock> trusted = networks("--trust", trust, problems);
        List<AccessRule> rules = new ArrayList<>();
        List<CidrBlock> denied = networks("--deny", deny, problems);
        List<CidrBlock> allowed = networks("--allow", allow, problems);
        // the first rule of a network decides, and a trusted peer may also be allowed
        trusted.forEach(network -> rules.add(AccessRule.trust(network)));
        allowed.forEach(network -> rules.add(AccessRule.allow(network)));
        for (CidrBlock network : denied) {
            String other = trusted.contains(network) ? "--trust" : allowed.contains(network) ? "--allow" : "";
            if (!other.isEmpty()) {
                problems.add("--deny: " + network + " is also given to " + other + "; remove one of them");
            }
            rules.add(AccessRule.deny(network));
        }
        if (!rules.isEmpty() || tables.hasAccessRules()) {
            boolean isOpen = allow.isEmpty() && !tables.allowsOnlyListed();
            AccessList.Builder list = AccessList.builder()
                    .rules(rules.toArray(new AccessRule[0]))
                    .defaultPolicy(isOpen ? AccessRule.Action.ALLOW : AccessRule.Action.DENY);
            if (tables.hasAccessRules()) {
                tables.addTo(list);
            }
            AccessList built = list.build();
            builder.component(built);
            components.add(built);
            tables.reloads(built);
        }
        readDestinations(builder, problems);
        List<CidrBlock> elements = new ArrayList<>(trusted);
        peers.forEach(peer -> peer.numericHost().map(CidrBlock::of).ifPresent(elements::add));
        FloodGuard.Builder guard = FloodGuard.builder().exempt(elements.toArray(new CidrBlock[0]));
        readLimit("--rate-limit", rateLimit, problems).ifPresentOrElse(guard::perSource, guard::scannersOnly);
        Optional<RateLimit> all = readLimit("--rate-limit-all", rateLimitAll, problems);
        if (!rateLimit.isEmpty()) {
            all.ifPresent(guard::global);
        }
        scannerPolicy(problems).ifPresent(guard::scanners);
        if (problems.isEmpty()) {
            FloodGuard built = guard.build();
            builder.component(built);
            components.add(built);
        }
        if (rateLimit.isEmpty() && !rateLimitAll.isEmpty()) {
            problems.add("--rate-limit-all: requires --rate-limit; add the limit of one source");
        }
        builder.strangers(readStrangers(problems));
        builder.component(IdentityHeaders.trusting(elements.toArray(new CidrBlock[0])));
        builder.listener(new AuditLog());
        builder.revealUsers(revealUsers);
    }

    private void readDestinations(SipProxyBuilder builder, List<String> problems) {
        ContactPolicy.Builder policy = ContactPolicy.builder();
        for (String text : destinations) {
            switch (text) {
                case "internal" -> policy.internal(true);
                case "loopback" -> policy.loopback(true);
                case "proxy" -> policy.ourselves(true);
                case "multicast" -> policy.multicast(true);
                default ->
                    problems.add(
                            "--allow-destination: \"" + text + "\" (expected internal, loopback, proxy or multicast)");
            }
        }
        builder.destinations(policy.build());
    }

    private Optional<FloodGuard.ScannerPolicy> scannerPolicy(List<String> problems) {
        for (FloodGuard.ScannerPolicy policy : FloodGuard.ScannerPolicy.values()) {
            if (policy.name().equalsIgnoreCase(scanners)) {
                return Optional.of(policy);
            }
        }
        problems.add("--scanners: \"" + scanners + "\" (expected drop, report or ban)");
        return Optional.empty();
    }

    private static List<CidrBlock> networks(String option, List<String> texts, List<String> problems) {
        List<CidrBlock> networks = new ArrayList<>();
        for (String text : texts) {
            try {
                networks.add(CidrBlock.parse(text));
            } catch (ConfigurationException e) {
                problems.addAll(LibraryProblems.texts(e, option));
            }
        }
        return networks;
    }

    private StrangerPolicy readStrangers(List<String> problems) {
        if (strangerMethods.strip().equalsIgnoreCase("all")) {
            return StrangerPolicy.ANY;
        }
        List<Method> methods = new ArrayList<>();
        for (String name : strangerMethods.split(",", -1)) {
            try {
                if (!name.equals(name.toUpperCase(Locale.ROOT))) {
                    throw new IllegalArgumentException("lower case: methods are case-sensitive");
                }
                methods.add(Method.of(name.strip()));
            } catch (IllegalArgumentException e) {
                problems.add("--stranger-methods: \"" + strangerMethods
                        + "\" (expected methods in capital letters separated by commas, such as INVITE,OPTIONS,MESSAGE, or"
                        + " all)");
                break;
            }
        }
        return StrangerPolicy.allowing(methods.toArray(new Method[0]));
    }

    private static Optional<RateLimit> readLimit(String option, String text, List<String> problems) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        int colon = text.indexOf(':');
        try {
            double perSecond = Double.parseDouble(colon < 0 ? text : text.substring(0, colon));
            int burst = colon < 0
                    ? (int) Math.min(1_000_000, Math.max(1, 10 * perSecond))
                    : Integer.parseInt(text.substring(colon + 1));
            return Optional.of(new RateLimit(perSecond, burst));
        } catch (NumberFormatException e) {
            problems.add(option + ": \"" + text + "\" (expected N or N:BURST, such as 50:500)");
        } catch (ConfigurationException e) {
            e.problems().forEach(problem -> problems.add(option + ": " + problem.text()));
        }
        return Optional.empty();
    }

    /** Applies the options for digest to the builder, and adds errors to {@code problems}. */
    void addTo(DigestAuthentication.Builder digest, List<String> problems) {
        List<DigestAlgorithm> algorithms = new ArrayList<>();
        for (String text : authAlgorithms) {
            DigestAlgorithm.of(text)
                    .ifPresentOrElse(
                            algorithms::add,
                            () -> problems.add("--auth-algorithm: \"" + text
                                    + "\" (expected "
                                    + Arrays.stream(DigestAlgorithm.values())
                                            .map(DigestAlgorithm::token)
                                            .collect(Collectors.joining(", "))
                                    + ")"));
        }
        if (!algorithms.isEmpty()) {
            digest.algorithms(algorithms.toArray(new DigestAlgorithm[0]));
        }
        switch (digestWithoutQop.toLowerCase(Locale.ROOT)) {
            case "refuse" -> digest.requireQop(true);
            case "accept" -> digest.requireQop(false);
            default -> problems.add("--digest-without-qop: \"" + digestWithoutQop + "\" (expected refuse or accept)");
        }
    }

    /** Returns true if there are networks of trusted peers. */
    boolean trustsPeers() {
        return !trust.isEmpty();
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        List<String> parts = new ArrayList<>();
        parts.add(allow.isEmpty() ? "all networks may send" : "only " + String.join(" ", allow));
        if (!deny.isEmpty()) {
            parts.add("not " + String.join(" ", deny));
        }
        if (!trust.isEmpty()) {
            parts.add("trusted " + String.join(" ", trust));
        }
        if (!scanners.equalsIgnoreCase("drop")) {
            parts.add("scanners: " + scanners);
        }
        parts.add("strangers may send " + strangerMethods + " to users");
        parts.add(rateLimit.isEmpty() ? "no rate limit" : "at most " + rateLimit + " per second from one source");
        return String.join("; ", parts);
    }
}
