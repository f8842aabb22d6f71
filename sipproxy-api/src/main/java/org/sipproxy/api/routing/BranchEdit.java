package org.sipproxy.api.routing;

import org.sipproxy.message.SipRequest;

/**
 * Edit of the request for one branch, such as a Diversion for the voicemail or a P-Asserted-Identity for a gateway. The
 * other branches are not affected. See {@link RelayPlan#edit}.
 *
 * <p>Called on a receiver thread, a worker thread or the timer thread, while the proxy holds the transaction's lock: it
 * must not block and should take microseconds. If it throws, the branch fails with 500 and the exception is logged; the
 * other targets are tried. The target decides the Request-URI; an edit of it is ignored. An edit that changes the
 * method, Via, Route, Record-Route, Max-Forwards, Max-Breadth, Call-ID, CSeq, or the tag of From or To counts as a
 * failure.
 */
@FunctionalInterface
public interface BranchEdit {

    /**
     * Returns the request to forward to {@code target}.
     *
     * @param request the request as the stages left it, or as an earlier edit of the same plan returned it
     * @return {@code request} itself for no change; never null
     * @throws Exception if the branch cannot be tried
     */
    SipRequest edit(SipRequest request, Target target) throws Exception;
}
