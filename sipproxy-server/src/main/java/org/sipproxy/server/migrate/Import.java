package org.sipproxy.server.migrate;

import java.util.Map;
import java.util.Optional;

/** State of one import, shared by the translators. */
final class Import {

    final Script script;
    final Kamctlrc kamctlrc;
    final SourceFiles files;
    final Map<Feature, Statement> features;
    final Remarks remarks;
    final Settings settings = new Settings();
    /** Domain that the operator named; empty to find it in the files. */
    final String domain;

    Import(
            Script script,
            Kamctlrc kamctlrc,
            SourceFiles files,
            Map<Feature, Statement> features,
            Remarks remarks,
            String domain) {
        this.script = script;
        this.kamctlrc = kamctlrc;
        this.files = files;
        this.features = features;
        this.remarks = remarks;
        this.domain = domain;
    }

    boolean has(Feature feature) {
        return features.containsKey(feature);
    }

    /** Returns true if users need a password, or may need one by a statement that is not known. */
    boolean asksForPasswords() {
        return has(Feature.AUTHENTICATION)
                || has(Feature.REGISTER_AUTHENTICATION)
                || has(Feature.UNKNOWN_AUTHENTICATION);
    }

    /** Returns the statement that asks for passwords, the known ones first. */
    Place placeOfAuthentication() {
        return placeOf(
                has(Feature.AUTHENTICATION)
                        ? Feature.AUTHENTICATION
                        : has(Feature.REGISTER_AUTHENTICATION)
                                ? Feature.REGISTER_AUTHENTICATION
                                : Feature.UNKNOWN_AUTHENTICATION);
    }

    /** Returns the place of a feature's statement. */
    Place placeOf(Feature feature) {
        Statement statement = features.get(feature);
        return statement == null ? new Place("the configuration", 0) : statement.place();
    }

    Optional<Script.ModuleParameter> parameter(String key) {
        return script.moduleParameter(key);
    }

    /** Returns an integer parameter; empty if it is missing, or not an integer, which is remarked. */
    Optional<Long> number(String key) {
        return parameter(key).flatMap(one -> number(one.value(), one.place(), one.key()));
    }

    Optional<Long> number(String text, Place place, String name) {
        if (text.matches("-?[0-9]{1,12}")) {
            return Optional.of(Long.parseLong(text));
        }
        if (text.equals("yes") || text.equals("on")) {
            return Optional.of(1L);
        }
        if (text.equals("no") || text.equals("off")) {
            return Optional.of(0L);
        }
        decide(place, name + ": \"" + text + "\" is not a number, or a name that is not defined; define it with -A");
        return Optional.empty();
    }

    /** Returns true if a setting or an explanation names the line. */
    boolean explains(Place place) {
        return remarks.name(place)
                || settings.all().stream().anyMatch(one -> one.origin().startsWith(place + ":"));
    }

    void decide(Place place, String text) {
        remarks.add(Remark.Kind.DECISION, place, text);
    }

    void differs(Place place, String text) {
        remarks.add(Remark.Kind.DIFFERENCE, place, text);
    }

    void lacks(Place place, String text) {
        remarks.add(Remark.Kind.LACKING, place, text);
    }

    void covered(Place place, String text) {
        remarks.add(Remark.Kind.COVERED, place, text);
    }
}
