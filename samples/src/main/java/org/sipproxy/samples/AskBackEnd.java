package org.sipproxy.samples;

import java.time.Duration;
import java.util.function.Predicate;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.StatusCode;

/** Stage that asks a slow system whether a user may call, without delaying other requests. */
public final class AskBackEnd {

    private AskBackEnd() {}

    /**
     * Adds the stage.
     *
     * @param mayCall gets the user part of From; may block, and is interrupted after two seconds
     */
    static SipProxyBuilder addTo(SipProxyBuilder proxy, Predicate<String> mayCall) {
        return proxy.beforeRouting(RequestStage.onInvite(context -> ask(context, mayCall))
                .named("crm") // in logs and meters
                .within(Duration.ofSeconds(2)) // then 503
                .atMost(50)); // the 51st gets 503 at once
    }

    private static Verdict ask(StageContext context, Predicate<String> mayCall) throws SipParseException {
        String caller = context.request().from().uri().user();
        return mayCall.test(caller) ? Verdict.proceed() : Verdict.respond(StatusCode.FORBIDDEN);
    }
}
