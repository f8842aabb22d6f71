package org.sipproxy.spring;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationProblem;

/**
 * Thrown if the proxy cannot be built of the properties. The message is all {@link #problems}, one per line, without
 * secrets.
 */
public final class InvalidSipPropertiesException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<ConfigurationProblem> problems;

    InvalidSipPropertiesException(List<ConfigurationProblem> problems, @Nullable Throwable cause) {
        super(problems.stream().map(ConfigurationProblem::text).collect(Collectors.joining("\n")), cause);
        this.problems = List.copyOf(problems);
    }

    /**
     * Returns every problem that was found. The {@linkplain ConfigurationProblem#option() option} is the name of a
     * property, such as {@code sipproxy.nonce-expire}; that of a component which the application has made is an option
     * of its builder.
     */
    public List<ConfigurationProblem> problems() {
        return problems;
    }
}
