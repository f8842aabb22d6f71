package org.sipproxy.server.migrate;

import java.util.List;

/** A configuration that cannot be read, with a line for each problem: file, line and reason. */
public final class ImportException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    ImportException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    ImportException(Place place, String problem) {
        this(List.of(place + ": " + problem));
    }

    /** Returns the problems, at least one. */
    public List<String> problems() {
        return problems;
    }
}
