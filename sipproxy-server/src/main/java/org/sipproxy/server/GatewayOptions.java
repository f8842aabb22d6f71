package org.sipproxy.server;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.gateway.Algorithm;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.gateway.NumberPlan;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.operations.ServerComponents;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Options for gateways behind the proxy and for the routes to gateways and trunks, kept as text like those of
 * {@link ProxyOptions}.
 */
@Section("Gateways and routes to them")
final class GatewayOptions {

    private static final String GATEWAY = "--gateway";
    private static final String ALGORITHM = "--gateway-algorithm";
    private static final String PREFIX = "--prefix-route";
    private static final String FALLBACK = "--fallback-route";
    private static final String COUNTRY = "--country-code";

    private static final Set<String> ATTRIBUTES =
            Set.of("weight", "priority", "maxload", "duid", "socket", "ping_from", "obproxy", "probe", "start");
    private static final Pattern PREFIXES = Pattern.compile("\\+|\\+?[0-9*#]{1,63}");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    /** Kamailio's numbers of the algorithms. */
    private static final Map<String, Algorithm> NUMBERS = Map.of(
            "0", Algorithm.HASH_CALL_ID,
            "1", Algorithm.HASH_FROM,
            "2", Algorithm.HASH_TO,
            "4", Algorithm.ROUND_ROBIN,
            "5", Algorithm.HASH_CALLER,
            "8", Algorithm.PRIORITY,
            "9", Algorithm.WEIGHT,
            "10", Algorithm.LEAST_CALLS,
            "11", Algorithm.WEIGHT);

    @Reloadable
    @Option(
            names = GATEWAY,
            paramLabel = "SET=URI[;ATTRIBUTE=VALUE]…",
            description = {
                "A member of a set of gateways or media servers, such as pstn=sip:192.0.2.10:5080;weight=50. Attributes "
                        + "are those of Kamailio's dispatcher: weight, priority (higher first), maxload (calls at a time), duid "
                        + "(its name), socket, ping_from, obproxy; and probe=always, never or as-set, start=active, down or disabled. Its calls need no password. May be repeated."
            })
    List<String> gateways = new ArrayList<>();

    @Reloadable
    @Option(
            names = ALGORITHM,
            paramLabel = "[SET=]ALGORITHM",
            description = {
                "Which member is tried first: round-robin, weight, priority, least-calls, hash-call-id, hash-from, "
                        + "hash-to or hash-caller; or Kamailio's number. Without a set, for all others. May be repeated.",
                "Default: round-robin."
            })
    List<String> algorithms = new ArrayList<>();

    @Reloadable
    @Option(
            names = PREFIX,
            paramLabel = "PREFIX=NAME[;strip=N][;prepend=DIGITS]",
            description = {
                "Sends called numbers with this prefix that are not users to a set or trunk, such as "
                        + "+=carrier;strip=1;prepend=00. The longest prefix wins. Only for authenticated users and trusted peers. "
                        + "May be repeated."
            })
    List<String> prefixes = new ArrayList<>();

    @Reloadable
    @Option(
            names = FALLBACK,
            paramLabel = "NAME",
            description = {
                "Sends everything else that is not a user to this set or trunk: unknown users, and telephone numbers at "
                        + "other domains. Only for authenticated users and trusted peers."
            })
    String fallback = "";

    @Option(
            names = COUNTRY,
            paramLabel = "CODE[:INTERNATIONAL:NATIONAL]",
            description = {
                "Country of the users, such as 49, or 1:011:1: called numbers with the international or national prefix "
                        + "(default 00 and 0) become numbers with + before routing."
            })
    String countryCode = "";

    @Mixin
    private final GatewaySetOptions options = new GatewaySetOptions();

    /** Route to a set or trunk. */
    private record Route(String prefix, String to, NumberPlan numbers, String text) {}

    private final Map<String, List<Gateway>> members = new TreeMap<>();
    /** Identifiers of the members by set, also of those of the database. */
    private final Map<String, List<String>> shown = new TreeMap<>();

