package org.sipproxy.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;

/**
 * Collects the problems of all properties, so that they are reported at once when the proxy is built. A bean with a
 * problem is made with defaults meanwhile; it is never used.
 */
final class Problems {

    /** Components of the library whose options are properties. */
    private static final Set<String> KNOWN = Set.of(
            "",
            "digest",
            "lockout",
            "flood guard",
            "nat",
            "tls",
            "credentials",
            "location table",
            "accounting",
            "dispatcher",
            "calls table",
            "call table");

    private final List<ConfigurationProblem> found = new ArrayList<>();

    /** Adds a problem of a property. */
    synchronized void add(String property, String value, String reason, String remedy) {
        ConfigurationProblem problem = ConfigurationProblem.of(property, value, reason, remedy);
        if (found.stream().noneMatch(other -> other.text().equals(problem.text()))) {
            found.add(problem); // two components may read one property
        }
    }

    /** Runs a change whose problems name options of the library. */
    void collect(Runnable change) {
        collect(change, () -> {});
    }

    /** Runs a change whose problems name options of the library, and another one instead if there are any. */
    void collect(Runnable change, Runnable otherwise) {
        get(
                () -> {
                    change.run();
                    return Problems.this;
                },
                () -> {
                    otherwise.run();
                    return Problems.this;
                });
    }

    /** Returns a value, or another one if it has problems, which name options of the library. */
    <T> T get(Supplier<T> value, Supplier<T> otherwise) {
        try {
            return value.get();
        } catch (ConfigurationException e) {
            e.problems().forEach(this::add);
        } catch (IllegalArgumentException e) { // option: value (reason)
            String[] parts =
                    Objects.requireNonNullElse(e.getMessage(), e.toString()).split(": ", 2);
            if (parts.length == 2 && parts[0].matches("[a-zA-Z]+")) {
                add(OptionNames.property("", parts[0]), "", parts[1], "");
            } else {
                add("sipproxy", "", String.join(": ", parts), "");
            }
        }
        return otherwise.get();
    }

    /** Runs a change whose problems belong to a property, whatever they name. */
    void collectOf(String property, String value, Runnable change) {
        try {
            change.run();
        } catch (ConfigurationException e) {
            e.problems().forEach(problem -> {
                String shown = problem.value().isEmpty() ? quoted(value) : problem.value();
                String option = problem.option();
                // the value names the property; other options of a member or trunk are named
                boolean isPart = property.contains(".gateway.") || property.contains(".trunk.");
                add(
                        property,
                        shown,
                        (isPart && !option.isEmpty() ? option + ": " : "") + problem.reason(),
                        problem.remedy());
            });
        } catch (IllegalArgumentException e) {
            add(property, quoted(value), Objects.requireNonNullElse(e.getMessage(), e.toString()), "");
        }
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    /** Adds a problem of an option of the library under the name of its property. */
    void add(ConfigurationProblem problem) {
        String component = problem.component();
        if (!KNOWN.contains(component) && !component.startsWith("gateway set ")) {
            synchronized (this) {
                found.add(problem); // of a component that the application has made
            }
            return;
        }
        String property = problem.option().isEmpty() ? "" : OptionNames.property(component, problem.option());
        // reason and remedy name options in braces, which only text() replaces
        String line = problem.text(option -> OptionNames.property(component, option));
        String start = property.isEmpty() ? "" : property + ": ";
        String value = problem.value();
        String rest = line.substring(start.length());
        if (!value.isEmpty() && rest.startsWith(value)) {
            rest = rest.substring(value.length()).strip();
        }
        int remedyLength = problem.remedy().isEmpty() ? 0 : rest.lastIndexOf("; ");
        String reason = remedyLength > 0 ? rest.substring(0, remedyLength) : rest;
        String remedy = remedyLength > 0 ? rest.substring(remedyLength + 2) : "";
        if (reason.startsWith("(") && reason.endsWith(")")) {
            reason = reason.substring(1, reason.length() - 1);
        }
        add(property, value, reason, OptionNames.remedy(problem, remedy));
    }

    /** Returns what was found so far. */
    synchronized List<ConfigurationProblem> found() {
        return List.copyOf(found);
    }

    /** Returns the number of problems that were found. */
    synchronized int count() {
        return found.size();
    }

    /** Throws everything that was found. */
    synchronized void throwIfAny() {
        if (!found.isEmpty()) {
            throw new InvalidSipPropertiesException(found, null);
        }
    }
}
