package org.sipproxy.message.jain;

import gov.nist.core.CommonLogger;
import gov.nist.core.StackLogger;
import java.util.Properties;

/**
 * Takes the place of log4j 1.2 in the RI, whose loggers would otherwise ask for it. The RI is only a grammar here, and what
 * it would log is that the network sent it nonsense.
 */
final class SilentStackLogger implements StackLogger {

    private SilentStackLogger() {}

    /** Leaves a logger alone that the host has set; an RI stack that the host starts sets its own anyway. */
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
