package org.sipproxy.api.call;

import org.sipproxy.annotation.Beta;

/**
 * Counts of the calls of a proxy since it was built. Made by the proxy; components may be added in a minor version.
 *
 * @param unanswered calls now in state SETUP or RINGING
 * @param answered calls now in state ANSWERED
 * @param started calls that have started
 * @param established calls that were answered
 * @param lost calls that ended with {@link CallEnd.Reason#LOST}
 * @param expired calls that ended with {@link CallEnd.Reason#MAX_DURATION}
 * @param refusedInTotal INVITEs that were refused because of the limit of all calls
 * @param refusedForUser INVITEs that reached the limit of one user's calls and were refused, or passed to the plan's
 *     rule for a busy callee
 * @param untracked INVITEs that were relayed without being tracked, because the limit of tracked calls was reached, or
 *     because they had the Call-ID and tag of a call that is being hung up
 * @param droppedEvents events that no listener got, because too many were waiting
 * @param unwritten calls whose row in the {@link CallRepository} is out of date; 0 without a repository
 */
public record CallStatistics(
        int unanswered,
        int answered,
        long started,
        long established,
        long lost,
        long expired,
        long refusedInTotal,
        long refusedForUser,
        long untracked,
        long droppedEvents,
        int unwritten) {

    /** For the proxy: gets parameters in minor versions. */
    @Beta
    public CallStatistics {}
}
