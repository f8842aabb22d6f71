package org.sipproxy.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.gateway.CallerIdentity;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.operations.ServerComponents;
import picocli.CommandLine.Option;

/** Options for accounts at telephony providers, kept as text like those of {@link ProxyOptions}. */
@Section("Accounts at providers")
final class TrunkOptions {

    static final String PASSWORD_VARIABLE = "SIPPROXY_TRUNK_PASSWORD_";

    private static final String OPTION = "--trunk";
    private static final Set<String> ATTRIBUTES = Set.of(
            "auth_username",
            "password_file",
            "realm",
            "auth_proxy",
            "register",
            "expires",
            "identity",
            "to",
            "did",
            "source",
            "contact_addr",
            "socket",
            "reg_delay",
            "retry",
            "recognize");

    /** Attributes and columns by option of the library. */
    private static final Map<String, String> COLUMNS =
            Map.of("contactHost", "contact_addr", "outboundProxy", "auth_proxy");

    @Option(
            names = OPTION,
            paramLabel = "NAME=URI[;ATTRIBUTE=VALUE]…",
            description = {
                "An account at a telephony provider, such as carrier=sip:4930123@sip.carrier.example;to=reception. It is "
                        + "registered there; --prefix-route and --fallback-route send calls to it. Attributes: password_file=FILE "
                        + "(without it the variable " + PASSWORD_VARIABLE
                        + "NAME is the password), auth_username, realm, "
                        + "auth_proxy=URI, register=off, expires, identity=p-asserted-identity, p-preferred-identity or from (how the "
                        + "account's number is shown to the provider), to=USER (who gets its calls; without it the user with the "
                        + "called number), did=NUMBER:USER, source=HOST (from where its calls also come), contact_addr, socket, "
                        + "reg_delay (of the first registration), retry=FIRST-LONGEST (of failed ones, default 30s-30m), "
                        + "recognize=address, address-and-port or off (its calls). "
                        + "May be repeated."
            })
    List<String> trunks = new ArrayList<>();

    /** Trunk and what the log and {@code check} say about it. */
    private record Configured(Trunk trunk, String text) {}

    private final Map<String, String> environment;
    private final Map<String, Configured> configured = new LinkedHashMap<>();
    private final List<SipUri> peers = new ArrayList<>();
    private boolean isReused;

    TrunkOptions() {
        this(System.getenv());
    }

