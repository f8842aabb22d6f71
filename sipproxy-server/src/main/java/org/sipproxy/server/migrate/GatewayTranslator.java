package org.sipproxy.server.migrate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Gateways of the stock configuration and of dispatcher, and the addresses of permissions. */
final class GatewayTranslator {

    private static final int MOST_ROWS = 10_000;
    private static final Set<String> ATTRIBUTES = Set.of("weight", "maxload", "duid", "socket", "ping_from", "obproxy");

    private final Import all;

    GatewayTranslator(Import all) {
        this.all = all;
    }

    void translate() {
        pstn();
        voicemail();
        all.parameter("dispatcher.list_file").ifPresent(this::dispatcherList);
        dispatcherOptions();
        all.parameter("permissions.address_file").ifPresent(this::addressFile);
        for (String key : List.of("permissions.default_allow_file", "permissions.default_deny_file")) {
            all.parameter(key)
                    .ifPresent(one -> all.remarks.add(
                            Remark.Kind.CODE,
                            one.place(),
                            key + ": expressions on From and Request-URI are a stage in beforeAuthentication"));
        }
    }

    // ---- stock configuration

    private Optional<Script.Parameter> given(String name) {
        return all.script.parameter(name).filter(one -> !firstWord(one).isEmpty());
    }

    /** Returns the value without {@code desc} and the description behind it. */
    private static String firstWord(Script.Parameter parameter) {
        return parameter.value().get(0).text();
    }

    private void pstn() {
        if (!all.has(Feature.GATEWAY)) {
            return;
        }
        Optional<Script.Parameter> address = given("pstn.gw_ip");
        if (address.isEmpty()) {
            all.decide(
                    all.placeOf(Feature.GATEWAY),
                    "pstn.gw_ip is empty, so Kamailio sends nothing to a gateway: add gateway pstn=sip:ADDRESS with"
                            + " gateway-probe 0 and gateway-trust off, and prefix-route +=pstn and"
                            + " 00=pstn;strip=2;prepend=+");
            return;
        }
        Place place = address.get().place();
        String port = given("pstn.gw_port").map(one -> ":" + firstWord(one)).orElse("");
        all.settings.add("gateway", "pstn=sip:" + firstWord(address.get()) + port, place, "pstn.gw_ip");
        all.settings.add("gateway-probe", "0", place, "Kamailio does not probe it; 10s finds out that it is down");
        all.settings.add(
                "gateway-trust", "off", place, "calls from it are like those of any stranger; address lets it relay");
        if (all.settings.has("no-auth")) {
            all.decide(
                    place,
                    "without passwords no caller is known, so none may call the gateway: authenticate users, or trust the"
                            + " network of the callers, and add prefix-route +=pstn and 00=pstn;strip=2;prepend=+");
            return;
        }
        all.settings.add("prefix-route", "+=pstn", place, "numbers with +");
        all.settings.add("prefix-route", "00=pstn;strip=2;prepend=+", place, "numbers with 00");
    }

    private void voicemail() {
        if (all.has(Feature.VOICEMAIL) && given("voicemail.srv_ip").isEmpty()) {
            all.covered(
                    all.placeOf(Feature.VOICEMAIL), "voicemail.srv_ip is empty, so Kamailio has no voicemail either");
        }
    }

    /** Returns the URI of the voicemail server without a user; empty if there is none. */
    static Optional<String> voicemailServer(Import all) {
        Optional<Script.Parameter> address = all.script
                .parameter("voicemail.srv_ip")
                .filter(one -> !firstWord(one).isEmpty());
        return address.filter(one -> all.has(Feature.VOICEMAIL))
                .map(one -> firstWord(one)
                        + all.script
                                .parameter("voicemail.srv_port")
                                .map(port -> ":" + firstWord(port))
                                .orElse(""));
    }

    // ---- dispatcher

    private void dispatcherList(Script.ModuleParameter parameter) {
        Set<String> sets = new HashSet<>();
        for (Row row : rows(parameter, "dispatcher.list_file")) {
            List<String> words = row.words();
            if (words.size() < 2
                    || !words.get(0).matches("[0-9]{1,9}")
                    || !words.get(1).matches("sips?:\\S+")) {
                throw new ImportException(row.place(), "not SET URI [FLAGS [PRIORITY [ATTRIBUTES]]]");
            }
            String set = words.get(0);
            sets.add(set);
            StringBuilder value = new StringBuilder(set).append('=').append(words.get(1));
            if (words.size() > 3 && !words.get(3).equals("0")) {
                value.append(";priority=").append(words.get(3));
            }
            if (words.size() > 4) {
                value.append(attributes(words.get(4), row.place()));
            }
            if (words.size() > 2 && !Set.of("0", "8").contains(words.get(2))) {
                all.decide(
                        row.place(),
                        "flags " + words.get(2) + " of " + words.get(1)
                                + ": a disabled or inactive gateway is a line to remove; all gateways are probed alike");
            }
            all.settings.add("gateway", value.toString(), row.place(), "dispatcher");
        }
        if (!sets.isEmpty()) {
            all.settings.add(
                    "gateway-trust", "off", parameter.place(), "Kamailio trusts them only where a block says so");
            all.decide(
                    parameter.place(),
                    "which requests go to the sets is in the route blocks: add fallback-route SET or prefix-route"
                            + " PREFIX=SET, or use Dispatcher in a stage");
            sets.forEach(this::algorithm);
        }
    }

