package org.sipproxy.api.call;

import java.util.Objects;
import org.sipproxy.annotation.Beta;

/**
 * Change of a call.
 *
 * @param kind what happened
 * @param call the call directly after that. If the kind is {@link Kind#ENDED}, {@link Call#end} says who ended it
 */
public record CallEvent(Kind kind, Call call) {

    /** Kind of change. Each kind is reported at most once for each call, in this order. */
    public enum Kind {
        /** The INVITE was relayed. */
        STARTED,
        /** The first provisional response above 100 arrived. */
        RINGING,
        /** The first 2xx arrived. */
        ANSWERED,
        /** The call has ended. Reported for each call, unless it is still in progress when the proxy closes. */
        ENDED
    }

    /** Checks that nothing is null. */
    @Beta
    public CallEvent {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(call, "call");
    }
}
