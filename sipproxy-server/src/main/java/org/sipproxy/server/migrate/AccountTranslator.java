package org.sipproxy.server.migrate;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Authentication and the registrar's policy. */
final class AccountTranslator {

    private static final long LONGEST_LIFETIME = 7 * 86_400L;
    private static final long MOST_CONTACTS = 64;
    private static final long DEFAULT_LIFETIME = 3_600;
    private static final long SHORTEST_LIFETIME = 60;

    private final Import all;

    AccountTranslator(Import all) {
        this.all = all;
    }

    void translate() {
        authentication();
        expiry();
        contacts();
        path();
    }

    private void authentication() {
        if (!all.asksForPasswords()) {
            withoutPasswords();
            return;
        }
        if (!all.settings.has("database-url")) {
            all.decide(
                    all.placeOfAuthentication(),
                    "users need a password, but auth_db has no db_url that can be used: add database-url, or a line"
                            + " subscriber USER:PASSWORD for each user");
        }
        boolean onRegister = all.has(Feature.REGISTER_AUTHENTICATION);
        if (!onRegister && !all.has(Feature.AUTHENTICATION)) {
            all.decide(
                    all.placeOfAuthentication(),
                    "an unknown statement asks for passwords; here REGISTER and every other request of a user need the"
                            + " password. If none does, add no-auth");
        }
        if (onRegister && !all.has(Feature.AUTHENTICATION)) {
            all.differs(
                    all.placeOf(Feature.REGISTER_AUTHENTICATION),
                    "only REGISTER needs a password in Kamailio; here also every other request whose From is a user of the"
                            + " domain, so that a caller cannot use another user's name");
        }
        if (!all.has(Feature.FOREIGN_DOMAINS)) {
            all.differs(
                    new Place("other domains", 0),
                    "no known statement relays requests to other domains; here those of users with their password are"
                            + " relayed, and those of strangers get 403");
        }
        columns();
        digest();
    }

    private void withoutPasswords() {
        all.settings.add("no-auth", "", "no route block that can be reached asks for a password");
        all.script.modules.stream()
                .filter(one -> one.name().equals("auth"))
                .findFirst()
                .ifPresent(
                        one -> all.decide(
                                one.place(),
                                "module auth is loaded, but no route block that can be reached asks for a password, so anyone may"
                                        + " register in Kamailio too; to ask for passwords, remove no-auth and add database-url"));
    }

    private void columns() {
        Optional<Script.ModuleParameter> calculate = all.parameter("auth_db.calculate_ha1");
        boolean isPlain = all.number("auth_db.calculate_ha1").orElse(0L) != 0;
        Optional<Script.ModuleParameter> column = all.parameter("auth_db.password_column");
        String name = column.map(Script.ModuleParameter::value).orElse(isPlain ? "password" : "ha1");
        Place place =
                column.or(() -> calculate).map(Script.ModuleParameter::place).orElse(new Place("auth_db", 0));
        if (!all.settings.has("database-url")) {
            return;
        }
        if (!name.equals("password") && !name.equals("ha1")) {
            all.decide(place, "auth_db.password_column " + name + ": the column is password or ha1; rename it");
        } else if (isPlain != name.equals("password")) {
            all.decide(
                    place,
                    "auth_db.calculate_ha1 and password_column do not fit: column password holds passwords, ha1 holds"
                            + " hashes");
        } else {
            all.settings.add("password-column", name, place, "auth_db.password_column");
        }
        all.parameter("auth_db.load_credentials")
                .filter(one -> !one.value().isEmpty())
                .ifPresent(one -> all.remarks.add(
                        Remark.Kind.CODE,
                        one.place(),
                        "auth_db.load_credentials: a stage that reads the columns of the user"
                                + " (context.authenticatedUser())"));
    }

    private void digest() {
        all.parameter("auth.algorithm").filter(one -> !one.value().isEmpty()).ifPresent(one -> {
            if (Set.of("MD5", "SHA-256", "SHA-512-256").contains(one.value())) {
                all.settings.add("auth-algorithm", one.value(), one.place(), "auth.algorithm");
            } else {
                all.decide(one.place(), "auth.algorithm " + one.value() + ": MD5, SHA-256 or SHA-512-256");
            }
        });
        all.features.values().forEach(this::realm);
        boolean offersQop = all.features.values().stream().anyMatch(AccountTranslator::offersQop);
        if (!offersQop && !all.has(Feature.UNKNOWN_AUTHENTICATION)) {
            all.differs(
                    all.placeOfAuthentication(),
                    "the challenge has flags 0, so Kamailio offers no qop, and a captured response can be replayed; here"
                            + " qop is always offered. For phones without qop: digest-without-qop accept");
        }
        for (String key : Set.of("auth.auth_checks_register", "auth.auth_checks_no_dlg")) {
            all.number(key).ifPresent(bits -> {
                Place place = all.parameter(key).orElseThrow().place();
                if (bits == 9) {
                    all.covered(place, key + " 9: a nonce is bound to the Request-URI and the source address");
                } else {
                    all.differs(
                            place,
                            key + " " + bits + ": a nonce is bound to the Request-URI and the source address (9); other"
                                    + " bindings: nonce-binding");
                }
            });
        }
        all.parameter("auth.qop").ifPresent(one -> {
            if (one.value().contains("auth-int")) {
                all.settings.add("auth-int", "", one.place(), "auth.qop " + one.value());
            } else {
                all.covered(one.place(), "auth.qop " + one.value() + ": qop=auth is always offered");
            }
        });
    }

