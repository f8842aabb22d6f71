package org.sipproxy.spring;

import java.util.Locale;
import java.util.Map;
import org.sipproxy.api.config.ConfigurationProblem;

/** Names of the properties for options of the library. */
final class OptionNames {

    /** Component of all gateway sets, whose own names follow it. */
    private static final String SET = "gateway set ";

    /** Keys: component, slash, option of its builder. */
    private static final Map<String, String> PROPERTIES = Map.ofEntries(
            Map.entry("/tls", "tls.certificate"),
            Map.entry("tls/keyStore", "tls.bundle"),
            Map.entry("tls/trustStore", "tls.bundle"),
            Map.entry("/authentication", "subscriber"),
            Map.entry("/noAuthentication", "no-auth"),
            Map.entry("/webSocketOrigins", "ws-origin"),
            Map.entry("/cluster", "node"),
            Map.entry("/webSocketPing", "websocket-ping"),
            Map.entry("/failureMemory", "failed-hop-memory"),
            Map.entry("/maxDuration", "calls.max-duration"),
            Map.entry("/maxCalls", "calls.max"),
            Map.entry("/maxCallsPerUser", "calls.per-user"),
            Map.entry("/keepalive", "calls.keepalive"),
            Map.entry("/trackedCalls", "calls.tracked"),
            Map.entry("/calls", "calls.enabled"),
            Map.entry("/callListener", "calls.enabled"),
            Map.entry("/callRepository", "calls.enabled"),
            Map.entry("/headerLineBytes", "header-bytes"),
            Map.entry("/locationStore", "storage"),
            Map.entry("/revealUsers", "reveal-users"),
            Map.entry("/strangers", "stranger-methods"),
            Map.entry("/contacts", "allow-destination"),
            Map.entry("digest/nonceLifetime", "nonce-expire"),
            Map.entry("digest/nonceCapacity", "nonce-capacity"),
            Map.entry("digest/oneTimeNonces", "one-time-nonces"),
            Map.entry("digest/countNonces", "nonce-replay"),
            Map.entry("digest/bindNonceTo", "nonce-binding"),
            Map.entry("digest/algorithms", "auth-algorithm"),
            Map.entry("digest/requireQop", "digest-without-qop"),
            Map.entry("digest/integrity", "auth-int"),
            Map.entry("digest/checkIdentity", "any-identity"),
            Map.entry("digest/credentials", "subscriber"),
            Map.entry("digest/lockout", "lockout.enabled"),
            Map.entry("flood guard/perSource", "rate-limit"),
            Map.entry("flood guard/global", "rate-limit-all"),
            Map.entry("flood guard/perAor", "rate-limit-user"),
            Map.entry("flood guard/answer", "rate-limit-answer"),
            Map.entry("flood guard/scannerUserAgents", "scanner-agent"),
            Map.entry("nat/tests", "nat.test"),
            Map.entry("nat/noPing", "nat.ping"),
            Map.entry("credentials/cacheSize", "password-cache"),
            Map.entry("credentials/cacheLife", "password-cache-life"),
            Map.entry("credentials/unknownCacheSize", "unknown-cache"),
            Map.entry("credentials/unknownPerSecond", "unknown-lookups"),
            Map.entry("accounting/queueCapacity", "accounting.queue"),
            Map.entry("accounting/maxOpenCalls", "accounting.open-calls"),
            Map.entry("accounting/maxCallDuration", "accounting.max-duration"),
            Map.entry("accounting/failuresOf", "accounting.failures"),
            Map.entry("dispatcher/prefix", "prefix-route"),
            Map.entry("dispatcher/fallback", "fallback-route"),
            Map.entry("dispatcher/recognize", "gateway-trust"),
            Map.entry("dispatcher/callLifetime", "gateway-call-lifetime"),
            Map.entry("dispatcher/countedCalls", "gateway-counted-calls"),
            Map.entry("dispatcher/set", "gateway"),
            Map.entry(SET + "/probeEvery", "probe"),
            Map.entry(SET + "/noProbes", "probe"),
            Map.entry(SET + "/asOutboundProxy", "as-proxy"));

    /** Groups of the properties by component; others are not in a group. */
    private static final Map<String, String> GROUPS =
            Map.of("tls", "tls.", "nat", "nat.", "lockout", "lockout.", "accounting", "accounting.");

    /** Remedies instead of those that name the Java API, by option of the proxy. */
    private static final Map<String, String> REMEDIES = Map.of(
            "callListener", "set sipproxy.calls.enabled=true",
            "callRepository", "set sipproxy.calls.enabled=true and sipproxy.secret",
            "flushInterval", "use sipproxy.storage=write-through to write every change at once");

    private OptionNames() {}

    /** Returns the remedy to print. */
    static String remedy(ConfigurationProblem problem, String otherwise) {
        if (!problem.component().isEmpty()) {
            return otherwise;
        }
        if (problem.option().equals("listen") && problem.remedy().equals("set tls")) {
            return "set sipproxy.tls.certificate and sipproxy.tls.key, or sipproxy.tls.bundle";
        }
        return REMEDIES.getOrDefault(problem.option(), otherwise);
    }

    /** Returns the name of the property for an option of a component; both may be empty. */
    static String property(String component, String option) {
        String kind = component.startsWith(SET) ? SET : component;
        String group = component.startsWith(SET)
                ? "gateway." + component.substring(SET.length()) + "."
                : GROUPS.getOrDefault(component, "");
        String known = PROPERTIES.get(kind + "/" + option);
        if (known == null) {
            return "sipproxy." + group + dashed(option);
        }
        return "sipproxy." + (kind.equals(SET) ? group : "") + known;
    }

    private static String dashed(String camelCase) {
        return camelCase.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    /** Returns how a constant is written in a property. */
    static String of(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
