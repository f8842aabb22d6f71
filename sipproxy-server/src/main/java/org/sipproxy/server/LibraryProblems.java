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
            Map.entry("/overloadTarget", "--overload-target"),
            Map.entry("/cluster", "--node"),
            Map.entry("/node", "--node"),
            Map.entry("/nodeAddress", "--node-address"),
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
            Map.entry("/messageBytes", "--message-bytes"),
            Map.entry("/headerLineBytes", "--header-bytes"),
            Map.entry("/headers", "--headers"),
            Map.entry("/listElements", "--list-elements"),
            Map.entry("/connections", "--connections"),
            Map.entry("/connectionsPerSource", "--connections-per-source"),
            Map.entry("/firstMessageTimeout", "--first-message-timeout"),
            Map.entry("/idleTimeout", "--idle-timeout"),
            Map.entry("/webSocketPing", "--websocket-ping"),
            Map.entry("/messageTimeout", "--message-timeout"),
            Map.entry("/connectTimeout", "--connect-timeout"),
            Map.entry("/bufferedBytes", "--buffered-bytes"),
            Map.entry("/transactionBytes", "--transaction-bytes"),
            Map.entry("/pendingRequests", "--pending-requests"),
            Map.entry("/workerThreads", "--worker-threads"),
            Map.entry("/longestDialog", "--longest-dialog"),
            Map.entry("/t1", "--t1"),
            Map.entry("/t2", "--t2"),
            Map.entry("/t4", "--t4"),
            Map.entry("digest/nonceCapacity", "--nonce-capacity"),
            Map.entry("digest/oneTimeNonces", "--one-time-nonces"),
            Map.entry("digest/countNonces", "--nonce-replay"),
            Map.entry("digest/bindNonceTo", "--nonce-binding"),
            Map.entry("digest/algorithms", "--auth-algorithm"),
            Map.entry("lockout/userFailures", "--lockout-user-failures"),
            Map.entry("lockout/sourceFailures", "--lockout-source-failures"),
            Map.entry("lockout/first", "--lockout-first"),
            Map.entry("lockout/longest", "--lockout-longest"),
            Map.entry("flood guard/banTime", "--ban-time"),
            Map.entry("flood guard/unknownUsers", "--unknown-users"),
            Map.entry("flood guard/sourcePrefix", "--source-prefix"),
            Map.entry("flood guard/scannerUserAgents", "--scanner-agent"),
            Map.entry("nat/privateNetwork", "--nat-private-network"),
            Map.entry("nat/reachableNetwork", "--nat-reachable-network"),
            Map.entry("tls/certificate", "--tls-certificate"),
            Map.entry("tls/key", "--tls-key"),
            Map.entry("tls/keyPassword", "--tls-key-password-file"),
            Map.entry("tls/trust", "--tls-trust"),
            Map.entry("tls/protocols", "--tls-protocol"),
            Map.entry("tls/handshakeTimeout", "--tls-handshake-timeout"),
            Map.entry("credentials/cacheSize", "--password-cache"),
            Map.entry("credentials/cacheLife", "--password-cache-life"),
            Map.entry("credentials/unknownCacheSize", "--unknown-cache"),
            Map.entry("credentials/unknownCacheLife", "--unknown-cache-life"),
            Map.entry("credentials/outageGrace", "--outage-grace"),
            Map.entry("credentials/lookupsAtOnce", "--lookups-at-once"),
            Map.entry("credentials/unknownPerSecond", "--unknown-lookups"),
            Map.entry("location table/statementTimeout", "--statement-timeout"),
            Map.entry("location table/serverId", "--server-id"),
            Map.entry("accounting/methods", "--accounting-methods"),
            Map.entry("accounting/queueCapacity", "--accounting-queue"),
            Map.entry("accounting/maxOpenCalls", "--accounting-open-calls"),
            Map.entry("accounting/maxCallDuration", "--accounting-max-duration"),
            Map.entry("dispatcher/callLifetime", "--gateway-call-lifetime"),
            Map.entry("dispatcher/countedCalls", "--gateway-counted-calls"),
            Map.entry(SET + "/probeTimeLimit", "--gateway-probe-time-limit"),
            Map.entry(SET + "/recoverAfter", "--gateway-recover-after"),
            Map.entry(SET + "/probeFrom", "--gateway-probe-from"),
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

    /** Returns the problem of the limits of messages, which is not a {@link ConfigurationProblem}. */
    static String ofParseLimits(IllegalArgumentException e) {
        String[] parts = Launcher.messageOf(e).split(":", 2);
        return OPTIONS.getOrDefault("/" + parts[0], parts[0]) + ":" + parts[parts.length - 1];
    }

    /** Returns the problems of a value that belongs to one option of the command line. */
    static List<String> texts(ConfigurationException e, String option) {
        return e.problems().stream()
                .map(problem -> problem.text(name -> option))
                .toList();
    }
}