    /** Explains a realm that is written out and is not the domain. */
    private void realm(Statement statement) {
        List<Token> words = statement.tokens();
        for (int i = 0; i + 2 < words.size(); i++) {
            Token realm = words.get(i + 2);
            boolean isCheck = words.get(i).text().endsWith("_authorize")
                    || words.get(i).text().endsWith("auth_check");
            if (isCheck
                    && realm.isString()
                    && !realm.text().startsWith("$")
                    && !realm.text().equals(all.settings.value("domain").orElse(""))) {
                all.decide(
                        realm.place(),
                        "the realm is " + realm.text()
                                + "; here it is the domain, so hashes (ha1) of another realm do not"
                                + " fit: use plain passwords, or set the passwords again");
            }
        }
    }

    private static boolean offersQop(Statement statement) {
        for (int i = 0; i + 4 < statement.tokens().size(); i++) {
            String word = statement.tokens().get(i).text();
            String flags = statement.tokens().get(i + 4).text();
            if (word.endsWith("_challenge") && flags.matches("[0-9]{1,4}")) {
                return (Integer.parseInt(flags) & 3) != 0;
            }
        }
        return false;
    }

    private void expiry() {
        Optional<Long> most = seconds("registrar.max_expires", "max-expires", LONGEST_LIFETIME);
        if (most.isEmpty()) {
            all.differs(
                    new Place("registrar.max_expires", 0),
                    "not set: Kamailio grants any lifetime; here the longest is 1h (max-expires)");
        }
        fitDefault(most.orElse(DEFAULT_LIFETIME), most.isPresent());
        if (all.parameter("registrar.min_expires").isPresent()) {
            seconds("registrar.min_expires", "min-expires", 3_600);
        }
        boolean raises = all.number("registrar.min_expires_mode").orElse(0L) == 0;
        if (raises) {
            all.differs(
                    all.parameter("registrar.min_expires")
                            .map(Script.ModuleParameter::place)
                            .orElse(new Place("registrar.min_expires", 0)),
                    "Kamailio raises a shorter lifetime to min_expires (default 60 s); here it is refused with 423, as by"
                            + " min_expires_mode 1");
        }
    }

    /** Adds lifetimes that fit the longest one, because Kamailio shortens them silently. */
    private void fitDefault(long most, boolean isGiven) {
        Place place = new Place("registrar.default_expires", 0);
        long usual =
                all.number("registrar.default_expires").filter(one -> one > 0).orElse(DEFAULT_LIFETIME);
        if (usual > most && isGiven) {
            all.settings.add("default-expires", most + "s", place, "Kamailio shortens it to max_expires");
        } else if (usual > most) {
            all.settings.add("max-expires", usual + "s", place, "the longest lifetime, which Kamailio does not limit");
        }
        long least = all.number("registrar.min_expires").orElse(SHORTEST_LIFETIME);
        if (least > most && all.parameter("registrar.min_expires").isEmpty()) {
            all.settings.add(
                    "min-expires", most + "s", place, "max_expires is shorter than the default of min_expires");
        } else if (least > most) {
            all.decide(place, "registrar.min_expires " + least + " is longer than max_expires " + most);
        }
    }

    /** Adds an option for seconds. Returns the value; empty if the parameter is missing or 0. */
    private Optional<Long> seconds(String key, String option, long most) {
        Optional<Long> value = all.number(key).filter(seconds -> seconds > 0);
        value.ifPresent(seconds -> {
            Place place = all.parameter(key).orElseThrow().place();
            if (seconds > most) {
                all.decide(place, key + " " + seconds + ": at most " + most + " seconds (" + option + ")");
            } else {
                all.settings.add(option, seconds + "s", place, key);
            }
        });
        return value;
    }

    private void contacts() {
        Optional<Long> most = all.number("registrar.max_contacts").filter(count -> count > 0);
        if (most.isEmpty()) {
            all.differs(
                    new Place("registrar.max_contacts", 0),
                    "not set: Kamailio stores any number of contacts of a user; here at most 10 (max-contacts, up to"
                            + " 64), and a further one replaces an unreachable one (when-full)");
            return;
        }
        Place place = all.parameter("registrar.max_contacts").orElseThrow().place();
        if (most.get() > MOST_CONTACTS) {
            all.decide(place, "registrar.max_contacts " + most.get() + ": at most 64 (max-contacts)");
        }
        all.settings.add(
                "max-contacts", Long.toString(Math.min(MOST_CONTACTS, most.get())), place, "registrar.max_contacts");
        all.settings.add("when-full", "reject", place, "Kamailio refuses a further contact with 503");
    }

    private void path() {
        Optional<Script.ModuleParameter> use = all.parameter("registrar.use_path");
        if (all.number("registrar.use_path").orElse(0L) == 0) {
            use.ifPresent(
                    one -> all.settings.add("path-without-supported", "ignore", one.place(), "registrar.use_path 0"));
            return;
        }
        Place place =
                all.parameter("registrar.path_mode").or(() -> use).orElseThrow().place();
        String policy = switch ((int) (long) all.number("registrar.path_mode").orElse(2L)) {
            case 0 -> "store";
            case 1 -> "ignore";
            default -> "refuse";
        };
        all.settings.add("path-without-supported", policy, place, "registrar.path_mode");
    }
}
