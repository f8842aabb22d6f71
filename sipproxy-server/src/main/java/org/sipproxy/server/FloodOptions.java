package org.sipproxy.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.RateLimit;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for rate limits, scanners and bans, kept as text like those of {@link ProxyOptions}. */
@Section("Rate limits and scanners")
final class FloodOptions {

    @Reloadable
    @Option(
            names = "--rate-limit",
            paramLabel = "N[:BURST]",
            description = {
                "Messages and connections per second of one source without a proven password, and how many at once",
                "(default: ten times as many). More are dropped. Default: no limit."
            })
    String rateLimit = "";

    @Reloadable
    @Option(
            names = "--rate-limit-all",
            paramLabel = "N[:BURST]",
            description = {
                "With --rate-limit: messages per second of all sources together without a password proven within the",
                "last hour, for UDP and for connections separately. Keeps the proxy serving during a flood with forged",
                "sources.",
                "Default: no limit."
            })
    String rateLimitAll = "";

    @Reloadable
    @Option(
            names = "--rate-limit-user",
            paramLabel = "N[:BURST]",
            description = {
                "With --rate-limit: requests per second of one user, and those to one user from senders without a password.",
                "Default: 10:100."
            })
    String rateLimitUser = "";

    @Reloadable
    @Option(
            names = "--rate-limit-answer",
            paramLabel = "ANSWER",
            description = {
                "Response above a limit: silence; unavailable, a 503; or tarpit, a 503 after 20 seconds.",
                "Default: silence."
            })
    String answer = "";

    @Option(
            names = "--source-prefix",
            paramLabel = "IPV4/IPV6",
            description = "Leading bits of an address that identify one source, 8 to 32 and 16 to 128. Default: 32/64.")
    String sourcePrefix = "";

    @Reloadable
    @Option(
            names = "--scanners",
            paramLabel = "POLICY",
            description = {
                "Requests whose User-Agent names a scanning tool: drop sends no response, report only logs them, ban",
                "also drops everything from the source for --ban-time. Default: drop."
            })
    String scanners = "";

    @Reloadable
    @Option(
            names = "--scanner-agent",
            paramLabel = "TEXT",
            description = {
                "Text in User-Agent that identifies a scanner. May be repeated, and replaces the built-in list.",
                "Default: those of the common tools."
            })
    List<String> scannerAgents = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--unknown-users",
            paramLabel = "N",
            description =
                    "Unknown users that one source may present before it counts as a scanner, 1 to 1000. Default: 20.")
    String unknownUsers = "";

    @Reloadable
    @Option(
            names = "--ban-time",
            paramLabel = "DURATION",
            description = "How long a scanner is banned, 1s to 30d. Default: 5m.")
    String banTime = "";

    /**
     * Returns the component; empty if there are problems, which are added to {@code problems}.
     *
     * @param exempt networks that are never limited
     */
    Optional<FloodGuard> component(List<CidrBlock> exempt, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        FloodGuard.Builder guard = FloodGuard.builder().exempt(exempt.toArray(new CidrBlock[0]));
        if (rateLimit.isEmpty()) {
            guard.scannersOnly();
            String alone =
                    !rateLimitAll.isEmpty() ? "--rate-limit-all" : !rateLimitUser.isEmpty() ? "--rate-limit-user" : "";
            if (!alone.isEmpty()) {
                problems.add(alone + ": requires --rate-limit; add the limit of one source");
            }
        } else {
            reader.read("--rate-limit", rateLimit, text -> guard.perSource(limit(text)));
            reader.read("--rate-limit-all", rateLimitAll, text -> guard.global(limit(text)));
            reader.read("--rate-limit-user", rateLimitUser, text -> guard.perAor(limit(text)));
        }
        reader.choice("--rate-limit-answer", answer, FloodGuard.Answer.values(), guard::answer);
        reader.read("--source-prefix", sourcePrefix, text -> prefix(text, guard));
        reader.choice("--scanners", scanners, FloodGuard.ScannerPolicy.values(), guard::scanners);
        if (!scannerAgents.isEmpty()) {
            guard.scannerUserAgents(scannerAgents);
        }
        reader.number("--unknown-users", unknownUsers, guard::unknownUsers);
        reader.duration("--ban-time", banTime, guard::banTime);
        try {
            return problems.isEmpty() ? Optional.of(guard.build()) : Optional.empty();
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
            return Optional.empty();
        }
    }

    private static void prefix(String text, FloodGuard.Builder guard) {
        String[] parts = text.split("/", -1);
        try {
            if (parts.length == 2) {
                guard.sourcePrefix(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
                return;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new IllegalArgumentException("\"" + text + "\" (expected IPV4/IPV6, such as 32/64)");
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
            throw new IllegalArgumentException("\"" + text + "\" (expected N or N:BURST, such as 50:500)", e);
        }
    }

    /** Returns the parts of the line that {@code check} prints. */
    List<String> summary() {
        List<String> parts = new ArrayList<>();
        if (!scanners.isEmpty() && !scanners.equalsIgnoreCase("drop")) {
            parts.add("scanners: " + scanners);
        }
        parts.add(rateLimit.isEmpty() ? "no rate limit" : "at most " + rateLimit + " per second from one source");
        return parts;
    }
}
