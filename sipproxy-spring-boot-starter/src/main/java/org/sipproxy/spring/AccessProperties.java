package org.sipproxy.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.Method;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.CidrBlock;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Access.
 *
 * @param allow Networks that may send, such as 192.0.2.0/24; all others may not. Default all networks.
 * @param deny Networks from which everything is dropped.
 * @param trust Networks of trusted peers: they call and relay without a password, have no rate limit, and may assert
 *     identities.
 * @param trustIdentity Domains in the certificates of trusted peers on TLS; needs sipproxy.tls.client-auth.
 * @param allowDestination Addresses that every client may have requests sent to.
 * @param strangerMethods Methods that senders without a password may send to users outside a call, or 'all'.
 * @param revealUsers Whether strangers get 480 for a user without a registration, instead of 404.
 */
@ConfigurationProperties("sipproxy")
record AccessProperties(
        @DefaultValue List<String> allow,
        @DefaultValue List<String> deny,
        @DefaultValue List<String> trust,
        @DefaultValue List<String> trustIdentity,
        @DefaultValue List<Destination> allowDestination,
        @DefaultValue({"INVITE", "OPTIONS", "MESSAGE"}) List<String> strangerMethods,
        @DefaultValue("false") boolean revealUsers) {

    /** Kind of addresses. */
    enum Destination {
        /** Private networks. */
        INTERNAL,
        /** This machine. */
        LOOPBACK,
        /** The listening points of the proxy. */
        PROXY,
        /** Multicast groups, for responses. */
        MULTICAST
    }

    AccessList accessList(TableProperties tables, TableSources sources, Problems problems) {
        List<AccessRule> rules = new ArrayList<>();
        List<CidrBlock> trusted = trustedNetworks(problems);
        List<CidrBlock> allowed = networks("sipproxy.allow", allow, problems);
        // the first rule of a network decides, and a trusted peer may also be allowed
        trusted.forEach(network -> rules.add(AccessRule.trust(network)));
        allowed.forEach(network -> rules.add(AccessRule.allow(network)));
        trustIdentity.forEach(domain -> problems.collectOf(
                "sipproxy.trust-identity", domain, () -> rules.add(AccessRule.trustIdentity(domain))));
        for (CidrBlock network : networks("sipproxy.deny", deny, problems)) {
            if (trusted.contains(network) || allowed.contains(network)) {
                problems.add(
                        "sipproxy.deny",
                        network.toString(),
                        "is also a value of " + (trusted.contains(network) ? "sipproxy.trust" : "sipproxy.allow"),
                        "remove one of them");
            }
            rules.add(AccessRule.deny(network));
        }
        AccessList.Builder list = AccessList.builder() // also without rules, which the application may add
                .rules(rules.toArray(new AccessRule[0]))
                .defaultPolicy(
                        allow.isEmpty() && !tables.allowsOnlyListed()
                                ? AccessRule.Action.ALLOW
                                : AccessRule.Action.DENY);
        tables.addTo(list, sources, problems);
        AccessList built = list.build();
        if (sources.accessRules().isPresent()) {
            sources.reloadBy("address and trusted", built::reload);
        }
        return built;
    }

    List<CidrBlock> trustedNetworks(Problems problems) {
        return networks("sipproxy.trust", trust, problems);
    }

    private static List<CidrBlock> networks(String property, List<String> texts, Problems problems) {
        List<CidrBlock> networks = new ArrayList<>();
        texts.forEach(text -> problems.collectOf(property, text, () -> networks.add(CidrBlock.parse(text))));
        return networks;
    }

    void addTo(SipProxyBuilder builder, Problems problems) {
        ContactPolicy.Builder contacts = ContactPolicy.builder();
        for (Destination destination : allowDestination) {
            switch (destination) {
                case INTERNAL -> contacts.internal(true);
                case LOOPBACK -> contacts.loopback(true);
                case PROXY -> contacts.ourselves(true);
                case MULTICAST -> contacts.multicast(true);
            }
        }
        builder.contacts(contacts.build()).strangers(strangers(problems)).revealUsers(revealUsers);
    }

    private StrangerPolicy strangers(Problems problems) {
        if (strangerMethods.size() == 1 && strangerMethods.get(0).strip().equalsIgnoreCase("all")) {
            return StrangerPolicy.ANY;
        }
        List<Method> methods = new ArrayList<>();
        for (String name : strangerMethods) {
            problems.collectOf("sipproxy.stranger-methods", name, () -> {
                if (!name.equals(name.toUpperCase(Locale.ROOT))) {
                    throw new IllegalArgumentException("expected methods in capital letters, such as INVITE, or all");
                }
                methods.add(Method.of(name.strip()));
            });
        }
        return StrangerPolicy.allowing(methods.toArray(new Method[0]));
    }
}
