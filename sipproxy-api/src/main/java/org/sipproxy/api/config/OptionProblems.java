package org.sipproxy.api.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

/**
 * Collects the problems of one builder's options, so that {@code build()} reports all of them at once. For builders of
 * components; its texts are the same in all of them. Not thread-safe.
 */
public final class OptionProblems {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration DAY = Duration.ofDays(1);

    private final String component;
    private final Set<String> given;
    private final List<ConfigurationProblem> problems;

    /**
     * Creates an empty collection.
     *
     * @param component name of the component in the texts, such as {@code digest}; empty for none
     */
    public OptionProblems(String component) {
        this(Objects.requireNonNull(component, "component"), new HashSet<>(), new ArrayList<>());
    }

    private OptionProblems(String component, Set<String> given, List<ConfigurationProblem> problems) {
        this.component = component;
        this.given = given;
        this.problems = problems;
    }

    /** Returns an independent copy, for the checks of one {@code build()}. */
    public OptionProblems copy() {
        return new OptionProblems(component, new HashSet<>(given), new ArrayList<>(problems));
    }

    /** Notes that an option was given; adds a problem if it was given before. */
    public void once(String option) {
        if (!given.add(option)) {
            add(option, "", "given twice", "give it once");
        }
    }

    /** Returns true if {@link #once} was called for the option. */
    public boolean isGiven(String option) {
        return given.contains(option);
    }

    /** Adds a problem whose reason says what to do; the parameters are those of {@link ConfigurationProblem}. */
    public void add(String option, String value, String reason) {
        add(option, value, reason, "");
    }

    /** Adds a problem; the parameters are those of {@link ConfigurationProblem}. */
    public void add(String option, String value, String reason, String remedy) {
        problems.add(new ConfigurationProblem(component, option, value, reason, remedy));
    }

    /** Adds problems that others found. */
    public void addAll(Collection<ConfigurationProblem> others) {
        problems.addAll(others);
    }

    /** Adds a problem if the value is below {@code least} or above {@code most}. */
    public void range(String option, long value, long least, long most) {
        if (value < least || value > most) {
            add(option, Long.toString(value), "expected " + text(least) + " to " + text(most));
        }
    }

    /** Adds a problem if the value is shorter than {@code shortest} or longer than {@code longest}. */
    public void range(String option, Duration value, Duration shortest, Duration longest) {
        if (value.compareTo(shortest) < 0 || value.compareTo(longest) > 0) {
            add(option, text(value), "expected " + text(shortest) + " to " + text(longest));
        }
    }

    /** Returns what was found so far. */
    public List<ConfigurationProblem> problems() {
        return List.copyOf(problems);
    }

    /** Returns true if nothing was found. */
    public boolean isEmpty() {
        return problems.isEmpty();
    }

    /**
     * Throws all problems that were found. Does nothing if there are none.
     *
     * @throws ConfigurationException if a problem was found
     */
    public void throwIfAny() {
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    private static String text(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** Returns a duration as problems print it: {@code 500ms}, {@code 32s}, {@code 3m1s}, {@code 24h}, {@code 7d}. */
    public static String text(Duration duration) {
        if (duration.isZero()) {
            return "0s";
        }
        if (duration.compareTo(DAY) > 0 && duration.equals(Duration.ofDays(duration.toDays()))) {
            return duration.toDays() + "d";
        }
        if (!duration.isNegative()
                && duration.compareTo(SECOND) < 0
                && duration.equals(Duration.ofMillis(duration.toMillis()))) {
            return duration.toMillis() + "ms";
        }
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
