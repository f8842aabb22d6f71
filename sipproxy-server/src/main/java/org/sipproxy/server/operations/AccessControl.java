package org.sipproxy.server.operations;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.security.AccessDecision;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule.Action;
import org.sipproxy.security.ActiveLockout;
import org.sipproxy.security.CidrBlock;

/** Access rules, lockouts, bans and recent refusals. Methods do not block. */
public final class AccessControl {

    private static final String NO_LIST = "no access list";

    /**
     * A rule.
     *
     * @param action {@code ALLOW}, {@code DENY} or {@code TRUST}
     * @param rule the rule as text
     * @param tag its name; empty if it has none
     */
    public record RuleInfo(Action action, String rule, String tag) {}

    /** The rules in force, and the action for sources without a matching rule. */
    public record Rules(Action defaultPolicy, List<RuleInfo> rules) {}

    /**
     * Decision about an address.
     *
     * @param address the address
     * @param action the action for an ordinary request
     * @param rule the rule that decides
     * @param special rules that apply before it to certain ports, transports or requests only
     * @param banned true if everything from the address is dropped because of a ban
     */
    public record Decision(String address, Action action, String rule, List<String> special, boolean banned) {}

    /**
     * A lockout or ban.
     *
     * @param kind {@code user}: a user at a source; {@code source}: all users without a proof of their password there;
     *     {@code ban}: everything from the source
     * @param user the user; empty unless the kind is {@code user}
     * @param source the source
     * @param remaining how long it lasts
     */
    public record LockoutInfo(String kind, String user, String source, Duration remaining) {}

    /**
     * What was refused for one source and reason.
     *
     * @param last when it was refused last
     * @param first when it was refused first; if it was refused before, the entry has been evicted in between
     * @param source the address
     * @param port the port of the latest
     * @param transport the transport of the latest
     * @param status the status of the latest response; 0 if there was none, or a challenge
     * @param method the method of the latest request; empty if there was none, or it was not read
     * @param from the URI of its From, at most 100 characters, escaped
     */
    public record RefusalInfo(
            Instant last,
            Instant first,
            long count,
            String source,
            int port,
            TransportKind transport,
            int status,
            String method,
            String from,
            String reason) {}

    /**
     * What was refused since the start.
     *
     * @param total how many sources and reasons there are, including those above the limit
     * @param refusals one for each source and reason, the latest first
     * @param evicted how many entries of any source have been evicted
     * @param skipped how many refusals of any source were not recorded, because others were recorded or listed at that
     *     moment
     */
    public record Refusals(int total, List<RefusalInfo> refusals, long evicted, long skipped) {}

    private final ServerComponents components;

    AccessControl(ServerComponents components) {
        this.components = components;
    }

    /** Returns the rules in force. */
    public Rules rules() {
        return components
                .accessList()
                .map(list -> new Rules(
                        list.defaultPolicy(),
                        list.rules().stream()
                                .map(rule -> new RuleInfo(rule.action(), rule.toString(), rule.tag()))
                                .toList()))
                .orElse(new Rules(Action.ALLOW, List.of()));
    }

    /**
     * Returns what happens to requests of an address.
     *
     * @throws OperationException if the text is not a numeric address
     */
    public Decision test(String address) {
        InetAddress parsed = Addresses.parse(address);
        AccessDecision decision = components
                .accessList()
                .map((AccessList list) -> list.explain(parsed))
                .orElse(new AccessDecision(Action.ALLOW, NO_LIST, "", List.of()));
        boolean banned = components
                .guard()
                .map(guard -> guard.bans().keySet().stream().anyMatch(source -> source.contains(parsed)))
                .orElse(false);
        return new Decision(HostName.literal(parsed), decision.action(), decision.rule(), decision.special(), banned);
    }

    /** Returns the lockouts and bans in effect. */
    public List<LockoutInfo> lockouts() {
        List<LockoutInfo> all = new ArrayList<>();
        components.digest().ifPresent(digest -> digest.lockouts().forEach(lockout -> all.add(shown(lockout))));
        Instant now = components.runtime().now();
        components
                .guard()
                .ifPresent(guard -> guard.bans()
                        .forEach((source, end) -> all.add(
                                new LockoutInfo("ban", "", source.toString(), seconds(Duration.between(now, end))))));
        return all;
    }

    private static LockoutInfo shown(ActiveLockout lockout) {
        return new LockoutInfo(
                lockout.user().isEmpty() ? "source" : "user",
                lockout.user(),
                lockout.source().toString(),
                seconds(lockout.remaining()));
    }

    private static Duration seconds(Duration exact) {
        return Duration.ofSeconds(exact.plusMillis(999).toSeconds());
    }

    /**
     * Returns what was refused or dropped since the start, and rejected credentials.
     *
     * @param source a numeric address or a network; empty for all
     * @param limit how many sources and reasons are returned at most
     * @throws OperationException if the text is not a network, or nothing was refused for it
     */
    public Refusals refusals(String source, int limit) {
        if (source.isEmpty()) {
            return components.recentRefusals().list(any -> true, limit);
        }
        CidrBlock network = Addresses.parseNetwork(source);
        Refusals found = components.recentRefusals().list(network::contains, limit);
        if (found.total() == 0) {
            throw new OperationException(
                    OperationException.Kind.NOT_FOUND,
                    "nothing of " + network + " was refused "
                            + (found.evicted() == 0
                                    ? "since the start"
                                    : "among the latest " + RecentRefusals.MAX_ENTRIES + " sources and reasons")
                            + "; trace --source shows whether its messages arrive");
        }
        return found;
    }

    /**
     * Ends lockouts and bans.
     *
     * @param who a user, or a numeric address; empty for all
     * @return how many were ended; may be 0
     */
    public int clear(String who) {
        if (Addresses.isAddress(who)) {
            InetAddress address = Addresses.parse(who);
            return clearLockouts(lockout -> lockout.source().contains(address)) + clearBans(address);
        }
        String user = who.toLowerCase(Locale.ROOT);
        return clearLockouts(lockout ->
                        who.isEmpty() || lockout.user().toLowerCase(Locale.ROOT).equals(user))
                + (who.isEmpty() ? clearAllBans() : 0);
    }

    private int clearLockouts(Predicate<ActiveLockout> which) {
        return components.digest().map(digest -> digest.endLockouts(which)).orElse(0);
    }

    private int clearAllBans() {
        return components
                .guard()
                .map(guard -> guard.bans().keySet().stream()
                        .map(CidrBlock::address)
                        .mapToInt(this::clearBans)
                        .sum())
                .orElse(0);
    }

    private int clearBans(InetAddress address) {
        return components.guard().map(guard -> guard.unban(address)).orElse(false) ? 1 : 0;
    }
}
