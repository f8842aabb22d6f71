package org.sipproxy.samples.launcher;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.Method;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.AuditLog;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.IdentityHeaders;
import org.sipproxy.security.RateLimit;
import picocli.CommandLine.Option;

/** The options about who may send, and how much. Kept as text and read together with the others. */
final class SecurityOptions {

    @Option(
            names = "--allow",
            paramLabel = "NETWORK",
            description = {
                "A network that may send, such as 192.0.2.0/24 or 2001:db8::/32; all others then may not.",
                "The longest network around a source decides. Repeat it for more. Default: everybody may."
            })
    List<String> allow = new ArrayList<>();

    @Option(
            names = "--deny",
            paramLabel = "NETWORK",
            description = "A network that nothing is read from. Repeat it for more.")
    List<String> deny = new ArrayList<>();

    @Option(
            names = "--trust",
            paramLabel = "NETWORK",
            description = {
                "A network of trusted peers, such as a provider's trunk: they call and relay without a password,",
                "are never limited, and may assert identities. Repeat it for more."
            })
    List<String> trust = new ArrayList<>();

    @Option(
            names = "--allow-destination",
            paramLabel = "KIND",
            description = {
                "Addresses that every client may have requests sent to: internal (private networks), loopback (this machine),",
                "proxy (the listening points) or multicast (responses, by maddr). Repeat it for more.",
                "Default: a client reaches public addresses and those near to it; in a dialog also those of the other side."
            })
    List<String> destinations = new ArrayList<>();

    @Option(
            names = "--rate-limit",
            paramLabel = "N[:BURST]",
            description = {
                "Messages and connections a second of one source without proof of a password, and how many at once",
                "(default ten times as many); more get no response. Default: no limit."
            })
    String rateLimit = "";

    @Option(
            names = "--rate-limit-all",
            paramLabel = "N[:BURST]",
            description = {
                "With --rate-limit: messages a second of all sources together at which no password was proved within",
                "the last hour, so many over UDP and as many over connections. It keeps the proxy at work during a"
                        + " flood",
                "with forged sources. Default: no limit."
            })
    String rateLimitAll = "";

    @Option(
            names = "--scanners",
            paramLabel = "POLICY",
            description = {
                "What is done about requests whose User-Agent names a scanning tool: drop sends no response, report"
                        + " only",
                "logs them, ban also ignores the source for five minutes. Default: drop."
            })
    String scanners = "drop";

    @Option(
            names = "--stranger-methods",
            paramLabel = "METHODS",
            description = {
                "Methods that senders without a password may send to users outside a call, separated by commas;",
                "\"all\" for every method. Others are refused with 403. Trusted peers and users are not affected.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "INVITE,OPTIONS,MESSAGE")
    String strangerMethods = "";

    @Option(
            names = "--auth-algorithm",
            paramLabel = "ALGORITHM",
            description = {
                "What digest offers: SHA-512-256, SHA-256 or MD5. Repeat it for more; the strongest goes first.",
                "Default: MD5, since many phones and tools give up at a first challenge that they do not know."
            })
    List<String> authAlgorithms = new ArrayList<>();

    @Option(
            names = "--digest-without-qop",
            paramLabel = "POLICY",
            description = {
                "Digest credentials of old phones that do not know qop (RFC 2069): refuse, or accept, each nonce once.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "refuse")
    String digestWithoutQop = "";

    @Option(
            names = "--reveal-users",
            description = {
                "Strangers get 480 for a user without a registration, instead of 404 as for an unknown user. Users who proved a",
                "password and trusted peers always get the precise status."
            })
    boolean revealUsers;

    /** Adds what was asked for to the proxy; what is wrong goes to {@code problems}. */
    void addTo(SipProxyBuilder builder, List<String> problems) {
        List<CidrBlock> trusted = networks("--trust", trust, problems);
        List<AccessRule> rules = new ArrayList<>();
        List<CidrBlock> denied = networks("--deny", deny, problems);
        List<CidrBlock> allowed = networks("--allow", allow, problems);
        // of the rules of one network the first decides, and a trusted peer may send too
        trusted.forEach(network -> rules.add(AccessRule.trust(network)));
        allowed.forEach(network -> rules.add(AccessRule.allow(network)));
        for (CidrBlock network : denied) {
            String other = trusted.contains(network) ? "--trust" : allowed.contains(network) ? "--allow" : "";
            if (!other.isEmpty()) {
                problems.add("--deny: " + network + " is given to " + other + " too; remove one of them");
            }
            rules.add(AccessRule.deny(network));
        }
        if (!rules.isEmpty()) {
            builder.component(AccessList.builder()
                    .rules(rules.toArray(new AccessRule[0]))
                    .defaultPolicy(allow.isEmpty() ? AccessRule.Action.ALLOW : AccessRule.Action.DENY)
                    .build());
        }
        readDestinations(builder, problems);
        FloodGuard.Builder guard = FloodGuard.builder().exempt(trusted.toArray(new CidrBlock[0]));
        readLimit("--rate-limit", rateLimit, problems).ifPresentOrElse(guard::perSource, guard::scannersOnly);
        Optional<RateLimit> all = readLimit("--rate-limit-all", rateLimitAll, problems);
        if (!rateLimit.isEmpty()) {
            all.ifPresent(guard::global);
        }
        scannerPolicy(problems).ifPresent(guard::scanners);
        if (problems.isEmpty()) {
            builder.component(guard.build());
        }
        if (rateLimit.isEmpty() && !rateLimitAll.isEmpty()) {
            problems.add("--rate-limit-all: goes with --rate-limit, which says what one source may send");
        }
        builder.strangers(readStrangers(problems));
        builder.component(IdentityHeaders.trusting(trusted.toArray(new CidrBlock[0])));
        builder.listener(new AuditLog());
        builder.revealUsers(revealUsers);
    }

    private void readDestinations(SipProxyBuilder builder, List<String> problems) {
        ContactPolicy policy = ContactPolicy.DEFAULT;
        for (String text : destinations) {
            switch (text) {
                case "internal" -> policy = policy.withInternal(true);
                case "loopback" -> policy = policy.withLoopback(true);
                case "proxy" -> policy = policy.withOurselves(true);
                case "multicast" -> policy = policy.withMulticast(true);
                default ->
                    problems.add(
                            "--allow-destination: \"" + text + "\" (expected internal, loopback, proxy or multicast)");
            }
        }
        builder.destinations(policy);
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
            } catch (IllegalArgumentException e) {
                problems.add(Launcher.messageOf(e).replaceFirst("^network:", option + ":"));
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
                    throw new IllegalArgumentException("another method, because their case counts");
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
        } catch (IllegalArgumentException e) {
            problems.add(option + ": " + Launcher.messageOf(e));
        }
        return Optional.empty();
    }

    /** Sets what digest offers, if that was said. */
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

    /** One line for {@code check}. */
    String summary() {
        List<String> parts = new ArrayList<>();
        parts.add(allow.isEmpty() ? "anybody may send" : "only " + String.join(" ", allow));
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
        parts.add(rateLimit.isEmpty() ? "no rate limit" : "at most " + rateLimit + " a second from one source");
        return String.join("; ", parts);
    }
}
