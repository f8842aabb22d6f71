package org.sipproxy.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.gateway.Algorithm;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.gateway.NumberPlan;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.message.SipUri;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Gateways, accounts at providers, and the routes to them.
 *
 * @param gateway Sets of gateways or media servers by name.
 * @param trunk Accounts at telephony providers by name.
 * @param prefixRoute Called numbers that go to a set or trunk; the longest prefix wins. Only for authenticated users and
 *     trusted peers.
 * @param fallbackRoute Set or trunk for everything else that is not a user.
 * @param countryCode Country of the users, such as 49, or 1:011:1 with the international and national prefix: called
 *     numbers become numbers with + before routing.
 * @param gatewayTrust How calls of gateways are recognized; off as those of strangers.
 * @param gatewayCallLifetime How long a call without a BYE counts for maxload and least-calls, 1m to 7d.
 * @param gatewayCountedCalls Calls that are counted for maxload and least-calls, 100 to 1000000.
 */
@ConfigurationProperties("sipproxy")
record GatewayProperties(
        @DefaultValue Map<String, GatewaySetProperties> gateway,
        @DefaultValue Map<String, TrunkProperties> trunk,
        @DefaultValue List<PrefixRoute> prefixRoute,
        @Nullable String fallbackRoute,
        @Nullable String countryCode,
        @DefaultValue("address") SourceMatch gatewayTrust,
        @DefaultValue("12h") Duration gatewayCallLifetime,
        @DefaultValue("100000") int gatewayCountedCalls) {

    /**
     * Route of called numbers.
     *
     * @param prefix Start of the numbers: digits, * and #, with an optional +.
     * @param to Name of the set or trunk.
     * @param strip Digits of the prefix that are removed.
     * @param prepend Digits that are put in front.
     */
    record PrefixRoute(
            @Nullable String prefix,
            @Nullable String to,
            @DefaultValue("0") int strip,
            @DefaultValue("") String prepend) {

        NumberPlan numbers(String start) {
            if (strip < 0 || strip > start.length()) {
                throw new IllegalArgumentException(
                        "has strip=" + strip + " (expected 0 to " + start.length() + ", the length of the prefix)");
            }
            NumberPlan numbers = NumberPlan.none();
            if (strip > 0) {
                return numbers.replace(start.substring(0, strip), prepend);
            }
            return prepend.isEmpty() ? numbers : numbers.add(prepend);
        }
    }

    /**
     * Set of gateways.
     *
     * @param member Gateways of the set.
     * @param algorithm Which member is tried first.
     * @param probe Interval of OPTIONS to each gateway, 1s to 1h; 0 for none, so that only calls show its health.
     * @param probeOnlyDown Whether only gateways are probed that are down or have failed recently.
     * @param probeTimeLimit How long a probe waits for its response, 500ms to 35s.
     * @param probeFrom From of the probes. Default sip: and the first domain.
     * @param accept Responses to OPTIONS, besides 2xx, of a gateway that is up, such as 404.
     * @param downAfter Successive failures after which a gateway gets no calls, 1 to 100.
     * @param upAfter Successive responses to OPTIONS after which it gets calls again, 1 to 100.
     * @param recoverAfter When a gateway that is down is tried again if it is not probed, 1s to 1h.
     * @param respondWithin How long a gateway may leave a call without any response before the next one is tried.
     * @param tries How many gateways are tried for a call, 1 to 10.
     * @param asProxy Whether calls keep their Request-URI and get a Route to the gateway.
     */
    record GatewaySetProperties(
            @DefaultValue List<Member> member,
            @DefaultValue("round-robin") Algorithm algorithm,
            @DefaultValue("10s") Duration probe,
            @DefaultValue("false") boolean probeOnlyDown,
            @DefaultValue("4s") Duration probeTimeLimit,
            @Nullable String probeFrom,
            @DefaultValue List<Integer> accept,
            @DefaultValue("2") int downAfter,
            @DefaultValue("1") int upAfter,
            @DefaultValue("30s") Duration recoverAfter,
            @DefaultValue("4s") Duration respondWithin,
            @DefaultValue("3") int tries,
            @DefaultValue("false") boolean asProxy) {

        /** Returns the set; the fallback if there are problems. */
        private GatewaySet build(String name, Problems problems) {
            String property = "sipproxy.gateway." + name;
            GatewaySet.Builder set = GatewaySet.named(name)
                    .algorithm(algorithm)
                    .probeTimeLimit(probeTimeLimit)
                    .accept(accept.stream().mapToInt(Integer::intValue).toArray())
                    .downAfter(downAfter)
                    .upAfter(upAfter)
                    .recoverAfter(recoverAfter)
                    .respondWithin(respondWithin)
                    .tries(tries);
            if (probe.isZero()) {
                set.noProbes();
            } else {
                set.probeEvery(probe);
            }
            if (probeOnlyDown) {
                set.probeOnlyDown();
            }
            if (asProxy) {
                set.asOutboundProxy();
            }
            if (probeFrom != null) {
                problems.collectOf(property + ".probe-from", probeFrom, () -> set.probeFrom(SipUri.of(probeFrom)));
            }
            for (int i = 0; i < member.size(); i++) {
                Member one = member.get(i);
                problems.collectOf(
                        property + ".member[" + i + "]",
                        String.valueOf(one.uri()),
                        () -> set.member(one.gateway(name)));
            }
            return problems.get(
                    set::build,
                    () -> GatewaySet.named(name).member("sip:192.0.2.1").build());
        }
    }

    /**
     * Member of a set, with the attributes of Kamailio's dispatcher.
     *
     * @param uri URI, such as sip:192.0.2.10:5080.
     * @param weight Share of the calls, for the algorithm weight.
     * @param priority Higher ones are tried first, for the algorithm priority.
     * @param maxload Calls at a time.
     * @param duid Name of the gateway. Default its URI.
     * @param socket Listening point from which requests to it are sent.
     * @param pingFrom From of the probes.
     * @param obproxy Proxy through which it is reached.
     * @param probe Whether it is probed.
     * @param start State in which it starts.
     */
    record Member(
            @Nullable String uri,
            @Nullable Integer weight,
            @Nullable Integer priority,
            @Nullable Integer maxload,
            @Nullable String duid,
            @Nullable String socket,
            @Nullable String pingFrom,
            @Nullable String obproxy,
            @DefaultValue("as-set") Gateway.Probing probe,
            @DefaultValue("active") Gateway.Start start) {

        private Gateway gateway(String set) {
            if (uri == null) {
                throw new IllegalArgumentException("has no uri; set it to one such as sip:192.0.2.10:5080");
            }
            Gateway.Builder gateway =
                    Gateway.builder(set, SipUri.of(uri)).probing(probe).start(start);
            ifGiven(weight, gateway::weight);
            ifGiven(priority, gateway::priority);
            ifGiven(maxload, gateway::maximumCalls);
            ifGiven(duid, gateway::id);
            ifGiven(socket, text -> gateway.socket(Endpoint.parse(text)));
            ifGiven(pingFrom, text -> gateway.probeFrom(SipUri.of(text)));
            ifGiven(obproxy, text -> gateway.outboundProxy(SipUri.of(text)));
            return gateway.build();
        }
    }

    static <T> void ifGiven(@Nullable T value, Consumer<T> setter) {
        if (value != null) {
            setter.accept(value);
        }
    }

    /** Returns true if there is anything to dispatch. */
    boolean isUsed(TableSources tables) {
        return tables.gatewaySource().isPresent()
                || !gateway.isEmpty()
                || !prefixRoute.isEmpty()
                || fallbackRoute != null;
    }

    /** Returns the hosts of gateways and providers whose address is numeric: they have no rate limit. */
    List<SipUri> peers() {
        List<SipUri> peers = new ArrayList<>();
        if (gatewayTrust == SourceMatch.ADDRESS) {
            gateway.values()
                    .forEach(set -> set.member().forEach(one -> {
                        addPeer(one.uri(), peers);
                        addPeer(one.obproxy(), peers);
                    }));
        }
        trunk.values().forEach(one -> {
            addPeer(one.uri(), peers);
            addPeer(one.authProxy(), peers);
            one.source().forEach(host -> addPeer("sip:" + host, peers));
        });
        return peers;
    }

    private static void addPeer(@Nullable String uri, List<SipUri> peers) {
        if (uri != null) {
            try {
                peers.add(SipUri.of(uri));
            } catch (IllegalArgumentException e) {
                // reported where the gateway or trunk is built
            }
        }
    }

    /** Returns the trunks by name, with those of the database. */
    Map<String, Trunk> trunks(String domain, TableSources tables, Problems problems) {
        Map<String, Trunk> trunks = new LinkedHashMap<>();
        trunk.forEach((name, one) -> problems.collectOf(
                "sipproxy.trunk." + name, String.valueOf(one.uri()), () -> trunks.put(name, one.build(name, domain))));
        for (TrunkAccount row : tables.accounts()) {
            if (trunk.containsKey(row.name())) {
                problems.add("sipproxy.trunk." + row.name(), "", "is also a row of uacreg", "rename one of them");
            } else {
                problems.collectOf(
                        "sipproxy.tables",
                        "uacreg: " + row.name(),
                        () -> trunks.put(row.name(), Trunk.builder(row).build()));
            }
        }
        return trunks;
    }

    /** Returns the dispatcher of the sets, and of the routes to sets and trunks; empty if there are problems. */
    Optional<Dispatcher> dispatcher(
            Map<String, Trunk> trunks, TableSources tables, Duration reload, Problems problems) {
        int before = problems.count();
        Dispatcher.Builder dispatcher = Dispatcher.builder()
                .recognize(gatewayTrust)
                .callLifetime(gatewayCallLifetime)
                .countedCalls(gatewayCountedCalls);
        gateway.forEach((name, set) -> {
            if (trunks.containsKey(name)) {
                problems.add("sipproxy.gateway." + name, "", "is also a trunk", "rename one of them");
            }
            dispatcher.set(set.build(name, problems));
        });
        Set<String> sets = new TreeSet<>(gateway.keySet());
        tables.gateways().forEach(row -> sets.add(row.set()));
        tables.gatewaySource().ifPresent(rows -> {
            dispatcher.source(rows);
            if (!reload.isZero()) {
                problems.collect(() -> dispatcher.reloadEvery(reload));
            }
        });
        for (int i = 0; i < prefixRoute.size(); i++) {
            addRoute(prefixRoute.get(i), "sipproxy.prefix-route[" + i + "]", dispatcher, trunks, sets, problems);
        }
        String fallback = fallbackRoute;
        if (fallback != null && isKnown("sipproxy.fallback-route", fallback, trunks, sets, problems)) {
            Trunk to = trunks.get(fallback);
            if (to != null) {
                dispatcher.fallback(to);
            } else if (sets.contains(fallback)) {
                dispatcher.fallback(fallback);
            }
        }
        return problems.count() > before
                ? Optional.empty()
                : problems.get(() -> Optional.of(dispatcher.build()), Optional::empty);
    }

    private void addRoute(
            PrefixRoute route,
            String property,
            Dispatcher.Builder dispatcher,
            Map<String, Trunk> trunks,
            Set<String> sets,
            Problems problems) {
        String prefix = route.prefix();
        String to = route.to();
        if (prefix == null || to == null) {
            problems.add(property, "", "needs prefix and to", "set both");
            return;
        }
        if (!isKnown(property + ".to", to, trunks, sets, problems)) {
            return;
        }
        problems.collectOf(property, prefix, () -> {
            NumberPlan numbers = route.numbers(prefix);
            Trunk trunk = trunks.get(to);
            if (trunk != null) {
                dispatcher.prefix(prefix, trunk, numbers);
            } else if (sets.contains(to)) {
                dispatcher.prefix(prefix, to, numbers);
            }
        });
    }

    private boolean isKnown(
            String property, String name, Map<String, Trunk> trunks, Set<String> sets, Problems problems) {
        Set<String> known = new TreeSet<>(sets);
        known.addAll(trunk.keySet()); // also of those with problems, which are reported
        known.addAll(trunks.keySet());
        if (known.contains(name)) {
            return true;
        }
        problems.add(
                property,
                '"' + name + '"',
                "is not a set or trunk (" + (known.isEmpty() ? "there is none" : String.join(", ", known)) + ")",
                "add sipproxy.gateway." + name + ".member[0].uri or sipproxy.trunk." + name + ".uri");
        return false;
    }

    /** Returns the stage that writes called numbers with +; null if they stay as they are. */
    @Nullable
    RequestStage numbers(Problems problems) {
        if (countryCode == null) {
            return null;
        }
        String[] parts = countryCode.split(":", -1);
        List<RequestStage> stage = new ArrayList<>();
        problems.collectOf("sipproxy.country-code", countryCode, () -> {
            if (parts.length != 1 && parts.length != 3) {
                throw new IllegalArgumentException("expected CODE or CODE:INTERNATIONAL:NATIONAL, such as 1:011:1");
            }
            NumberPlan plan = parts.length == 1
                    ? NumberPlan.none().e164(parts[0])
                    : NumberPlan.none().e164(parts[0], parts[1], parts[2]);
            stage.add(plan.stage());
        });
        return stage.isEmpty() ? null : stage.get(0);
    }
}
