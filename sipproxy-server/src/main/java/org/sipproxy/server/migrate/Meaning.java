package org.sipproxy.server.migrate;

import java.util.Optional;

/** What a known statement of a route block does, and what this server does instead. */
record Meaning(Optional<Feature> feature, Remark.Kind kind, String text) {

    static Meaning of(String feature, String kind, String text) {
        return new Meaning(
                feature.equals("none") ? Optional.empty() : Optional.of(Feature.valueOf(feature)), kindOf(kind), text);
    }

    static Remark.Kind kindOf(String text) {
        return switch (text) {
            case "covered" -> Remark.Kind.COVERED;
            case "different" -> Remark.Kind.DIFFERENCE;
            case "code" -> Remark.Kind.CODE;
            case "lacking" -> Remark.Kind.LACKING;
            default -> throw new IllegalStateException("\"" + text + "\" is not a kind");
        };
    }
}
