package org.sipproxy.spring;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.RateLimit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Rate limits and scanners.
 *
 * @param rateLimit Messages and connections per second of one source without a proven password, as N or N:BURST. Default
 *     no limit.
 * @param rateLimitAll Messages per second of all such sources together, as N or N:BURST. Requires rate-limit. Default no
 *     limit.
 * @param rateLimitUser With rate-limit: requests per second of one user, as N or N:BURST. Default 10:100.
 * @param rateLimitAnswer Response above a limit.
 * @param sourcePrefix Leading bits of an address that identify one source, as IPV4/IPV6.
 * @param scanners What happens to requests whose User-Agent names a scanning tool.
 * @param scannerAgent Texts in User-Agent that identify a scanner. Default those of the common tools.
 * @param unknownUsers Unknown users that one source may present before it counts as a scanner, 1 to 1000.
 * @param banTime How long a scanner is banned, 1s to 30d.
 */
@ConfigurationProperties("sipproxy")
record FloodProperties(
        @Nullable String rateLimit,
        @Nullable String rateLimitAll,
        @Nullable String rateLimitUser,
        @DefaultValue("silence") FloodGuard.Answer rateLimitAnswer,
        @DefaultValue("32/64") String sourcePrefix,
        @DefaultValue("drop") FloodGuard.ScannerPolicy scanners,
        @DefaultValue List<String> scannerAgent,
        @DefaultValue("20") int unknownUsers,
        @DefaultValue("5m") Duration banTime) {

    /**
     * Returns the component.
     *
     * @param exempt Networks that are never limited
     */
    FloodGuard component(List<CidrBlock> exempt, Problems problems) {
        FloodGuard.Builder guard = FloodGuard.builder()
                .exempt(exempt.toArray(new CidrBlock[0]))
                .answer(rateLimitAnswer)
                .scanners(scanners)
                .unknownUsers(unknownUsers)
                .banTime(banTime);
        if (rateLimit == null) {
            guard.scannersOnly();
            if (rateLimitAll != null || rateLimitUser != null) {
                problems.add(
                        rateLimitAll != null ? "sipproxy.rate-limit-all" : "sipproxy.rate-limit-user",
                        "",
                        "requires sipproxy.rate-limit",
                        "add the limit of one source");
            }
        } else {
            problems.collectOf("sipproxy.rate-limit", rateLimit, () -> guard.perSource(limit(rateLimit)));
            if (rateLimitAll != null) {
                problems.collectOf("sipproxy.rate-limit-all", rateLimitAll, () -> guard.global(limit(rateLimitAll)));
            }
            if (rateLimitUser != null) {
                problems.collectOf("sipproxy.rate-limit-user", rateLimitUser, () -> guard.perAor(limit(rateLimitUser)));
            }
        }
        problems.collectOf("sipproxy.source-prefix", sourcePrefix, () -> prefix(guard));
        if (!scannerAgent.isEmpty()) {
            guard.scannerUserAgents(scannerAgent);
        }
        return problems.get(
                guard::build, () -> FloodGuard.builder().scannersOnly().build());
    }

    private void prefix(FloodGuard.Builder guard) {
        String[] parts = sourcePrefix.split("/", -1);
        try {
            if (parts.length == 2) {
                guard.sourcePrefix(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
                return;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new IllegalArgumentException("expected IPV4/IPV6, such as 32/64");
    }

    private static RateLimit limit(String text) {
        int colon = text.indexOf(':');
        try {
            double perSecond = Double.parseDouble(colon < 0 ? text : text.substring(0, colon));
            int burst = colon < 0
                    ? (int) Math.min(1_000_000, Math.max(1, 10 * perSecond))
                    : Integer.parseInt(text.substring(colon + 1));
            return new RateLimit(perSecond, burst);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("expected N or N:BURST, such as 50:500", e);
        }
    }
}