    private final Map<String, Algorithm> algorithmOf = new LinkedHashMap<>();
    private final List<Route> routes = new ArrayList<>();
    private final List<SipUri> peers = new ArrayList<>();
    private Algorithm otherwise = Algorithm.ROUND_ROBIN;
    private Optional<Dispatcher> dispatcher = Optional.empty();
    private Optional<NumberPlan> dialled = Optional.empty();

    /**
     * Reads the options, and adds errors to {@code problems}.
     *
     * @param trunks trunks by name
     * @param trunkNames names of all trunks, also of those with errors
     * @param tables tables of the database
     */
    void read(Map<String, Trunk> trunks, List<String> trunkNames, TableOptions tables, List<String> problems) {
        gateways.forEach(text -> readGateway(text, problems));
        Set<String> sets = new TreeSet<>(members.keySet());
        gateways.forEach(text -> sets.add(text.split("=", 2)[0])); // also of invalid ones, which are reported
        for (Gateway row : tables.gateways()) {
            sets.add(row.set());
            show(row);
            addPeers(row);
        }
        sets.stream()
                .filter(trunks::containsKey)
                .forEach(name -> problems.add(GATEWAY + ": " + name + " is also a trunk; rename one of them"));
        algorithms.forEach(text -> readAlgorithm(text, sets, tables.mayHaveMore(), problems));
        Set<String> known = new TreeSet<>(sets);
        known.addAll(trunks.keySet());
        known.addAll(trunkNames);
        prefixes.forEach(text -> readPrefix(text, known, tables.mayHaveMore(), problems));
        if (!fallback.isEmpty() && isKnown(FALLBACK, fallback, known, tables.mayHaveMore(), problems)) {
            routes.add(new Route("", fallback, NumberPlan.none(), "everything else"));
        }
        readCountry(problems);
        build(trunks, tables, problems);
    }

    // ---- members

