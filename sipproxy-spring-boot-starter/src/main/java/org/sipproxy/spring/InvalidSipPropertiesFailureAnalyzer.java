package org.sipproxy.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/** Prints the problems of the properties with their origin. */
final class InvalidSipPropertiesFailureAnalyzer extends AbstractFailureAnalyzer<InvalidSipPropertiesException> {

    private final Environment environment;

    InvalidSipPropertiesFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidSipPropertiesException cause) {
        return new ProblemText(environment, cause.problems())
                .analysis("The SIP proxy cannot be built of its properties:", cause);
    }
}
