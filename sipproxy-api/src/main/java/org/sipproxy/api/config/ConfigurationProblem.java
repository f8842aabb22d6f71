package org.sipproxy.api.config;

import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An option that cannot be used as it is. Immutable.
 *
 * <p>Reason and remedy may refer to other options of the same component by their names in braces, such as {@code
 * {maxExpires}}. {@link #text()} prints the plain names; {@link #text(UnaryOperator)} replaces them, for example by the
 * options of a command line.
 */
public final class ConfigurationProblem {

    private static final Pattern NAME = Pattern.compile("\\{([a-zA-Z][a-zA-Z0-9]*)}");
    private static final String EXPECTED = "expected ";

    private final String component;
    private final String option;
    private final String value;
    private final String reason;
    private final String remedy;

    /**
     * Creates a problem.
     *
     * @param component name of the component whose option it is, such as {@code digest}; empty for the proxy itself
     * @param option name of the builder's method; empty if the problem concerns no single option
     * @param value the value as text; empty if the option is missing or the value is secret
     * @param reason what is wrong with it: a predicate such as {@code needs a certificate}, or
     *     {@code expected 1 to 64}
     * @param remedy how to fix it, in the imperative; empty if the reason says it
     */
    public ConfigurationProblem(String component, String option, String value, String reason, String remedy) {
        this.component = Objects.requireNonNull(component, "component");
        this.option = Objects.requireNonNull(option, "option");
        this.value = Objects.requireNonNull(value, "value");
        this.reason = Objects.requireNonNull(reason, "reason");
        this.remedy = Objects.requireNonNull(remedy, "remedy");
    }

    /** Creates a problem of a value that belongs to no component yet, such as a text that cannot be parsed. */
    public static ConfigurationProblem of(String option, String value, String reason, String remedy) {
        return new ConfigurationProblem("", option, value, reason, remedy);
    }

    /** Returns the name of the component, such as {@code digest}; empty for the proxy itself. */
    public String component() {
        return component;
    }

    /** Returns the name of the builder's method, such as {@code nonceLifetime}; empty for no single option. */
    public String option() {
        return option;
    }

    /** Returns the value as text; empty if the option is missing or its value is secret. */
    public String value() {
        return value;
    }

    /** Returns what is wrong with the value. */
    public String reason() {
        return named(reason, UnaryOperator.identity());
    }

    /** Returns how to fix it; empty if the reason says it. */
    public String remedy() {
        return named(remedy, UnaryOperator.identity());
    }

    /** Returns the problem in one line: {@code digest: nonceLifetime: 2d (expected 1s to 24h)}. */
    public String text() {
        return (component.isEmpty() ? "" : component + ": ") + text(UnaryOperator.identity());
    }

    /**
     * Returns the problem in one line with other names of the options and without the name of the component:
     * {@code --nonce-expire: 2d (expected 1s to 24h)}.
     *
     * @param names gets the name of an option of the {@link #component} and returns the name to print
     */
    public String text(UnaryOperator<String> names) {
        StringBuilder text = new StringBuilder();
        if (!option.isEmpty()) {
            text.append(names.apply(option)).append(": ");
        }
        String why = named(reason, names);
        if (value.isEmpty()) {
            text.append(why);
        } else {
            text.append(value);
            if (why.startsWith(EXPECTED)) {
                text.append(" (").append(why).append(')');
            } else {
                text.append(' ').append(why);
            }
        }
        if (!remedy.isEmpty()) {
            text.append("; ").append(named(remedy, names));
        }
        return text.toString();
    }

    private static String named(String template, UnaryOperator<String> names) {
        return NAME.matcher(template).replaceAll(match -> Matcher.quoteReplacement(names.apply(match.group(1))));
    }

    /** Returns {@link #text()}. */
    @Override
    public String toString() {
        return text();
    }
}
