package org.sipproxy.testkit.jain;

import gov.nist.core.StackLogger;
import java.util.Properties;
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
public final class RiStackLogger implements StackLogger {

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

    /** Returns false, so that the RI does not compose its trace texts. */
    @Override
    public boolean isLoggingEnabled() {
        return false;
    }

    @Override
    public boolean isLoggingEnabled(int level) {
        return false;
    }

    @Override
    public void logStackTrace() {}

    @Override
    public void logStackTrace(int level) {}

    @Override
    public int getLineCount() {
        return 0;
    }

    @Override
    public void logDebug(String message) {}

    @Override
    public void logDebug(String message, Exception e) {}

    @Override
    public void logTrace(String message) {}

    @Override
    public void logInfo(String message) {}

    @Override
    public void disableLogging() {}

    @Override
    public void enableLogging() {}

    @Override
    public void setBuildTimeStamp(String timestamp) {}

    @Override
    public void setStackProperties(Properties properties) {}

    @Override
    public String getLoggerName() {
        return LOG.getName();
    }
}
