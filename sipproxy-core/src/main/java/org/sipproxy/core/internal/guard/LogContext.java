package org.sipproxy.core.internal.guard;

import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.slf4j.MDC;

/**
 * Call-ID and method of a request in the diagnostic context (MDC) of the current thread, until it is closed. The texts
 * are escaped, because a layout may print them as they are.
 */
public final class LogContext implements AutoCloseable {

    private static final LogContext OPEN = new LogContext();

    private LogContext() {}

    /** Puts the keys of the request into the context. Nested contexts of one thread are for the same request. */
    public static LogContext of(SipRequest request) {
        MDC.put(LoggerNames.MDC_METHOD, SipParseException.excerpt(request.method().name()));
        MDC.put(
                LoggerNames.MDC_CALL_ID,
                request.header(HeaderName.CALL_ID)
                        .map(SipParseException::excerpt)
                        .orElse(""));
        return OPEN;
    }

    @Override
    public void close() {
        MDC.remove(LoggerNames.MDC_METHOD);
        MDC.remove(LoggerNames.MDC_CALL_ID);
    }
}
