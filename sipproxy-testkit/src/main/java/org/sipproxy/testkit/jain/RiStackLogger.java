package org.sipproxy.testkit.jain;

import org.sipproxy.message.jain.SilentStackLogger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logger for an application under test that uses the JAIN-SIP reference implementation (RI). Forwards warnings and
 * errors of the RI to slf4j at level debug, because the RI logs normal network events as errors. Without such a class
 * the RI needs log4j 1.2, which this project does not bring. Name it in the properties of the stack:
 *
 * <pre>{@code
 * properties.setProperty("gov.nist.javax.sip.STACK_LOGGER", RiStackLogger.class.getName());
 * }</pre>
 *
 * <p>The RI creates it by name. Thread-safe.
 */
public final class RiStackLogger extends SilentStackLogger {

    private static final Logger LOG = LoggerFactory.getLogger(RiStackLogger.class);

    /** Creates a logger; the RI calls this. */
    public RiStackLogger() {}

    @Override
    public void logError(String message) {
        LOG.debug("{}", message);
    }

    @Override
    public void logError(String message, Exception e) {
        LOG.debug("{}", message, e);
    }

    @Override
    public void logFatalError(String message) {
        LOG.debug("{}", message);
    }

    @Override
    public void logWarning(String message) {
        LOG.debug("{}", message);
    }

    @Override
    public void logException(Throwable e) {
        LOG.debug("exception inside the RI", e);
    }

    @Override
    public String getLoggerName() {
        return LOG.getName();
    }
}
