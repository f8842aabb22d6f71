package org.sipproxy.core.internal.pipeline;

import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/** Dialogs of the proxy itself, whose place another user may take. */
@FunctionalInterface
public interface TransferTargets {

    /** Returns the request as the other user gets it; {@code request} itself if it replaces no dialog of the proxy. */
    SipRequest replacing(SipRequest request) throws SipParseException;
}
