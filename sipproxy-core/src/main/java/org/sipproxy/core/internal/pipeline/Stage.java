package org.sipproxy.core.internal.pipeline;

import org.sipproxy.message.SipParseException;

/** A step of the pipeline. What it finds malformed is answered with the exception's status. */
interface Stage {

    Outcome run(RequestContext context) throws SipParseException;

    /** Does what {@link #run} does, but returns {@link Outcome#blocked} instead of waiting. Called on a receiver thread. */
    default Outcome runAtOnce(RequestContext context) throws SipParseException {
        return run(context);
    }
}
