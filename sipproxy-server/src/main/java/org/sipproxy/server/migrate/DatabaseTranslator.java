package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Database, storage of registrations, accounting, and the tables that are used. */
final class DatabaseTranslator {

    private static final Pattern URL = Pattern.compile(
            "([a-z0-9_]+)://(?:([^:@/]+)(?::([^@]*))?@)?(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9_.-]*)(?::([0-9]{1,5}))?/([A-Za-z0-9_.-]+)");
    private static final String VARIABLE = "SIPPROXY_DATABASE_PASSWORD";
    private static final List<String> MODES =
            List.of("memory", "write-through", "write-back", "database-only", "load-at-start");
    private static final Set<String> USERS =
            Set.of("usrloc", "auth_db", "acc", "permissions", "alias_db", "domain", "dispatcher", "uac", "dialog");

    private final Import all;

    DatabaseTranslator(Import all) {
        this.all = all;
    }

    void translate() {
        boolean isUsed = url();
        storage(isUsed);
        if (!isUsed) {
            return;
        }
        accounting();
        tables();
    }

    // ---- connection

    private boolean url() {
        Map<String, Script.ModuleParameter> urls = new LinkedHashMap<>();
        for (Script.ModuleParameter one : all.script.moduleParameters) {
            if (one.name().equals("db_url") && USERS.contains(one.module()) && isNeeded(one.module())) {
                urls.putIfAbsent(one.value(), one);
            }
        }
        if (urls.isEmpty()) {
            return isNeededWithoutUrl() && ofKamctlrc();
        }
        Script.ModuleParameter first = urls.values().iterator().next();
        urls.values().stream()
                .skip(1)
                .forEach(other -> all.decide(
                        other.place(),
                        other.module() + " has another database than " + first.module()
                                + "; the server has one database"));
        Matcher url = URL.matcher(first.value());
        if (!url.matches()) {
            all.decide(
                    first.place(),
                    first.key()
                            + ": not a URL such as postgres://USER:PASSWORD@HOST/DATABASE; if it is a name, define it"
                            + " with -A");
            return false;
        }
        boolean isPostgres = url.group(1).startsWith("postgres");
        if (!isPostgres && ofKamctlrc()) {
            all.decide(
                    first.place(),
                    first.key() + " names another database than kamctlrc, whose PostgreSQL is used; its password is not"
                            + " copied: set the variable " + VARIABLE);
            return true;
        }
        if (!isPostgres) {
            all.decide(
                    first.place(),
                    url.group(1)
                            + " is not supported: create the tables in a PostgreSQL database with db create, copy the"
                            + " rows (subscriber first), and correct the line database-url");
        }
        String port = url.group(5) == null || !isPostgres ? "" : ":" + url.group(5);
        add(
                url.group(4).isEmpty() ? "localhost" : url.group(4),
                port,
                url.group(6),
                Optional.ofNullable(url.group(2)),
                first.place());
        if (isPostgres) {
            compareWithTools(url);
        }
        if (url.group(3) != null) {
            all.decide(
                    first.place(),
                    "the password is not copied: set the variable " + VARIABLE
                            + ", or write it to a file and add a line database-password-file FILE");
        }
        return true;
    }

    /** Explains that kamctl would add users to another database than the one that is read. */
    private void compareWithTools(Matcher url) {
        compare("DBNAME", url.group(6));
        compare("DBHOST", url.group(4).isEmpty() ? "localhost" : url.group(4));
        all.kamctlrc
                .entry("DBRWPW")
                .filter(entry -> url.group(3) != null && !entry.value().equals(url.group(3)))
                .ifPresent(entry -> all.decide(
                        entry.place(),
                        "DBRWPW is not the password of the configuration's db_url; correct one of them"));
    }

    private void compare(String variable, String ofUrl) {
        all.kamctlrc
                .entry(variable)
                .filter(entry -> !entry.value().equalsIgnoreCase(ofUrl))
                .ifPresent(entry -> all.decide(
                        entry.place(),
                        variable + " " + entry.value() + " is not " + ofUrl
                                + " of the configuration's db_url, so kamctl adds users to another database"));
    }

    /** Returns true if the module of a URL does something in this configuration. */
    private boolean isNeeded(String module) {
        return switch (module) {
            case "usrloc" -> mode() != 0;
            case "auth_db" -> all.asksForPasswords();
            case "alias_db" -> all.has(Feature.ALIASES);
            default -> true;
        };
    }

    /** Returns true if users or registrations are in a database that no module names. */
    private boolean isNeededWithoutUrl() {
        boolean needed = all.asksForPasswords() || mode() != 0;
        if (needed) {
            all.kamctlrc
                    .entry("DBENGINE")
                    .filter(DatabaseTranslator::isPostgres)
                    .ifPresent(entry -> all.decide(
                            entry.place(),
                            "no db_url in the configuration, so the PostgreSQL of kamctlrc is used; its password is not"
                                    + " copied: set the variable " + VARIABLE));
        }
        return needed;
    }

