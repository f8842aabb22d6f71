package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collected explanations. */
final class Remarks {

    private static final int MOST = 20_000;

    private final Set<Remark> all = new LinkedHashSet<>();
    private final Set<Place> places = new HashSet<>();

    void add(Remark.Kind kind, Place place, String text) {
        if (all.size() >= MOST) {
            throw new ImportException(place, "more than " + MOST + " lines need an explanation");
        }
        all.add(new Remark(kind, place, text));
        places.add(place);
    }

    /** Returns true if a remark has this place. */
    boolean name(Place place) {
        return places.contains(place);
    }

    /** Returns the remarks of a kind, by line. */
    List<Remark> of(Remark.Kind kind) {
        List<Remark> some = new ArrayList<>();
        all.forEach(remark -> {
            if (remark.kind() == kind) {
                some.add(remark);
            }
        });
        some.sort(Comparator.comparingInt(remark -> remark.place().line()));
        return some;
    }
}
