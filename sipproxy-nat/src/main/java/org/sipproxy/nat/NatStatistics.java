package org.sipproxy.nat;

import java.time.Duration;

/**
 * What NAT traversal has done since the proxy started, read without stopping anything.
 *
 * @param clients bindings that are reached by their flow now
 * @param flows the flows that they share
 * @param behindNat requests whose sender was found to be behind a NAT
 * @param aliasesWritten Contacts that were given an alias
 * @param aliasesFollowed requests that were sent where an alias said
 * @param aliasesRefused requests whose alias was not ours or not intact; they went where their URI said
 * @param registeredFlowsUsed requests of a dialog that were sent over the flow that the client is registered by now
 * @param pings pings sent
 * @param spared pings not sent, because the client keeps its mapping open by itself
 * @param answers answers to OPTIONS pings
 * @param unanswered OPTIONS pings that got no answer before the next was due
 * @param removed bindings removed as unreachable
 * @param stunAnswers STUN keepalives answered
 * @param meanRoundTrip of all answered pings; zero if there are none
 * @param longestRoundTrip of all answered pings
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
