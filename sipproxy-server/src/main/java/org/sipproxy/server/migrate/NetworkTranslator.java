package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Listening points, domains and other names. */
final class NetworkTranslator {

    private static final Set<String> TRANSPORTS = Set.of("udp", "tcp", "tls", "ws", "wss", "sctp");
    private static final int SIP = 5060;
    private static final int SIPS = 5061;

    private final Import all;
    /** Hosts of the listening points and of what they advertise. */
    private final Set<String> hosts = new LinkedHashSet<>();

    NetworkTranslator(Import all) {
        this.all = all;
    }

    void translate() {
        for (Script.Parameter parameter : all.script.parameters) {
            if (parameter.name().equals("listen")) {
                listen(parameter);
            }
        }
        if (!all.settings.has("listen")) {
            listenEverywhere();
        }
        names();
    }

    // ---- listen

    /** Splits a value into listening points: one begins at each transport or address. */
    private void listen(Script.Parameter parameter) {
        if (parameter.value().get(0).isMark("{")) {
            all.decide(parameter.place(), "listen with braces is not read; write it as listen=udp:ADDRESS:PORT");
            return;
        }
        List<Token> words = parameter.value();
        int at = 0;
        while (at < words.size()) {
            int start = at;
            at = endOfAddress(words, at);
            String address = join(words.subList(start, at));
            String advertised = "";
            while (at < words.size()
                    && Set.of("advertise", "name").contains(words.get(at).text())) {
                boolean advertises = words.get(at).text().equals("advertise");
                int from = ++at;
                at = endOfAddress(words, at);
                advertised = advertises ? join(words.subList(from, at)) : advertised;
            }
            addListen(address, advertised, parameter.place());
        }
    }

    /** Returns the index behind {@code udp:192.0.2.1:5060}: words that colons connect, and brackets of IPv6. */
    private static int endOfAddress(List<Token> words, int start) {
        int at = start;
        boolean isBracketed = false;
        while (at < words.size()) {
            Token word = words.get(at);
            isBracketed = word.isMark("[") || isBracketed && !word.isMark("]");
            at++;
            boolean continues = isBracketed
                    || at < words.size() && words.get(at).isMark(":")
                    || word.isMark(":")
                    || word.isMark("[");
            if (!continues) {
                return at;
            }
        }
        return at;
    }

    private static String join(List<Token> words) {
        StringBuilder text = new StringBuilder();
        words.forEach(word -> text.append(word.text()));
        return text.toString();
    }

    private void addListen(String address, String advertised, Place place) {
        int colon = address.indexOf(':');
        String transport = colon < 0 ? "" : address.substring(0, colon);
        boolean isNamed = TRANSPORTS.contains(transport);
        String rest = isNamed ? address.substring(colon + 1) : address;
        Optional<HostPort> point = HostPort.parse(rest);
        if (point.isEmpty()) {
            all.decide(place, "listen: \"" + address + "\" is not TRANSPORT:ADDRESS:PORT; correct it");
            return;
        }
        if (transport.equals("sctp")) {
            all.lacks(place, "listen " + address + ": SCTP is not used; phones use udp, tcp or tls");
            return;
        }
        HostPort given = point.get();
        if (given.host().matches("[a-z][a-z0-9]*[0-9]") || given.host().equals("lo")) {
            all.decide(
                    place,
                    "listen: " + given.host() + " is an interface; write its address, which ip address show prints");
            return;
        }
        List<String> transports = isNamed ? List.of(transport) : plainTransports();
        for (String one : transports) {
            add(one, given, advertised, place);
        }
    }

    /** Returns the transports of an address without one. */
    private List<String> plainTransports() {
        return isOff("disable_tcp") ? List.of("udp", "tcp") : List.of("udp");
    }

    private boolean isOff(String name) {
        return all.script
                .parameter(name)
                .map(one -> Set.of("no", "off", "0").contains(one.text()))
                .orElse(true);
    }

    private void add(String transport, HostPort given, String advertised, Place place) {
        boolean isTls = transport.equals("tls") || transport.equals("wss");
        int port = given.port() > 0 ? given.port() : isTls ? port("tls_port_no", SIPS) : port("port", SIP);
        HostPort shown = publicAddress(advertised, place).orElse(new HostPort("", 0));
        hosts.add(given.host());
        String value = transport + ':' + given.bracketed() + ':' + port;
        if (!shown.host().isEmpty()) {
            hosts.add(shown.host());
            value += " advertise " + shown.bracketed() + ':' + (shown.port() > 0 ? shown.port() : port);
        }
        all.settings.add("listen", value, place, "listen");
    }

    private Optional<HostPort> publicAddress(String advertised, Place place) {
        if (!advertised.isEmpty()) {
            Optional<HostPort> parsed = HostPort.parse(advertised);
            if (parsed.isEmpty()) {
                all.decide(place, "advertise: \"" + advertised + "\" is not ADDRESS:PORT; correct it");
            }
            return parsed;
        }
        return all.script
                .parameter("advertised_address")
                .map(one -> new HostPort(one.text(), port("advertised_port", 0)));
    }

