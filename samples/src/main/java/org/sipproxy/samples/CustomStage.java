package org.sipproxy.samples;

import java.text.ParseException;
import java.util.Objects;
import javax.sip.PeerUnavailableException;
import javax.sip.SipFactory;
import javax.sip.header.HeaderFactory;
import javax.sip.message.Request;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;

/**
 * A step of the host's own: calls from numbers with a given prefix are declined, and the called phone is told of each other
 * call that it was screened. Put in with {@code SipProxy.builder().beforeRouting(new CustomStage("0900"))}.
 */
public final class CustomStage implements RequestStage {

    private final String blockedPrefix;
    private final HeaderFactory headers;

    /** Declines callers whose user part starts with {@code blockedPrefix}. */
    public CustomStage(String blockedPrefix) throws PeerUnavailableException {
        this.blockedPrefix = Objects.requireNonNull(blockedPrefix, "blockedPrefix");
        this.headers = SipFactory.getInstance().createHeaderFactory();
    }

    @Override
    public Verdict handle(StageContext context) throws SipParseException, ParseException {
        if (!context.request().method().equals(Method.INVITE)) {
            return Verdict.proceed();
        }
        String caller = context.request().from().uri().user();
        if (caller.startsWith(blockedPrefix)) {
            return Verdict.respond(StatusCode.DECLINE, "Caller Not Welcome");
        }
        Request request = context.request();
        request.addHeader(headers.createHeader("X-Screened", "caller=" + caller));
        return Verdict.proceed();
    }

    /** False: it waits for nothing, so it runs on the event loop. */
    @Override
    public boolean mayBlock() {
        return false;
    }
}
