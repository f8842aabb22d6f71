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

    /**
     * Does the same as {@link #run} without effects, and notes what the decision is based on. Called for a rehearsed
     * request.
     */
    default Outcome rehearse(RequestContext context) throws SipParseException {
        return run(context);
    }

    /** Returns the name of the stage. */
    default String name() {
        return getClass().getSimpleName();
    }

    /** Returns true for a stage of the host application or a component, whose targets have a plan of their own. */
    default boolean isOfHost() {
        return false;
    }

    /** Returns true if the stage has no effects on a request that is only rehearsed. */
    default boolean isRehearsable(RequestContext context) {
        return true;
    }
}
