package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Calls of a builder for the options of an import, in the order in which the server makes them. */
final class ProgramCalls {

    private static final String SECURITY = "org.sipproxy.security.";
    private static final String JDBC = "org.sipproxy.jdbc.";
    private static final String GATEWAY = "org.sipproxy.gateway.";
    private static final String OPTIONS = "org.sipproxy.core.options.";
    private static final Map<String, String> ALGORITHMS = Map.of(
            "0", "HASH_CALL_ID",
            "1", "HASH_FROM",
            "2", "HASH_TO",
            "4", "ROUND_ROBIN",
            "5", "HASH_CALLER",
            "8", "PRIORITY",
            "9", "WEIGHT",
            "10", "LEAST_CALLS",
            "11", "WEIGHT");

    private final Settings settings;
    private final UnaryOperator<String> imports;
    private final List<String> calls = new ArrayList<>();

    /**
     * Creates the calls of some options.
     *
     * @param imports imports a class and returns its simple name
     */
    ProgramCalls(Settings settings, UnaryOperator<String> imports) {
        this.settings = settings;
        this.imports = imports;
    }

    List<String> calls() {
        settings.of("listen").forEach(one -> add("listen(" + endpoint(one.value()) + ")"));
        settings.of("domain").forEach(one -> add("domain(" + text(one.value()) + ")"));
        settings.of("alias").forEach(one -> add("alias(" + text(one.value()) + ")"));
        tls();
        authentication();
        access();
        flood();
        tables();
        gateways();
        if (settings.has("calls")) {
            add("calls(" + use(OPTIONS + "CallSettings") + ".builder()"
                    + optional("calls-max-duration", value -> ".maxDuration(" + seconds(value) + ")") + ".build())");
        }
        nat();
        registrar();
        limits();
        storage();
        return calls;
    }

    private void add(String call) {
        calls.add("builder." + call + ";");
    }

    private String use(String name) {
        return imports.apply(name);
    }

    private static String text(String value) {
        return ProgramText.literal(value);
    }

    private String optional(String option, UnaryOperator<String> code) {
        return settings.value(option).map(code).orElse("");
    }

    private String seconds(String value) {
        return use("java.time.Duration") + ".ofSeconds(" + value.replace("s", "") + ")";
    }

