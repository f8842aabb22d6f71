package org.sipproxy.nat;

import java.time.Duration;
import org.sipproxy.annotation.Beta;

/**
 * Counts of NAT traversal since the proxy started, read without locking.
 *
 * @param clients bindings that are currently reached over their flow
 * @param flows the flows that these bindings share
 * @param behindNat requests whose sender was found to be behind a NAT
 * @param aliasesWritten Contacts that got an alias
 * @param aliasesFollowed requests that were sent to the address in an alias
 * @param aliasesRefused requests whose alias was foreign or had an invalid signature; they were sent to their URI
 * @param registeredFlowsUsed in-dialog requests that were sent over the client's registered flow
 * @param pings pings sent
 * @param spared pings not sent, because the client keeps its mapping open by itself
 * @param answers responses to OPTIONS pings
 * @param unanswered OPTIONS pings that had no response when the next was due
 * @param removed bindings removed as unreachable
 * @param stunAnswers STUN keepalives that got a response
 * @param meanRoundTrip mean over all pings with a response; zero if there are none
 * @param longestRoundTrip longest of all pings with a response; zero if there are none
 */
public record NatStatistics(
        long clients,
        long flows,
        long behindNat,
        long aliasesWritten,
        long aliasesFollowed,
        long aliasesRefused,
        long registeredFlowsUsed,
        long pings,
        long spared,
        long answers,
        long unanswered,
        long removed,
        long stunAnswers,
        Duration meanRoundTrip,
        Duration longestRoundTrip) {

    /** For the proxy: gets parameters in minor versions. */
    @Beta
    public NatStatistics {}

    static NatStatistics of(NatCounters counters, KnownClients clients) {
        long answers = counters.answers.sum();
        return new NatStatistics(
                clients.clients(),
                clients.flows(),
                counters.behindNat.sum(),
                counters.aliasesWritten.sum(),
                counters.aliasesFollowed.sum(),
                counters.aliasesRefused.sum(),
                counters.registeredFlowsUsed.sum(),
                counters.pings.sum(),
                counters.spared.sum(),
                answers,
                counters.unanswered.sum(),
                counters.removed.sum(),
                counters.stunAnswers.sum(),
                Duration.ofNanos(answers == 0 ? 0 : counters.roundTripNanos.sum() / answers),
                Duration.ofNanos(counters.longestRoundTripNanos.get()));
    }
}
