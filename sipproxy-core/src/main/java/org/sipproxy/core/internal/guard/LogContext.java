package org.sipproxy.core.internal.guard;

import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.slf4j.MDC;

/**
 * Call-ID and method of a request in the diagnostic context (MDC) of the current thread. The texts are escaped, because
 * a layout may print them as they are.
 */
public final class LogContext {

    /** In characters: a Call-ID that is cut could not be found elsewhere. */
    private static final int LONGEST = 160;

    private LogContext() {}

    /** Puts the keys of the request into the context, until {@link #clear}. */
    public static void set(SipRequest request) {
        MDC.put(
                LoggerNames.MDC_METHOD,
                SipParseException.excerpt(request.method().name()));
        MDC.put(
                LoggerNames.MDC_CALL_ID,
                request.header(HeaderName.CALL_ID)
                        .map(text -> SipParseException.excerpt(text, LONGEST))
                        .orElse(""));
    }

    /** Puts a Call-ID, which is escaped, and a method into the context, until {@link #clear}. */
    public static void set(String callId, String method) {
        MDC.put(LoggerNames.MDC_METHOD, method);
        MDC.put(LoggerNames.MDC_CALL_ID, callId);
    }

    /** Removes the keys. */
    public static void clear() {
        MDC.remove(LoggerNames.MDC_METHOD);
        MDC.remove(LoggerNames.MDC_CALL_ID);
    }
}
