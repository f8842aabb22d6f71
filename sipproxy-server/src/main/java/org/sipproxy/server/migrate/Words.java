package org.sipproxy.server.migrate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Explains parameters and modules by the table of known ones; the translators treat those that need more. */
final class Words {

    private record Treatment(String kind, String text) {}

    private final Map<String, Treatment> known = new LinkedHashMap<>();

    Words() {
        for (String row : Resource.rows("words.txt")) {
            List<String> columns = Resource.columns(row + ' ');
            known.put(columns.get(0), new Treatment(columns.get(1), columns.get(2)));
        }
    }

    /** Returns the names of the table. */
    Set<String> names() {
        return known.keySet();
    }

    void explain(Import all) {
        for (Script.Parameter one : all.script.parameters) {
            if (one.name().indexOf('.') < 0 || known.containsKey(one.name())) {
                explain(all, one.name(), one.name(), one.text(), one.place());
            } else if (!Set.of("pstn", "voicemail").contains(one.name().split("\\.", 2)[0])) {
                all.remarks.add(
                        Remark.Kind.CODE,
                        one.place(),
                        one.name() + " = " + Secrets.masked(one.name(), one.text())
                                + ": a value of route blocks; a field of the program");
            }
        }
        for (Script.Module one : all.script.modules) {
            explain(all, "module:" + one.name(), "module " + one.name(), "", one.place());
        }
        for (Script.ModuleParameter one : all.script.moduleParameters) {
            explain(all, one.key(), one.key(), one.value(), one.place());
        }
    }

    private void explain(Import all, String key, String shown, String value, Place place) {
        Treatment treatment = known.get(key);
        if (treatment == null) {
            all.lacks(place, shown + ": not known to this import; see docs/from-kamailio.md for what comes nearest");
            return;
        }
        String[] words = treatment.kind().split(" ", -1);
        String given = value.isEmpty() ? shown : shown + ' ' + shortened(Secrets.masked(key, value));
        switch (words[0]) {
            case "special" -> {
                if (!all.explains(place)) {
                    all.covered(place, given + ": " + treatment.text());
                }
            }
            case "option" -> option(all, key, value, words, place, given + ": " + treatment.text());
            case "flag" -> {
                if (Set.of(words[2].split(",", -1)).contains(value)) {
                    all.settings.add(words[1], "", place, key);
                } else {
                    all.covered(place, given + ": " + treatment.text());
                }
            }
            case "same" -> {
                boolean isSame = Set.of(words[1].split(",", -1)).contains(value);
                all.remarks.add(
                        isSame ? Remark.Kind.COVERED : Remark.Kind.DIFFERENCE, place, given + ": " + treatment.text());
            }
            default -> all.remarks.add(Meaning.kindOf(words[0]), place, given + ": " + treatment.text());
        }
    }

    private static String shortened(String value) {
        String line = value.replace('\n', ' ');
        return line.length() > 60 ? line.substring(0, 60) + "…" : line;
    }

    private static void option(Import all, String key, String value, String[] words, Place place, String explanation) {
        all.number(value, place, key).ifPresent(number -> {
            if (number < Long.parseLong(words[3]) || number > Long.parseLong(words[4])) {
                all.differs(place, explanation);
            } else if (!all.settings.has(words[1])) {
                String unit = words[2].equals("n") ? "" : words[2];
                all.settings.add(words[1], number + unit, place, key);
            }
        });
    }
}
