package org.sipproxy.core.internal.forwarding;

import java.time.Duration;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.time.FailureLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Failures of relay plans, shared by all requests of a proxy, so that what fails for each of them does not fill the
 * log.
 */
final class PlanFailures {

    static final Logger LOG = LoggerFactory.getLogger(LoggerNames.HOST);

    final HostCall edits = new HostCall(LOG, "edit of a branch");
    final HostCall stages = new HostCall(LOG, "failure stage");
    final FailureLog lookups = new FailureLog(Duration.ofSeconds(10));
    final LogPace limits = new LogPace(Duration.ofSeconds(10));
    final LogPace lateStages = new LogPace(Duration.ofSeconds(10));
}