    private static boolean isPostgres(Kamctlrc.Entry engine) {
        return engine.value().startsWith("PG");
    }

    /** Adds the database of kamctlrc. Returns false if it is not PostgreSQL. */
    private boolean ofKamctlrc() {
        Kamctlrc.Entry engine = all.kamctlrc
                .entry("DBENGINE")
                .filter(DatabaseTranslator::isPostgres)
                .orElse(null);
        if (engine == null) {
            return false;
        }
        add(
                all.kamctlrc.value("DBHOST").orElse("localhost"),
                all.kamctlrc.value("DBPORT").map(one -> ":" + one).orElse(""),
                all.kamctlrc.value("DBNAME").orElse("kamailio"),
                all.kamctlrc.value("DBRWUSER").or(() -> Optional.of("kamailio")),
                engine.place());
        return true;
    }

    private void add(String host, String port, String name, Optional<String> user, Place place) {
        all.settings.add("database-url", "jdbc:postgresql://" + host + port + '/' + name, place, "database");
        user.ifPresent(role -> all.settings.add("database-user", role, place, "database"));
    }

    // ---- registrations

    private long mode() {
        return all.number("usrloc.db_mode").orElse(0L);
    }

    private void storage(boolean hasDatabase) {
        Optional<Script.ModuleParameter> parameter = all.parameter("usrloc.db_mode");
        long mode = mode();
        if (parameter.isEmpty() || mode < 0 || mode >= MODES.size()) {
            parameter.ifPresent(
                    one -> all.decide(one.place(), "usrloc.db_mode: " + one.value() + " (expected 0 to 4)"));
            return;
        }
        Place place = parameter.get().place();
        if (mode > 0 && !hasDatabase) {
            all.decide(place, "usrloc.db_mode " + mode + " needs usrloc.db_url; without a database, storage is memory");
            return;
        }
        all.settings.add("storage", MODES.get((int) mode), place, "usrloc.db_mode " + mode);
        if (mode == 2) {
            all.number("usrloc.timer_interval")
                    .ifPresent(seconds -> all.parameter("usrloc.timer_interval")
                            .ifPresent(one -> flushInterval(seconds, one.place())));
        }
    }

    private void flushInterval(long seconds, Place place) {
        if (seconds < 1 || seconds > 300) {
            all.decide(place, "usrloc.timer_interval " + seconds + ": flush-interval is 100ms to 5m, default 60s");
        } else {
            all.settings.add("flush-interval", seconds + "s", place, "usrloc.timer_interval");
        }
    }

    // ---- rows

    private void accounting() {
        Optional<Script.ModuleParameter> flag = all.parameter("acc.db_flag");
        if (flag.isPresent()) {
            all.settings.add("accounting", "", flag.get().place(), "acc.db_flag");
            all.differs(
                    flag.get().place(),
                    "accounting writes the caller, the callee and the source of every INVITE and BYE into the columns"
                            + " src_user, src_domain, src_ip, dst_ouser, dst_user and dst_domain, without flags; columns of"
                            + " acc.db_extra with other names stay empty");
        }
    }

    private void tables() {
        List<String> used = new ArrayList<>();
        if (all.has(Feature.TRUSTED_ADDRESSES) || all.has(Feature.ALLOWED_ADDRESSES)) {
            used.add("access");
            addressGroup();
        }
        if (all.has(Feature.ALIASES)) {
            used.add("dbaliases");
        }
        if (all.parameter("dispatcher.db_url").isPresent()) {
            used.add("dispatcher");
        }
        if (all.parameter("domain.register_myself").isPresent()) {
            used.add("domain");
        }
        if (all.parameter("uac.reg_db_url").isPresent()) {
            used.add("uacreg");
        }
        all.settings.add(
                "tables",
                used.isEmpty() ? "none" : String.join(",", used),
                "the tables that the configuration uses beside subscriber and location");
    }

    private void addressGroup() {
        Feature feature = all.has(Feature.ALLOWED_ADDRESSES) ? Feature.ALLOWED_ADDRESSES : Feature.TRUSTED_ADDRESSES;
        Statement statement = all.features.get(feature);
        String group = "1";
        List<Token> words = statement == null ? List.of() : statement.tokens();
        for (int i = 0; i + 2 < words.size(); i++) {
            if (words.get(i).isWord("allow_source_address")
                    && words.get(i + 2).text().matches("[0-9]{1,9}")) {
                group = words.get(i + 2).text();
            }
        }
        boolean allows = feature == Feature.ALLOWED_ADDRESSES;
        all.settings.add(
                "address-group", group + (allows ? "=allow" : "=trust"), all.placeOf(feature), "allow_source_address");
        all.differs(
                all.placeOf(feature),
                "access also uses the rows of table trusted; sources in no group "
                        + (allows ? "are dropped without a response" : "need a password"));
    }
}
