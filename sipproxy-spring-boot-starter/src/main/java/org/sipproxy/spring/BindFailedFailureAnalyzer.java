package org.sipproxy.spring;

import java.util.List;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.core.options.BindFailedException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/** Prints which listening point could not be opened. */
final class BindFailedFailureAnalyzer extends AbstractFailureAnalyzer<BindFailedException> {

    private final Environment environment;

    BindFailedFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, BindFailedException cause) {
        ConfigurationProblem problem = cause.problem();
        return new ProblemText(
                        environment,
                        List.of(ConfigurationProblem.of(
                                "sipproxy.listen", problem.value(), problem.reason(), problem.remedy())))
                .analysis("The SIP proxy cannot listen:", cause);
    }
}
