package org.sipproxy.core.internal.pipeline;

import org.sipproxy.message.SipParseException;

/** A stage of the pipeline. If it finds the request malformed, the request is refused with the exception's status. */
interface Stage {

    Outcome run(RequestContext context) throws SipParseException;

    /**
     * Does the same as {@link #run}, but returns {@link Outcome#blocked} instead of waiting. Called on a receiver
     * thread.
     */
    default Outcome runAtOnce(RequestContext context) throws SipParseException {
        return run(context);
    }
}
