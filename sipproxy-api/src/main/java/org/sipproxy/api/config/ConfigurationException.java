package org.sipproxy.api.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Thrown by {@code build()} if options cannot be used, and by the start and the reconfiguration of a proxy if files
 * that they name cannot be used. The message is all {@link #problems}, one per line.
 */
public final class ConfigurationException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final transient List<ConfigurationProblem> problems;

    /** Creates an exception for at least one problem. */
    public ConfigurationException(List<ConfigurationProblem> problems) {
        super(problems.stream().map(ConfigurationProblem::text).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** Creates an exception for one problem. */
    public ConfigurationException(ConfigurationProblem problem) {
        this(List.of(problem));
    }

    /** Returns every problem that was found, in the order of the builder's checks. */
    public List<ConfigurationProblem> problems() {
        return problems;
    }
}
