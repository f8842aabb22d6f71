package org.sipproxy.spring;

import org.sipproxy.api.config.ConfigurationException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/**
 * Prints the problems of options that the application has set in its code, and of files that the proxy reads when it
 * starts.
 */
final class SipConfigurationFailureAnalyzer extends AbstractFailureAnalyzer<ConfigurationException> {

    private final Environment environment;

    SipConfigurationFailureAnalyzer(Environment environment) {
        this.environment = environment;
    }

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, ConfigurationException cause) {
        return new ProblemText(environment, cause.problems())
                .analysis("An option of the SIP proxy cannot be used:", cause);
    }
}