    static void requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is not a name (expected letters, digits, _ . and -, at most 64)");
        }
    }

    private void readGateway(String text, List<String> problems) {
        try {
            AttributeText parsed = AttributeText.parseUri(text, ATTRIBUTES);
            requireName(parsed.name());
            Gateway.Builder gateway = Gateway.builder(parsed.name(), SipUri.of(parsed.value()));
            parsed.number("weight").ifPresent(gateway::weight);
            parsed.number("priority").ifPresent(gateway::priority);
            parsed.number("maxload").ifPresent(gateway::maximumCalls);
            parsed.attribute("duid").ifPresent(gateway::id);
            parsed.attribute("socket").map(Endpoint::parse).ifPresent(gateway::socket);
            parsed.attribute("ping_from").map(SipUri::of).ifPresent(gateway::probeFrom);
            parsed.attribute("obproxy").map(SipUri::of).ifPresent(gateway::outboundProxy);
            List<String> unknown = new ArrayList<>();
            OptionReader reader = new OptionReader(unknown);
            parsed.attribute("probe")
                    .ifPresent(mode -> reader.choice("probe", mode, Gateway.Probing.values(), gateway::probing));
            parsed.attribute("start")
                    .ifPresent(state -> reader.choice("start", state, Gateway.Start.values(), gateway::start));
            if (!unknown.isEmpty()) {
                throw new IllegalArgumentException(unknown.get(0));
            }
            Gateway built = gateway.build();
            members.computeIfAbsent(parsed.name(), set -> new ArrayList<>()).add(built);
            show(built);
            addPeers(built);
        } catch (ConfigurationException e) {
            e.problems()
                    .forEach(problem -> problems.add(GATEWAY + ": \"" + text + "\": "
                            + problem.text(name -> name.equals("maximumCalls") ? "maxload" : name)));
        } catch (IllegalArgumentException e) {
            problems.add(GATEWAY + ": \"" + text + "\": " + Launcher.messageOf(e)
                    + "; write it as pstn=sip:192.0.2.10:5080;weight=50");
        }
    }

    private void show(Gateway gateway) {
        shown.computeIfAbsent(gateway.set(), set -> new ArrayList<>()).add(gateway.id());
    }

    private void addPeers(Gateway gateway) {
        peers.add(gateway.uri());
        gateway.outboundProxy().ifPresent(peers::add);
    }

    private void readAlgorithm(String text, Set<String> sets, boolean mayHaveMore, List<String> problems) {
        int equals = text.indexOf('=');
        String set = text.substring(0, Math.max(equals, 0));
        String name = text.substring(equals + 1);
        Optional<Algorithm> algorithm = Optional.ofNullable(NUMBERS.get(name))
                .or(() -> Arrays.stream(Algorithm.values())
                        .filter(one -> lower(one).equalsIgnoreCase(name))
                        .findFirst());
        if (algorithm.isEmpty()) {
            problems.add(ALGORITHM + ": \"" + name + "\" (expected "
                    + Arrays.stream(Algorithm.values())
                            .map(GatewayOptions::lower)
                            .collect(Collectors.joining(", "))
                    + ")");
        } else if (equals < 0) {
            otherwise = algorithm.get();
        } else if (!sets.contains(set) && !mayHaveMore) {
            problems.add(ALGORITHM + ": \"" + set + "\" is not a set (" + String.join(", ", sets) + "); add " + GATEWAY
                    + " " + set + "=URI");
        } else if (algorithmOf.put(set, algorithm.get()) != null) {
            problems.add(ALGORITHM + ": " + set + " is given twice; give each set once");
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    // ---- routes

    private void readPrefix(String text, Set<String> known, boolean mayHaveMore, List<String> problems) {
        try {
            AttributeText parsed = AttributeText.parse(text, Set.of("strip", "prepend"));
            String prefix = parsed.name();
            if (!PREFIXES.matcher(prefix).matches()) {
                throw new IllegalArgumentException("\"" + prefix
                        + "\" is not the start of a number (expected digits, * and #, with an optional +)");
            }
            if (routes.stream().anyMatch(route -> route.prefix().equals(prefix))) {
                throw new IllegalArgumentException(prefix + " is given twice; give each prefix once");
            }
            int strip = parsed.number("strip").orElse(0);
            if (strip < 0 || strip > prefix.length()) {
                throw new IllegalArgumentException(
                        "strip=" + strip + " (expected 0 to " + prefix.length() + ", the length of the prefix)");
            }
            String prepend = parsed.attribute("prepend").orElse("");
            NumberPlan numbers = NumberPlan.none();
            if (strip > 0) {
                numbers = numbers.replace(prefix.substring(0, strip), prepend);
            } else if (!prepend.isEmpty()) {
                numbers = numbers.add(prepend);
            }
            if (isKnown(PREFIX, parsed.value(), known, mayHaveMore, problems)) {
                String shown =
                        prefix + (strip == 0 && prepend.isEmpty() ? "" : " as " + prepend + prefix.substring(strip));
                routes.add(new Route(prefix, parsed.value(), numbers, shown));
            }
        } catch (IllegalArgumentException e) {
            problems.add(PREFIX + ": \"" + text + "\": " + Launcher.messageOf(e)
                    + "; write it as +=carrier;strip=1;prepend=00");
        }
    }

    private static boolean isKnown(
            String option, String name, Set<String> known, boolean mayHaveMore, List<String> problems) {
        if (known.contains(name)) {
            return true;
        }
        if (!mayHaveMore) {
            problems.add(option + ": \"" + name + "\" is not a set or trunk ("
                    + (known.isEmpty() ? "there is none" : String.join(", ", known)) + "); add " + GATEWAY + " " + name
                    + "=URI or --trunk " + name + "=URI");
        }
        return false;
    }

    private void readCountry(List<String> problems) {
        if (countryCode.isEmpty()) {
            return;
        }
        String[] parts = countryCode.split(":", -1);
        try {
            if (parts.length != 1 && parts.length != 3) {
                throw new IllegalArgumentException("expected CODE or CODE:INTERNATIONAL:NATIONAL, such as 1:011:1");
            }
            dialled = Optional.of(
                    parts.length == 1
                            ? NumberPlan.none().e164(parts[0])
                            : NumberPlan.none().e164(parts[0], parts[1], parts[2]));
        } catch (IllegalArgumentException e) {
            problems.add(COUNTRY + ": \"" + countryCode + "\": "
                    + Launcher.messageOf(e).replaceFirst("^[a-zA-Z]+: ", ""));
        }
    }

    /** Returns true if numbers or unknown users are sent out. */
    boolean sendsOut() {
        return !prefixes.isEmpty() || !fallback.isEmpty();
    }

    // ---- the component

    private void build(Map<String, Trunk> trunks, TableOptions tables, List<String> problems) {
        int before = problems.size();
        Dispatcher.Builder builder = Dispatcher.builder();
        options.addTo(builder, otherwise, problems);
        boolean isNeeded = !members.isEmpty() || !tables.gateways().isEmpty() || !routes.isEmpty();
        if (problems.size() > before || !isNeeded) {
            return;
        }
        Set<String> named = new TreeSet<>(members.keySet());
        named.addAll(algorithmOf.keySet());
        for (String name : named) {
            GatewaySet.Builder set =
                    options.applyTo(GatewaySet.named(name)).algorithm(algorithmOf.getOrDefault(name, otherwise));
            members.getOrDefault(name, List.of()).forEach(set::member);
            try {
                builder.set(set.build());
            } catch (ConfigurationException e) {
                problems.addAll(LibraryProblems.texts(e));
            }
        }
        if (!problems.isEmpty()) {
            return;
        }
        tables.addTo(builder);
        routes.forEach(route -> addRoute(builder, route, trunks.get(route.to())));
        try {
            dispatcher = Optional.of(builder.build());
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
        }
    }

    private static void addRoute(Dispatcher.Builder builder, Route route, @Nullable Trunk trunk) {
        if (route.prefix().isEmpty()) {
            if (trunk == null) {
                builder.fallback(route.to());
            } else {
                builder.fallback(trunk);
            }
        } else if (trunk == null) {
            builder.prefix(route.prefix(), route.to(), route.numbers());
        } else {
            builder.prefix(route.prefix(), trunk, route.numbers());
        }
    }

    /** Returns the URIs from whose hosts calls of gateways come; empty if they are not recognized. */
    List<SipUri> peers() {
        return options.recognizesAddresses() ? peers : List.of();
    }

    /** Adds what changes the called number, which comes before the components that read it. */
    void addNumbersTo(SipProxyBuilder builder) {
        dialled.ifPresent(plan -> builder.beforeRouting(plan.stage()));
    }

    void addTo(SipProxyBuilder builder, ServerComponents components) {
        dispatcher.ifPresent(component -> {
            builder.component(component);
            components.add(component);
        });
    }

    // ---- texts

    /** Returns what is sent to a set or trunk. */
    String routesTo(String name) {
        List<String> texts = routes.stream()
                .filter(route -> route.to().equals(name))
                .map(Route::text)
                .toList();
        return texts.isEmpty() ? "nothing is sent to it" : "gets " + String.join(", ", texts);
    }

    /** Returns a line for each set. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        shown.forEach((set, ids) -> lines.add("gateway set " + set + ": " + String.join(" ", ids) + "; "
                + lower(algorithmOf.getOrDefault(set, otherwise)) + ", "
                + options.probes() + "; " + routesTo(set)));
        return lines;
    }

    /** Returns how called numbers are changed first; empty if they are not. */
    Optional<String> numbersLine() {
        return countryCode.isEmpty()
                ? Optional.empty()
                : Optional.of("called numbers: as in country " + countryCode + ", with + before routing");
    }
}