    private String attributes(String text, Place place) {
        StringBuilder kept = new StringBuilder();
        for (String one : text.replace("\"", "").split(";", -1)) {
            String name = one.split("=", 2)[0].strip();
            if (ATTRIBUTES.contains(name)) {
                kept.append(';').append(one.strip());
            } else if (name.equals("rweight") && one.indexOf('=') > 0) {
                kept.append(";weight=")
                        .append(one.substring(one.indexOf('=') + 1).strip());
            } else if (!name.isEmpty()) {
                all.lacks(place, "attribute " + name + " of a gateway is not used");
            }
        }
        return kept.toString();
    }

    /** Adds the algorithm that a route block selects a set with. */
    private void algorithm(String set) {
        for (Script.Block block : all.script.blocks) {
            for (Statement statement : block.statements()) {
                List<Token> words = statement.tokens();
                for (int i = 0; i + 4 < words.size(); i++) {
                    boolean selects = words.get(i).text().startsWith("ds_select_d")
                            && words.get(i + 2).text().equals(set)
                            && words.get(i + 4).text().matches("[0-9]{1,2}");
                    if (selects && !all.settings.has("gateway-algorithm")) {
                        selected(set, words.get(i + 4));
                    }
                }
            }
        }
    }

    private void selected(String set, Token number) {
        if (Set.of("0", "1", "2", "4", "5", "8", "9", "10", "11").contains(number.text())) {
            all.settings.add("gateway-algorithm", set + '=' + number.text(), number.place(), "algorithm of the set");
        } else {
            all.decide(number.place(), "algorithm " + number.text() + " is not available: see gateway-algorithm");
        }
    }

    private void dispatcherOptions() {
        boolean isUsed = all.settings.has("gateway")
                || all.parameter("dispatcher.db_url").isPresent();
        if (!isUsed || !all.script.loads("dispatcher")) {
            return;
        }
        long seconds = all.number("dispatcher.ds_ping_interval").orElse(0L);
        Place place = all.parameter("dispatcher.ds_ping_interval")
                .map(Script.ModuleParameter::place)
                .orElse(new Place("dispatcher.ds_ping_interval", 0));
        if (seconds < 0 || seconds > 3_600) {
            all.decide(place, "dispatcher.ds_ping_interval " + seconds + ": gateway-probe is 1s to 1h, or 0");
        } else {
            all.settings.add("gateway-probe", seconds == 0 ? "0" : seconds + "s", place, "ds_ping_interval");
        }
        all.parameter("dispatcher.ds_ping_reply_codes").ifPresent(one -> {
            List<String> codes = new ArrayList<>();
            for (String code : one.value().replace(';', ',').split(",", -1)) {
                String status = code.strip().startsWith("code=") ? code.strip().substring(5) : code.strip();
                if (status.matches("[3-6][0-9]{2}")) {
                    codes.add(status);
                } else if (!status.isEmpty() && !status.startsWith("2") && !status.equals("class=2")) {
                    all.decide(one.place(), "ds_ping_reply_codes " + code + ": gateway-accept has single status codes");
                }
            }
            if (!codes.isEmpty()) {
                all.settings.add("gateway-accept", String.join(",", codes), one.place(), "ds_ping_reply_codes");
            }
        });
    }

    // ---- permissions

    private void addressFile(Script.ModuleParameter parameter) {
        boolean trusts = all.has(Feature.TRUSTED_ADDRESSES);
        if (!trusts && !all.has(Feature.ALLOWED_ADDRESSES)) {
            all.covered(parameter.place(), "no route block asks for the addresses of " + parameter.value());
            return;
        }
        Map<String, Integer> others = new LinkedHashMap<>();
        for (Row row : rows(parameter, "permissions.address_file")) {
            List<String> words = row.words();
            if (words.size() < 2 || !words.get(0).matches("[0-9]{1,9}")) {
                throw new ImportException(row.place(), "not GROUP ADDRESS [MASK [PORT [TAG]]]");
            }
            if (!words.get(0).equals("1")) {
                others.merge(words.get(0), 1, Integer::sum);
                continue;
            }
            if (!HostPort.isNumeric(words.get(1).split("/", 2)[0])) {
                all.decide(row.place(), words.get(1) + ": names are not resolved; write the network");
                continue;
            }
            boolean hasMask = words.size() > 2
                    && !words.get(2).equals("0")
                    && words.get(1).indexOf('/') < 0;
            String network = words.get(1) + (hasMask ? "/" + words.get(2) : "");
            all.settings.add(trusts ? "trust" : "allow", network, row.place(), "address file, group 1");
            if (words.size() > 3 && !words.get(3).equals("0")) {
                all.differs(
                        row.place(), "port " + words.get(3) + " of " + network + ": every port of the network counts");
            }
        }
        others.forEach((group, count) -> all.decide(
                parameter.place(),
                "group " + group + " has " + count + " addresses, which the recognized route blocks do not ask for"));
    }

    // ---- files of rows

    private record Row(List<String> words, Place place) {}

    private List<Row> rows(Script.ModuleParameter parameter, String what) {
        Optional<Path> path = all.files.find(parameter.value());
        if (path.isEmpty()) {
            all.decide(
                    parameter.place(),
                    what + ": " + parameter.value() + " does not exist; copy it to the directory of the configuration");
            return List.of();
        }
        List<Row> rows = new ArrayList<>();
        int number = 0;
        for (String line : all.files.read(path.get(), parameter.place()).lines().toList()) {
            Place place = new Place(parameter.value(), ++number);
            int comment = line.indexOf('#');
            String content = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (!content.isEmpty()) {
                rows.add(new Row(List.of(content.split("\\s+", 6)), place));
            }
            if (rows.size() > MOST_ROWS) {
                throw new ImportException(place, "more than " + MOST_ROWS + " rows; use the table of the database");
            }
        }
        return rows;
    }
}
