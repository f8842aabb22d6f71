package org.sipproxy.core.internal.pipeline;

import org.sipproxy.api.message.SipParseException;

/** A step of our own: it never blocks by itself, and what it finds malformed is answered with the exception's status. */
interface Step {

    Outcome run(RequestContext context) throws SipParseException;
}
