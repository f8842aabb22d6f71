package org.sipproxy.core.internal.pipeline;

import org.sipproxy.api.message.SipParseException;

/** A step of the pipeline. What it finds malformed is answered with the exception's status. */
interface Step {

    Outcome run(RequestContext context) throws SipParseException;

    /** True if {@link #run} may wait for something, so that it has to run on a worker thread. Asked just before. */
    default boolean mayBlock(RequestContext context) {
        return false;
    }
}