    TrunkOptions(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * Reads the options, and adds errors to {@code problems}.
     *
     * @param rows accounts of the database
     */
    void read(List<String> domains, List<TrunkAccount> rows, List<String> problems) {
        String domain = domains.isEmpty() ? "missing.invalid" : domains.get(0);
        for (String text : trunks) {
            String shown = text.split(";", 2)[0];
            try {
                AttributeText parsed = AttributeText.parseUri(text, ATTRIBUTES);
                add(parsed.name(), parsed, domain);
            } catch (ConfigurationException e) {
                problems.addAll(texts(e, OPTION + ": \"" + shown + "\": "));
            } catch (IllegalArgumentException e) {
                problems.add(OPTION + ": \"" + shown + "\": " + Launcher.messageOf(e));
            }
        }
        for (TrunkAccount row : rows) {
            if (configured.containsKey(row.name())) {
                problems.add(OPTION + ": " + row.name() + " is also an account of table uacreg; rename one of them");
                continue;
            }
            try {
                put(
                        row.name(),
                        Trunk.builder(row).build(),
                        row.addressOfRecord() + " (table uacreg)" + (row.registers() ? "" : ", not registered")
                                + row.user()
                                        .map(to -> ", its calls go to " + to)
                                        .orElse(""));
                addPeers(row.provider(), row.outboundProxy());
            } catch (ConfigurationException e) {
                problems.addAll(texts(e, "table uacreg: " + row.name() + ": "));
            }
        }
    }

    private static List<String> texts(ConfigurationException e, String place) {
        return e.problems().stream()
                .map(problem -> place + problem.text(option -> COLUMNS.getOrDefault(option, option)))
                .toList();
    }

    private void put(String name, Trunk trunk, String text) {
        if (configured.putIfAbsent(name, new Configured(trunk, text)) != null) {
            throw new IllegalArgumentException("given twice; give each trunk a name of its own");
        }
    }

    private void addPeers(SipUri provider, Optional<SipUri> proxy) {
        peers.add(provider);
        proxy.ifPresent(peers::add);
    }

    private void add(String name, AttributeText text, String domain) {
        GatewayOptions.requireName(name);
        SipUri account = SipUri.of(text.value());
        if (!account.isSip() || !account.hasUser()) {
            throw new IllegalArgumentException(
                    "expected NAME=sip:USER@HOST, such as carrier=sip:4930123@carrier.example");
        }
        String uri = account.toString();
        SipUri provider = SipUri.of(uri.substring(0, uri.indexOf(':') + 1) + uri.substring(uri.indexOf('@') + 1));
        Trunk.Builder trunk = Trunk.builder(name, provider).account(account.user());
        boolean registers = switch (text.attribute("register").orElse("on")) {
            case "on" -> true;
            case "off" -> false;
            default ->
                throw new IllegalArgumentException(
                        "register=" + text.all("register").get(0) + " (expected on or off)");
        };
        if (!registers) {
            trunk.withoutRegistration();
        }
        login(name, text, text.attribute("auth_username").orElse(account.user()), registers)
                .ifPresent(trunk::login);
        Optional<SipUri> proxy = text.attribute("auth_proxy").map(SipUri::of);
        proxy.ifPresent(trunk::outboundProxy);
        text.attribute("expires").map(Durations::parse).ifPresent(trunk::expires);
        CallerIdentity identity = identity(text.attribute("identity").orElse("none"));
        trunk.identity(identity);
        text.attribute("contact_addr").ifPresent(trunk::contactHost);
        text.attribute("socket").map(Endpoint::parse).ifPresent(trunk::socket);
        text.all("source").forEach(trunk::source);
        text.attribute("reg_delay").map(Durations::parse).ifPresent(trunk::startDelay);
        text.attribute("retry").ifPresent(times -> retry(times, trunk));
        text.attribute("recognize").map(TrunkOptions::recognition).ifPresent(trunk::recognize);
        Optional<SipUri> to = text.attribute("to").map(user -> user(user, domain));
        to.ifPresent(trunk::incomingTo);
        for (String did : text.all("did")) {
            int colon = did.indexOf(':');
            if (colon < 1) {
                throw new IllegalArgumentException("did=" + did + " (expected NUMBER:USER, such as 493012310:alice)");
            }
            trunk.did(did.substring(0, colon), user(did.substring(colon + 1), domain));
        }
        put(
                name,
                trunk.build(),
                account
                        + (registers ? "" : ", not registered")
                        + (identity == CallerIdentity.NONE ? "" : ", " + lower(identity))
                        + to.map(user -> ", its calls go to " + user).orElse(""));
        addPeers(provider, proxy);
        text.all("source").forEach(source -> peers.add(SipUri.of("sip:" + source)));
    }

    private static void retry(String times, Trunk.Builder trunk) {
        String[] parts = times.split("-", -1);
        if (parts.length != 2) {
            throw new IllegalArgumentException("retry=" + times + " (expected FIRST-LONGEST, such as 30s-30m)");
        }
        trunk.retry(Durations.parse(parts[0]), Durations.parse(parts[1]));
    }

    private static SourceMatch recognition(String text) {
        List<String> problems = new ArrayList<>();
        List<SourceMatch> read = new ArrayList<>();
        new OptionReader(problems).choice("recognize", text, SourceMatch.values(), read::add);
        if (read.isEmpty()) {
            throw new IllegalArgumentException(problems.get(0));
        }
        return read.get(0);
    }

    private static SipUri user(String text, String domain) {
        return SipUri.of("sip:" + text + (text.indexOf('@') < 0 ? "@" + domain : ""));
    }

    private Optional<DigestLogin> login(String name, AttributeText text, String user, boolean registers) {
        String variable = PASSWORD_VARIABLE + name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
        Optional<String> file = text.attribute("password_file");
        String password = file.isPresent() ? firstLine(file.get()) : environment.getOrDefault(variable, "");
        if (password.isEmpty()) {
            if (registers || file.isPresent()) {
                throw new IllegalArgumentException(file.map(path -> "the first line of " + path + " is empty")
                        .orElse("there is no password; add password_file=FILE or set the variable " + variable));
            }
            return Optional.empty();
        }
        DigestLogin login = DigestLogin.ofPassword(user, password);
        return Optional.of(text.attribute("realm").map(login::forRealm).orElse(login));
    }

    private static String firstLine(String file) {
        try {
            return Files.readAllLines(Path.of(file)).stream().findFirst().orElse("");
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException("password_file: " + file + " is not a readable file", e);
        }
    }

    private static CallerIdentity identity(String text) {
        for (CallerIdentity identity : CallerIdentity.values()) {
            if (lower(identity).equalsIgnoreCase(text)) {
                return identity;
            }
        }
        throw new IllegalArgumentException(
                "identity=" + text + " (expected none, p-asserted-identity, p-preferred-identity or from)");
    }

    private static String lower(CallerIdentity identity) {
        return identity.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns the trunks by name. */
    Map<String, Trunk> byName() {
        Map<String, Trunk> byName = new LinkedHashMap<>();
        configured.forEach((name, one) -> byName.put(name, one.trunk()));
        return byName;
    }

    /** Returns the names on the command line, also those of trunks with errors. */
    List<String> names() {
        return trunks.stream().map(text -> text.split("=", 2)[0]).toList();
    }

    /** Returns the URIs from whose hosts the providers' calls come. */
    List<SipUri> peers() {
        return peers;
    }

    /** Uses the trunks of a running proxy, which has the same options, instead of {@link #read reading} them. */
    void reuse(TrunkOptions running) {
        configured.putAll(running.configured);
        peers.addAll(running.peers);
        isReused = true;
    }

    void addTo(SipProxyBuilder builder, ServerComponents components) {
        if (isReused) {
            return; // a trunk belongs to one proxy
        }
        for (Configured one : configured.values()) {
            builder.component(one.trunk());
            components.add(one.trunk());
        }
    }

    /** Returns a line for each trunk. */
    List<String> lines(GatewayOptions gateways) {
        return configured.entrySet().stream()
                .map(one ->
                        "trunk " + one.getKey() + ": " + one.getValue().text() + "; " + gateways.routesTo(one.getKey()))
                .toList();
    }
}