    private static String constant(String value) {
        return value.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    private String endpoint(String value) {
        String[] parts = value.split(" advertise ", 2);
        String code = use("org.sipproxy.api.transport.Endpoint") + ".parse(" + text(parts[0]) + ")";
        if (parts.length == 1) {
            return code;
        }
        HostPort shown = HostPort.parse(parts[1]).orElseThrow();
        return code + ".advertise(" + text(shown.host()) + ", " + shown.port() + ")";
    }

    private void tls() {
        if (settings.has("tls-certificate") && settings.has("tls-key")) {
            String path = use("java.nio.file.Path");
            String tls = use(OPTIONS + "TlsSettings");
            add("tls(" + tls + ".builder().certificate(" + path + ".of("
                    + text(settings.value("tls-certificate").orElse("")) + "), " + path + ".of("
                    + text(settings.value("tls-key").orElse("")) + "))"
                    + optional("tls-trust", value -> ".trust(" + path + ".of(" + text(value) + "))")
                    + optional(
                            "tls-client-auth",
                            value -> ".clientAuthentication(" + tls + ".ClientAuthentication." + constant(value) + ")")
                    + ".build())");
        }
    }

    private void authentication() {
        if (settings.has("no-auth")) {
            add("noAuthentication()");
            return;
        }
        if (settings.has("database-url")) {
            String credentials = use(JDBC + "JdbcCredentials");
            boolean isPlain =
                    settings.value("password-column").filter("password"::equals).isPresent();
            calls.add(credentials + " users = " + credentials + ".builder(database)"
                    + (isPlain ? ".plainPasswords()" : "") + ".build();");
            add("component(users)");
        } else {
            String users = use(SECURITY + "InMemoryCredentials");
            calls.add(users + " users = " + users
                    + ".of(); // add Credential.ofPassword(\"1001\", DOMAIN, PASSWORD) for each user");
        }
        add("authentication(" + use(SECURITY + "DigestAuthentication") + ".builder().credentials(users)"
                + optional("nonce-expire", value -> ".nonceLifetime(" + seconds(value) + ")")
                + optional(
                        "auth-algorithm",
                        value -> ".algorithms(" + use("org.sipproxy.api.auth.DigestAlgorithm") + ".of(" + text(value)
                                + ").orElseThrow())")
                + optional("one-time-nonces", value -> ".oneTimeNonces(true)")
                + optional("auth-int", value -> ".integrity(true)")
                + ".build())");
    }

    private void access() {
        List<String> rules = new ArrayList<>();
        settings.of("trust").forEach(one -> rules.add(rule("trust", one.value())));
        settings.of("allow").forEach(one -> rules.add(rule("allow", one.value())));
        boolean hasTable = usesTable("access");
        if (rules.isEmpty() && !hasTable) {
            return;
        }
        boolean isClosed = settings.has("allow")
                || settings.value("address-group")
                        .filter(one -> one.endsWith("=allow"))
                        .isPresent();
        String action = use(SECURITY + "AccessRule") + ".Action.";
        add("component(" + use(SECURITY + "AccessList") + ".builder().rules(" + String.join(", ", rules)
                + ").defaultPolicy(" + action + (isClosed ? "DENY" : "ALLOW") + ")"
                + (hasTable
                        ? ".source(" + use(JDBC + "JdbcAccessRules") + ".of(database))"
                                + optional("address-group", value -> group(value, action))
                        : "")
                + ".build())");
    }

    private static String group(String value, String action) {
        String[] parts = value.split("=", 2);
        return ".group(" + parts[0] + ", " + action + constant(parts[1]) + ")";
    }

    private String rule(String kind, String network) {
        return use(SECURITY + "AccessRule") + "." + kind + "(" + block(network) + ")";
    }

    private String block(String network) {
        return use(SECURITY + "CidrBlock") + ".parse(" + text(network) + ")";
    }

    private boolean usesTable(String name) {
        return settings.value("tables")
                .filter(one -> List.of(one.split(",", -1)).contains(name))
                .isPresent();
    }

    private void flood() {
        String guard = use(SECURITY + "FloodGuard");
        List<String> trusted =
                settings.of("trust").stream().map(one -> block(one.value())).toList();
        String limit = settings.value("rate-limit")
                .map(value -> {
                    String[] parts = value.split(":", 2);
                    return ".perSource(new " + use(SECURITY + "RateLimit") + "(" + parts[0] + ", " + parts[1] + "))";
                })
                .orElse(".scannersOnly()");
        add("component(" + guard + ".builder()" + limit + ".scanners(" + guard + ".ScannerPolicy."
                + constant(settings.value("scanners").orElse("drop")) + ")"
                + (trusted.isEmpty() ? "" : ".exempt(" + String.join(", ", trusted) + ")") + ".build())");
        add("component(" + use(SECURITY + "IdentityHeaders") + ".trusting(" + String.join(", ", trusted) + "))");
        add("listener(new " + use(SECURITY + "AuditLog") + "())");
    }

    private void tables() {
        if (usesTable("domain")) {
            add("component(" + use(JDBC + "JdbcDomains") + ".of(database))");
        }
        if (usesTable("dbaliases")) {
            add("component(" + use(JDBC + "JdbcAliases") + ".of(database))");
        }
        if (settings.has("accounting")) {
            add("component(" + use(JDBC + "JdbcAccounting") + ".of(database))");
        }
    }

    private void gateways() {
        boolean hasTable = usesTable("dispatcher");
        if (!settings.has("gateway") && !hasTable) {
            return;
        }
        String set = use(GATEWAY + "GatewaySet");
        Map<String, StringBuilder> sets = new TreeMap<>();
        for (Setting one : settings.of("gateway")) {
            String name = one.value().split("=", 2)[0];
            sets.computeIfAbsent(name, key -> new StringBuilder(set + ".named(" + text(key) + ")" + probes()))
                    .append(".member(" + member(name, one.value().substring(name.length() + 1)) + ")");
        }
        StringBuilder call = new StringBuilder(use(GATEWAY + "Dispatcher")).append(".builder()");
        call.append(".defaults(" + set + ".named(\"default\")" + probes() + ".build())");
        sets.forEach((name, code) -> call.append(".set(" + code + algorithm(name) + ".build())"));
        call.append(optional(
                "gateway-trust", value -> ".recognize(" + use(GATEWAY + "SourceMatch") + "." + constant(value) + ")"));
        if (hasTable) {
            call.append(".source(" + use(JDBC + "JdbcGateways") + ".of(database))");
        }
        settings.of("prefix-route").forEach(one -> call.append(prefix(one.value())));
        add("component(" + call + ".build())");
    }

    private String probes() {
        String probe = settings.value("gateway-probe").orElse("10s");
        return (probe.equals("0") ? ".noProbes()" : ".probeEvery(" + seconds(probe) + ")")
                + optional("gateway-down-after", value -> ".downAfter(" + value + ")")
                + optional("gateway-up-after", value -> ".upAfter(" + value + ")")
                + optional("gateway-probe-only-down", value -> ".probeOnlyDown()")
                + optional("gateway-accept", value -> ".accept(" + value.replace(",", ", ") + ")");
    }

    private String algorithm(String set) {
        return settings.of("gateway-algorithm").stream()
                .map(one -> one.value().split("=", 2))
                .filter(parts -> parts[0].equals(set))
                .findFirst()
                .map(parts -> ".algorithm(" + use(GATEWAY + "Algorithm") + "." + ALGORITHMS.get(parts[1]) + ")")
                .orElse("");
    }

    private String member(String set, String value) {
        StringBuilder uri = new StringBuilder();
        StringBuilder attributes = new StringBuilder();
        String gateway = use("org.sipproxy.api.gateway.Gateway");
        String sipUri = use("org.sipproxy.message.SipUri");
        for (String part : value.split(";", -1)) {
            String[] one = part.split("=", 2);
            String text = one.length > 1 ? text(one[1]) : "";
            switch (one[0]) {
                case "weight" -> attributes.append(".weight(" + one[1] + ")");
                case "priority" -> attributes.append(".priority(" + one[1] + ")");
                case "maxload" -> attributes.append(".maximumCalls(" + one[1] + ")");
                case "duid" -> attributes.append(".id(" + text + ")");
                case "socket" ->
                    attributes.append(
                            ".socket(" + use("org.sipproxy.api.transport.Endpoint") + ".parse(" + text + "))");
                case "ping_from" -> attributes.append(".probeFrom(" + sipUri + ".of(" + text + "))");
                case "obproxy" -> attributes.append(".outboundProxy(" + sipUri + ".of(" + text + "))");
                default -> uri.append(uri.isEmpty() ? "" : ";").append(part);
            }
        }
        return gateway + ".builder(" + text(set) + ", " + sipUri + ".of(" + text(uri.toString()) + "))" + attributes
                + ".build()";
    }

    /** Returns the call for {@code PREFIX=SET[;strip=N;prepend=DIGITS]}, as the import writes it. */
    private String prefix(String value) {
        String[] parts = value.split(";", -1);
        String[] route = parts[0].split("=", 2);
        String call = ".prefix(" + text(route[0]) + ", " + text(route[1]);
        if (parts.length < 3) {
            return call + ")";
        }
        int strip = Integer.parseInt(parts[1].split("=", 2)[1]);
        return call + ", " + use(GATEWAY + "NumberPlan") + ".none().replace(" + text(route[0].substring(0, strip))
                + ", " + text(parts[2].split("=", 2)[1]) + "))";
    }

    private void nat() {
        if (!settings.has("nat")) {
            return;
        }
        String ping = settings.value("nat-ping").orElse("15s");
        add("component(" + use("org.sipproxy.nat.NatTraversal") + ".builder()"
                + optional(
                        "nat-test",
                        value -> ".tests(" + use("org.sipproxy.nat.NatTest") + ".fromKamailioFlags(" + value + "))")
                + (ping.equals("0")
                        ? ".noPing()"
                        : ".ping(" + use("org.sipproxy.nat.PingMethod") + "."
                                + settings.value("nat-ping-method").orElse("OPTIONS") + ", " + seconds(ping) + ")")
                + (settings.has("nat-ping-all") ? ".pingAll()" : "")
                + optional("nat-remove-after", value -> ".removeAfter(" + value + ")") + ".build())");
    }

    private void registrar() {
        String policy = OPTIONS + "RegistrarPolicy";
        String code = optional("min-expires", value -> ".minExpires(" + seconds(value) + ")")
                + optional("default-expires", value -> ".defaultExpires(" + seconds(value) + ")")
                + optional("max-expires", value -> ".maxExpires(" + seconds(value) + ")")
                + optional("max-contacts", value -> ".maxContacts(" + value + ")")
                + optional("when-full", value -> ".whenFull(" + use(policy) + ".WhenFull." + constant(value) + ")")
                + optional(
                        "path-without-supported",
                        value -> ".pathWithoutSupported(" + use(policy) + ".PathWithoutSupported." + constant(value)
                                + ")");
        if (!code.isEmpty()) {
            add("registrar(" + use(policy) + ".builder()" + code + ".build())");
        }
    }

    private void limits() {
        String streams = optional("connections", value -> ".connections(" + value + ")")
                + optional("connections-per-source", value -> ".connectionsPerSource(" + value + ")")
                + optional("idle-timeout", value -> ".idleTimeout(" + seconds(value) + ")")
                + optional("connect-timeout", value -> ".connectTimeout(" + seconds(value) + ")");
        if (!streams.isEmpty()) {
            add("streamLimits(" + use(OPTIONS + "StreamLimits") + ".builder()" + streams + ".build())");
        }
        String timers = optional("t1", value -> ".t1(" + millis(value) + ")")
                + optional("t2", value -> ".t2(" + millis(value) + ")");
        if (!timers.isEmpty()) {
            add("timers(" + use(OPTIONS + "SipTimers") + ".builder()" + timers + ".build())");
        }
    }

    private String millis(String value) {
        return use("java.time.Duration") + ".ofMillis(" + value.replace("ms", "") + ")";
    }

    private void storage() {
        String kind = settings.value("storage").orElse("memory");
        if (kind.equals("memory") || !settings.has("database-url")) {
            return;
        }
        String mode = use("org.sipproxy.api.location.StoreMode");
        String repository = use(JDBC + "JdbcBindingRepository") + ".builder(database)"
                + (settings.of("domain").size() == 1
                        ? ".defaultDomain(" + text(settings.value("domain").orElse("")) + ")"
                        : "")
                + optional("server-id", value -> ".serverId(" + value + ")") + ".build()";
        String call = switch (kind) {
            case "write-through" -> "writeThrough(" + repository + ")";
            case "database-only" -> "databaseOnly(" + repository + ")";
            case "load-at-start" -> "loadAtStart(" + repository + ")";
            default -> "writeBack(" + repository + optional("flush-interval", value -> ", " + seconds(value)) + ")";
        };
        add("locationStore(" + mode + "." + call + ")");
    }
}
