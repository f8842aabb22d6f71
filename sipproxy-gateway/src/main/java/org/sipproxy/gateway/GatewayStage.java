package org.sipproxy.gateway;

import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipParseException;

/** A stage that never waits and may see a request twice. */
record GatewayStage(String name, Decision decision) implements RequestStage {

    /** Decides about a request. */
    interface Decision {

        /** See {@link RequestStage#handle}. */
        Verdict of(StageContext context) throws SipParseException;
    }

    @Override
    public Verdict handle(StageContext context) throws SipParseException {
        return decision.of(context);
    }

    @Override
    public boolean isRehearsable() {
        return true;
    }

    @Override
    public boolean mayBlock() {
        return false;
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }
}
