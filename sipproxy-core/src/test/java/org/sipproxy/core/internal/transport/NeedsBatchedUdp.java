package org.sipproxy.core.internal.transport;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips tests where batched UDP is not possible, with the reason. */
final class NeedsBatchedUdp implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return LinuxSockets.PROBLEM.isEmpty()
                ? ConditionEvaluationResult.enabled("batched UDP is possible")
                : ConditionEvaluationResult.disabled("batched UDP is not possible here: " + LinuxSockets.PROBLEM);
    }
}
