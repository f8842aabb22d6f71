package org.sipproxy.server.migrate;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Preprocessor directives of a script: conditions, defined values, replacements and included files. */
final class Directives {

    private static final int DEEPEST = 64;
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
    private static final Set<String> NOT_EVALUATED =
            Set.of("ifexp", "defexp", "defexps", "defenv", "defenvs", "trydefenv", "trydefenvs");
    /** First lines that name the dialect. */
    private static final Set<String> DIALECTS = Set.of("KAMAILIO", "OPENSER", "SER", "ALL", "MAXCOMPAT");

    /** File to include. */
    record Inclusion(String name, boolean isOptional) {}

    /** Open condition. */
    private static final class Condition {
        private final Place place;
        private final boolean outerSkips;
        private boolean holds;
        private boolean hasElse;

        private Condition(Place place, boolean outerSkips, boolean holds) {
            this.place = place;
            this.outerSkips = outerSkips;
            this.holds = holds;
        }
    }

    private final Defines defines;
    private final Remarks remarks;
    private final Deque<Condition> conditions = new ArrayDeque<>();

    Directives(Defines defines, Remarks remarks) {
        this.defines = defines;
        this.remarks = remarks;
    }

    /** Returns true if the lines here belong to a condition that does not hold. */
    boolean isSkipping() {
        Condition inner = conditions.peek();
        return inner != null && (inner.outerSkips || !inner.holds);
    }

    /** Checks that every condition is closed. */
    void finish() {
        Condition open = conditions.peek();
        if (open != null) {
            throw new ImportException(open.place, "the condition that begins here has no #!endif");
        }
    }

    /** Obeys a directive without its {@code #!}. Returns the file to include, if it names one. */
    Optional<Inclusion> obey(String text, Place place) {
        int blank = 0;
        while (blank < text.length() && text.charAt(blank) > ' ') {
            blank++;
        }
        String word = text.substring(0, blank);
        String rest = text.substring(blank).strip();
        switch (word) {
            case "ifdef", "ifndef" -> open(place, defines.test(name(rest, place)) == word.equals("ifdef"));
            case "else" -> invert(place);
            case "endif" -> {
                if (conditions.poll() == null) {
                    throw new ImportException(place, "#!endif without #!ifdef");
                }
            }
            default -> {
                if (!isSkipping()) {
                    return obeyActive(word, rest, place);
                }
                if (word.equals("ifexp")) {
                    open(place, false); // counts for its #!endif
                }
            }
        }
        return Optional.empty();
    }

    private void open(Place place, boolean holds) {
        if (conditions.size() >= DEEPEST) {
            throw new ImportException(place, "conditions are nested more than " + DEEPEST + " deep");
        }
        conditions.push(new Condition(place, isSkipping(), holds));
    }

    private void invert(Place place) {
        Condition inner = conditions.peek();
        if (inner == null || inner.hasElse) {
            throw new ImportException(place, "#!else without #!ifdef");
        }
        inner.holds = !inner.holds;
        inner.hasElse = true;
    }

    private Optional<Inclusion> obeyActive(String word, String rest, Place place) {
        switch (word) {
            case "define", "trydef", "trydefine", "redef", "redefine" -> define(word, rest, place);
            case "subst", "substdef", "substdefs" -> substitute(word, rest, place);
            case "include_file", "import_file" -> {
                if (rest.length() < 3 || rest.charAt(0) != rest.charAt(rest.length() - 1)) {
                    throw new ImportException(place, "#!" + word + " has no file name in quotation marks");
                }
                return Optional.of(new Inclusion(rest.substring(1, rest.length() - 1), word.startsWith("import")));
            }
            default -> {
                if (NOT_EVALUATED.contains(word)) {
                    throw new ImportException(
                            place,
                            "#!" + word + " is not evaluated here; write its result as #!define, or give it with -A");
                }
                if (!DIALECTS.contains(word.toUpperCase(Locale.ROOT)) && !word.startsWith("/")) {
                    remarks.add(
                            Remark.Kind.DECISION,
                            place,
                            "#!" + word + " is not a directive, so Kamailio ignores the line; correct the name");
                }
            }
        }
        return Optional.empty();
    }

    private static String name(String rest, Place place) {
        int end = 0;
        while (end < rest.length() && rest.charAt(end) > ' ') {
            end++;
        }
        String name = rest.substring(0, end);
        if (!NAME.matcher(name).matches()) {
            throw new ImportException(place, "\"" + name + "\" is not a name (expected letters, digits and _)");
        }
        return name;
    }

    private void define(String word, String rest, Place place) {
        String name = name(rest, place);
        String value = rest.substring(name.length()).strip();
        if (defines.isDefined(name)) {
            if (word.startsWith("try")) {
                return;
            }
            if (word.equals("define")) {
                throw new ImportException(
                        place, name + " is defined already, which Kamailio refuses; use #!redefine, or remove one");
            }
        }
        defines.define(name, value, place);
    }

    /** Obeys {@code "/from/to/flags"}, where the first character separates the parts. */
    private void substitute(String word, String rest, Place place) {
        String quoted = rest.length() > 1 && rest.startsWith("\"") && rest.endsWith("\"")
                ? rest.substring(1, rest.length() - 1)
                : "";
        int second = quoted.length() < 3 ? -1 : quoted.indexOf(quoted.charAt(0), 1);
        int third = second < 0 ? -1 : quoted.indexOf(quoted.charAt(0), second + 1);
        if (second < 2 || third < 0) {
            throw new ImportException(place, "#!" + word + " is not of the form \"/FROM/TO/\"");
        }
        String from = quoted.substring(1, second);
        String to = quoted.substring(second + 1, third);
        if (!from.matches("[A-Za-z0-9_ :@%<>=,;~-]+")) {
            throw new ImportException(
                    place,
                    "#!" + word + " has a regular expression, which is not evaluated here; write a plain text, or its"
                            + " result");
        }
        defines.replace(from, to);
        if (!word.equals("subst")) {
            defines.define(name(from, place), word.equals("substdefs") ? '"' + to + '"' : to, place);
        }
    }
}
