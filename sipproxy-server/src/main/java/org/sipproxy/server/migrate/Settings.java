package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Options of this server, in the order in which they are printed. */
final class Settings {

    private static final int MOST = 5_000;

    private final List<Setting> all = new ArrayList<>();

    /** Adds an option that may be repeated. A line that is there already is not added again. */
    void add(String name, String value, String origin) {
        if (value.chars().anyMatch(Character::isISOControl)) {
            throw new ImportException(List.of(origin + ": the value has control characters"));
        }
        if (all.stream().noneMatch(one -> one.name().equals(name) && one.value().equals(value))) {
            if (all.size() >= MOST) {
                throw new ImportException(List.of(origin + ": more than " + MOST + " settings; use the database"));
            }
            all.add(new Setting(name, value, origin));
        }
    }

    void add(String name, String value, Place place, String what) {
        add(name, value, place + ": " + what);
    }

    List<Setting> all() {
        return List.copyOf(all);
    }

    List<Setting> of(String name) {
        return all.stream().filter(one -> one.name().equals(name)).toList();
    }

    boolean has(String name) {
        return !of(name).isEmpty();
    }

    Optional<String> value(String name) {
        return of(name).stream().map(Setting::value).findFirst();
    }
}
