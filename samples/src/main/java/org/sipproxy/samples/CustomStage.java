package org.sipproxy.samples;

import java.util.Objects;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.StatusCode;

/**
 * Stage of a host application that declines calls from numbers with a given prefix, and adds a header to every other
 * call. Added with {@code SipProxy.builder().beforeRouting(new CustomStage("0900"))}.
 */
public final class CustomStage implements RequestStage {

    private static final HeaderName SCREENED = HeaderName.of("X-Screened");

    private final String blockedPrefix;

    /** Creates a stage that declines callers whose user part starts with {@code blockedPrefix}. */
    public CustomStage(String blockedPrefix) {
        this.blockedPrefix = Objects.requireNonNull(blockedPrefix, "blockedPrefix");
    }

    @Override
    public Verdict handle(StageContext context) throws SipParseException {
        if (!context.request().method().equals(Method.INVITE)) {
            return Verdict.proceed();
        }
        String caller = context.request().from().uri().user();
        if (caller.startsWith(blockedPrefix)) {
            return Verdict.respond(StatusCode.DECLINE, "Caller Not Welcome");
        }
        context.replace(context.request().withHeaderBelow(SCREENED, "caller=" + caller));
        return Verdict.proceed();
    }

    /** Returns false: the stage never waits, so it runs on the receiver thread. */
    @Override
    public boolean mayBlock() {
        return false;
    }
}
