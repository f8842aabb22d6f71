package org.sipproxy.message.jain;

import gov.nist.core.CommonLogger;
import gov.nist.core.StackLogger;
import java.util.Properties;

/**
 * Logger for the RI that discards everything, so that the RI does not require log4j 1.2. The RI serves as a grammar
 * only, and would log only that the network sent invalid text. A program with a stack of the RI sets it by its name, as
 * {@code gov.nist.javax.sip.STACK_LOGGER}. A subclass overrides what it logs.
 */
public class SilentStackLogger implements StackLogger {

    /** Creates a logger; the RI calls this. */
    public SilentStackLogger() {}

    /**
     * Installs this logger, unless the host has set one. An RI stack that the host starts sets its own logger in any
     * case.
     */
    static void install() {
        if (CommonLogger.legacyLogger == null) {
            CommonLogger.legacyLogger = new SilentStackLogger();
        }
    }

    @Override
    public boolean isLoggingEnabled() {
        return false;
    }

    @Override
    public boolean isLoggingEnabled(int logLevel) {
        return false;
    }

    @Override
    public int getLineCount() {
        return 0;
    }

    @Override
    public String getLoggerName() {
        return "sipproxy";
    }

    @Override
    public void logStackTrace() {}

    @Override
    public void logStackTrace(int traceLevel) {}

    @Override
    public void logException(Throwable ex) {}

    @Override
    public void logDebug(String message) {}

    @Override
    public void logDebug(String message, Exception ex) {}

    @Override
    public void logTrace(String message) {}

    @Override
    public void logFatalError(String message) {}

    @Override
    public void logError(String message) {}

    @Override
    public void logError(String message, Exception ex) {}

    @Override
    public void logWarning(String message) {}

    @Override
    public void logInfo(String message) {}

    @Override
    public void disableLogging() {}

    @Override
    public void enableLogging() {}

    @Override
    public void setBuildTimeStamp(String buildTimeStamp) {}

    @Override
    public void setStackProperties(Properties stackProperties) {}
}