    private int port(String name, int otherwise) {
        return all.script
                .parameter(name)
                .flatMap(one -> all.number(one.text(), one.place(), name))
                .map(Long::intValue)
                .orElse(otherwise);
    }

    private void listenEverywhere() {
        String origin = "no listen: Kamailio binds to every address of the machine";
        String port = ":" + port("port", SIP);
        for (String transport : plainTransports()) {
            all.settings.add("listen", transport + ":0.0.0.0" + port, origin);
        }
        if (!isOff("enable_tls")) {
            all.settings.add("listen", "tls:0.0.0.0:" + port("tls_port_no", SIPS), origin);
        }
        all.differs(
                new Place("listen", 0),
                "not set: Via and Record-Route name the address of the route to each peer; name the address of this"
                        + " machine if it has several");
    }

    // ---- names

    private void names() {
        Map<String, Place> names = new LinkedHashMap<>();
        if (!all.domain.isEmpty()) {
            names.put(all.domain, new Place("--domain", 0));
        }
        all.kamctlrc.entry("SIP_DOMAIN").ifPresent(entry -> names.putIfAbsent(entry.value(), entry.place()));
        List<Script.Parameter> aliases = new ArrayList<>();
        for (String kind : List.of("domain", "alias")) {
            all.script.parameters.stream()
                    .filter(one -> one.name().equals(kind))
                    .forEach(aliases::add);
        }
        for (Script.Parameter alias : aliases) {
            for (String text : aliasTexts(alias)) {
                names.putIfAbsent(text, alias.place());
            }
        }
        all.kamctlrc.entry("SIP_DOMAIN").ifPresent(entry -> {
            boolean isLocal = hosts.contains(entry.value())
                    || aliases.stream()
                            .flatMap(one -> aliasTexts(one).stream())
                            .anyMatch(one -> host(one).equalsIgnoreCase(entry.value()));
            if (!isLocal && !all.script.parameters.isEmpty()) {
                all.decide(
                        entry.place(),
                        "SIP_DOMAIN " + entry.value() + " is not an alias or address of the configuration, so Kamailio"
                                + " does not treat its users as local; here it is the domain");
            }
        });
        Optional<String> domain = chooseDomain(names);
        names.forEach((name, place) -> addName(name, place, domain.orElse("")));
    }

    private static List<String> aliasTexts(Script.Parameter alias) {
        List<String> texts = new ArrayList<>();
        for (int at = 0; at < alias.value().size(); ) {
            int end = endOfAddress(alias.value(), at);
            texts.add(join(alias.value().subList(at, end)));
            at = end;
        }
        return texts;
    }

    private Optional<String> chooseDomain(Map<String, Place> names) {
        Optional<String> named = names.keySet().stream()
                .map(NetworkTranslator::host)
                .filter(host -> names.containsKey(host) && host.equals(all.domain))
                .findFirst()
                .or(() -> all.kamctlrc
                        .value("SIP_DOMAIN")
                        .filter(name -> HostPort.parse(name)
                                .filter(one -> one.port() == 0)
                                .isPresent()))
                .or(() -> names.keySet().stream()
                        .map(NetworkTranslator::host)
                        .filter(host -> !HostPort.isNumeric(host))
                        .findFirst());
        if (named.isPresent()) {
            Place place = names.entrySet().stream()
                    .filter(one -> host(one.getKey()).equals(named.get()))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElse(new Place("--domain", 0));
            all.settings.add("domain", named.get(), place, "the domain of the users, also the digest realm");
            return named;
        }
        Optional<String> address = hosts.stream()
                .filter(host -> !host.equals("0.0.0.0") && !host.equals("::"))
                .findFirst();
        if (address.isPresent()) {
            all.settings.add(
                    "domain", address.get(), "no name: users are " + "sip:USER@" + address.get() + ", as in Kamailio");
        } else {
            all.decide(
                    new Place("domain", 0),
                    "neither alias, nor SIP_DOMAIN of kamctlrc, nor an address: name the domain of the users with"
                            + " import --domain, or add a line domain NAME");
        }
        return address;
    }

    private static String host(String name) {
        return HostPort.parse(name).map(HostPort::host).orElse(name);
    }

    private void addName(String name, Place place, String domain) {
        Optional<HostPort> parsed = HostPort.parse(name);
        if (parsed.isEmpty()) {
            all.decide(place, "alias: \"" + name + "\" is not HOST[:PORT]; correct it");
            return;
        }
        HostPort alias = parsed.get();
        if (alias.host().equalsIgnoreCase(domain)) {
            if (alias.port() > 0) {
                all.differs(place, "alias " + name + ": a domain is served on every port, not only on " + alias.port());
            }
        } else if (hosts.contains(alias.host())) {
            all.covered(place, "alias " + name + ": a listening address is this proxy without an alias");
        } else {
            boolean isMultiple = all.number("usrloc.use_domain").orElse(0L) != 0;
            all.settings.add(
                    isMultiple && alias.port() == 0 && !HostPort.isNumeric(alias.host()) ? "domain" : "alias",
                    alias.bracketed() + (alias.port() > 0 ? ":" + alias.port() : ""),
                    place,
                    "another name");
        }
    }
}
