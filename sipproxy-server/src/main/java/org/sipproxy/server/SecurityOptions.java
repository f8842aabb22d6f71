package org.sipproxy.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
import org.sipproxy.security.IdentityHeaders;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.operations.ServerComponents;
import picocli.CommandLine.Option;

/** Options for access, kept as text like those of {@link ProxyOptions}. */
@Section("Access")
final class SecurityOptions {

    @Reloadable
    @Option(
            names = "--allow",
            paramLabel = "NETWORK",
            description = {
                "A network that may send, such as 192.0.2.0/24 or 2001:db8::/32; all other networks may not.",
                "The most specific network of a source decides. May be repeated. Default: all networks."
            })
    List<String> allow = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--deny",
            paramLabel = "NETWORK",
            description = "A network from which everything is dropped. May be repeated.")
    List<String> deny = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--trust",
            paramLabel = "NETWORK",
            description = {
                "A network of trusted peers, such as a provider's trunk: they call and relay without a password,",
                "have no rate limit, and may assert identities. May be repeated."
            })
    List<String> trust = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--trust-identity",
            paramLabel = "DOMAIN",
            description = {
                "A domain in the certificate of a trusted peer on TLS, such as a provider: likewise, whatever its address is.",
                "Needs --tls-client-auth. May be repeated."
            })
    List<String> trustIdentities = new ArrayList<>();

    @Reloadable
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

    @Reloadable
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

    @Reloadable
    @Option(
            names = "--reveal-users",
            description = {
                "Strangers get 480 for a user without a registration, instead of 404 as for an unknown user.",
                "Authenticated users and trusted peers always get the precise status."
            })
    boolean revealUsers;

    /** Returns what is possible but usually a mistake; the access list warns of it when it starts. */
    List<String> warnings() {
        return networks("--trust", trust, new ArrayList<>()).stream()
                .filter(network -> network.prefixLength() == 0)
                .map(network -> "--trust: " + network + " trusts every " + (network.isIpv4() ? "IPv4" : "IPv6")
                        + " address, so anyone can call and relay without a password; use the networks of your peers")
                .toList();
    }

    /**
     * Applies the options to the builder, and adds errors to {@code problems}.
     *
     * @param components gets the components that commands show and a reload changes
     * @param tables access rules of the database
     * @param peers gateways and providers: those with a numeric address have no rate limit, and may assert identities
     */
    void addTo(
            SipProxyBuilder builder,
            ServerComponents components,
            FloodOptions floods,
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
        OptionReader reader = new OptionReader(problems);
        trustIdentities.forEach(
                domain -> reader.read("--trust-identity", domain, text -> rules.add(AccessRule.trustIdentity(text))));
        for (CidrBlock network : denied) {
            String other = trusted.contains(network) ? "--trust" : allowed.contains(network) ? "--allow" : "";
            if (!other.isEmpty()) {
                problems.add("--deny: " + network + " is also given to " + other + "; remove one of them");
            }
            rules.add(AccessRule.deny(network));
        }
        boolean isOpen = allow.isEmpty() && !tables.allowsOnlyListed();
        AccessList.Builder list = AccessList.builder() // also without rules, which a reload may add
                .rules(rules.toArray(new AccessRule[0]))
                .defaultPolicy(isOpen ? AccessRule.Action.ALLOW : AccessRule.Action.DENY);
        if (tables.hasAccessRules()) {
            tables.addTo(list);
        }
        AccessList built = list.build();
        builder.component(built);
        components.add(built);
        tables.reloads(built);
        readDestinations(builder, problems);
        List<CidrBlock> elements = new ArrayList<>(trusted);
        peers.forEach(peer -> peer.numericHost().map(CidrBlock::of).ifPresent(elements::add));
        floods.component(elements, problems).ifPresent(guard -> {
            builder.component(guard);
            components.add(guard);
        });
        builder.strangers(readStrangers(problems));
        IdentityHeaders identities = IdentityHeaders.trusting(elements.toArray(new CidrBlock[0]));
        builder.component(identities);
        components.add(identities);
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
        builder.contacts(policy.build());
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

    /** Returns true if there are networks of trusted peers. */
    boolean trustsPeers() {
        return !trust.isEmpty() || !trustIdentities.isEmpty();
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
        if (!trustIdentities.isEmpty()) {
            parts.add("trusted on TLS " + String.join(" ", trustIdentities));
        }
        parts.add("strangers may send " + strangerMethods + " to users");
        return String.join("; ", parts);
    }
}
