package org.sipproxy.spring;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.config.ConfigurationProblem;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.origin.Origin;
import org.springframework.core.env.Environment;

/** Text of problems for the report of a failed start. */
final class ProblemText {

    private final Environment environment;
    private final List<ConfigurationProblem> problems;

    ProblemText(Environment environment, List<ConfigurationProblem> problems) {
        this.environment = environment;
        this.problems = problems;
    }

    FailureAnalysis analysis(String title, Throwable cause) {
        StringBuilder description = new StringBuilder(title);
        Set<String> remedies = new LinkedHashSet<>();
        for (ConfigurationProblem problem : problems) {
            String name = name(problem);
            description.append("\n\n");
            line(description, "Option", name);
            if (!isSecret(name)) {
                line(description, "Value", problem.value());
            }
            origin(name).ifPresent(origin -> line(description, "Origin", origin.toString()));
            line(description, "Reason", problem.reason());
            if (!problem.remedy().isEmpty()) {
                remedies.add((problems.size() > 1 ? name + ": " : "") + problem.remedy());
            }
        }
        List<String> actions = new ArrayList<>(remedies);
        if (actions.isEmpty()) {
            actions.add(problems.size() > 1 ? "Correct these options." : "Correct this option.");
        }
        return new FailureAnalysis(description.toString(), String.join("\n", actions), cause);
    }

    private static String name(ConfigurationProblem problem) {
        return problem.component().isEmpty() || problem.option().startsWith("sipproxy")
                ? problem.option()
                : problem.component() + (problem.option().isEmpty() ? "" : ": " + problem.option());
    }

    private static void line(StringBuilder text, String label, String value) {
        if (!value.isEmpty()) {
            text.append(text.charAt(text.length() - 1) == '\n' ? "" : "\n")
                    .append("    ")
                    .append(label)
                    .append(": ")
                    .append(value);
        }
    }

    /** Returns true if the value of a property is not printed, whoever reports it. */
    static boolean isSecret(String property) {
        return property.startsWith("sipproxy.subscriber")
                || property.equals("sipproxy.secret")
                || property.endsWith("password");
    }

    /** Returns the file and line of a property, if it is set. */
    private Optional<Origin> origin(String property) {
        ConfigurationPropertyName name = ConfigurationPropertyName.isValid(property)
                ? ConfigurationPropertyName.of(property)
                : ConfigurationPropertyName.EMPTY;
        if (name.isEmpty()) {
            return Optional.empty();
        }
        return origin(name)
                .or(() -> name.isLastElementIndexed() ? origin(name.getParent()) : origin(name.append("[0]")));
    }

    private Optional<Origin> origin(ConfigurationPropertyName name) {
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            ConfigurationProperty found = source.getConfigurationProperty(name);
            Origin origin = found == null ? null : found.getOrigin();
            if (origin != null) {
                return Optional.of(origin);
            }
        }
        return Optional.empty();
    }
}
