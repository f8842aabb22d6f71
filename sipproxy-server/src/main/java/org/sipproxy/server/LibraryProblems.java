package org.sipproxy.server;

import java.util.List;
import java.util.Map;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;

/** Problems that the library reports, under the names of the command line's options. */
final class LibraryProblems {

    /** Component of all gateway sets, whose own names follow it. */
    private static final String SET = "gateway set";

    /** Keys: component, slash, option of its builder. */
    private static final Map<String, String> OPTIONS = Map.ofEntries(
            Map.entry("/listen", "--listen"),
            Map.entry("/domain", "--domain"),
            Map.entry("/alias", "--alias"),
            Map.entry("/tls", "--tls-certificate"),
            Map.entry("/webSocketOrigins", "--ws-origin"),
            Map.entry("/udpReceivers", "--udp-receivers"),
            Map.entry("/streamThreads", "--stream-threads"),
            Map.entry("/lingeringBytes", "--lingering-bytes"),
            Map.entry("/drainTime", "--drain-time"),
            Map.entry("/waitLimit", "--wait-limit"),
            Map.entry("/minExpires", "--min-expires"),
            Map.entry("/defaultExpires", "--default-expires"),
            Map.entry("/maxExpires", "--max-expires"),
            Map.entry("/maxContacts", "--max-contacts"),
            Map.entry("/transactionTimeout", "--transaction-timeout"),
            Map.entry("/ringTimeout", "--ring-timeout"),
            Map.entry("/largestUdpRequest", "--largest-udp-request"),
            Map.entry("/tcpAttempt", "--tcp-attempt"),
            Map.entry("/failureMemory", "--failed-hop-memory"),
            Map.entry("/flushInterval", "--flush-interval"),
            Map.entry("/stopLimit", "--stop-limit"),
            Map.entry("/maxDuration", "--calls-max-duration"),
            Map.entry("/maxCalls", "--calls-max"),
            Map.entry("/maxCallsPerUser", "--calls-per-user"),
            Map.entry("/keepalive", "--calls-keepalive"),
            Map.entry("/trackedCalls", "--calls-tracked"),
            Map.entry("dispatcher/prefix", "--prefix-route"),
            Map.entry("dispatcher/fallback", "--fallback-route"),
            Map.entry(SET + "/member", "--gateway"),
            Map.entry(SET + "/probeEvery", "--gateway-probe"),
            Map.entry(SET + "/accept", "--gateway-accept"),
            Map.entry(SET + "/downAfter", "--gateway-down-after"),
            Map.entry(SET + "/upAfter", "--gateway-up-after"),
            Map.entry(SET + "/respondWithin", "--gateway-respond-within"),
            Map.entry(SET + "/tries", "--gateway-tries"),
            Map.entry("digest/nonceLifetime", "--nonce-expire"),
            Map.entry("nat/tests", "--nat-test"),
            Map.entry("nat/ping", "--nat-ping"),
            Map.entry("nat/noPing", "--nat-ping 0"),
            Map.entry("nat/pingAll", "--nat-ping-all"),
            Map.entry("nat/removeAfter", "--nat-remove-after"));

    private LibraryProblems() {}

    /** Returns the problems, one per line. */
    static List<String> texts(ConfigurationException e) {
        return e.problems().stream().map(LibraryProblems::text).toList();
    }

    static String text(ConfigurationProblem problem) {
        String component = problem.component().startsWith(SET + " ") ? SET : problem.component();
        String known = OPTIONS.get(component + "/" + problem.option());
        return known == null
                ? problem.text()
                : problem.text(name -> OPTIONS.getOrDefault(component + "/" + name, name));
    }

    /** Returns the problems of a value that belongs to one option of the command line. */
    static List<String> texts(ConfigurationException e, String option) {
        return e.problems().stream()
                .map(problem -> problem.text(name -> option))
                .toList();
    }
}
