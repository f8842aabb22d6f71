package org.sipproxy.api.routing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;

/**
 * Plan for relaying a request: a group of targets, and what happens if the group fails.
 *
 * <pre>{@code
 * // the phone for 20 s, then on busy, no answer or not registered the voicemail
 * Verdict.relay(RelayPlan.toCallee()
 *         .ringFor(Duration.ofSeconds(20))
 *         .onFailure(BUSY, NO_ANSWER, NOT_REGISTERED)
 *         .relay(RelayPlan.to(voicemail).withHeader("Diversion", "<" + callee + ">;reason=unknown")))
 * }</pre>
 *
 * <p>Targets of a group are tried by q (RFC 3261 §16.6): those of equal q in parallel, those of lower q after every
 * failure of the higher ones except a 6xx. So a group holds equivalent targets, such as the phones of one user. Targets
 * that need a reason are another group. If no rule matches a failure, the best response of all branches so far is
 * forwarded (§16.7 step 6); a challenge or a 488 is therefore not a reason to try another group unless a rule says so.
 * If a rule for {@link FailureCause#CHALLENGED} relays, its challenge is not forwarded, whatever follows. The first
 * rule that matches counts, also after a 6xx.
 *
 * <p>PRACK, UPDATE and provisional responses of all branches pass as usual. A late 2xx of a branch whose ring time has
 * expired is forwarded, and ends the search.
 *
 * <p>A plan is an immutable value and may be shared by requests.
 */
public final class RelayPlan {

    private static final Duration SHORTEST_RING = Duration.ofMillis(100);
    private static final Duration LONGEST_RING = Duration.ofHours(1);
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(32);

    /** Headers that the proxy writes, or that identify the dialog. */
    private static final Set<HeaderName> OWN_HEADERS = Set.of(
            HeaderName.VIA,
            HeaderName.ROUTE,
            HeaderName.RECORD_ROUTE,
            HeaderName.MAX_FORWARDS,
            HeaderName.MAX_BREADTH,
            HeaderName.CALL_ID,
            HeaderName.CSEQ,
            HeaderName.FROM,
            HeaderName.TO,
            HeaderName.CONTENT_LENGTH);

    private final @Nullable List<Target> targets;
    private final @Nullable Duration ringTime;
    private final @Nullable Duration silence;
    private final @Nullable BranchEdit edit;
    private final boolean followsRedirects;
    private final List<Rule> rules;

    private RelayPlan(
            @Nullable List<Target> targets,
            @Nullable Duration ringTime,
            @Nullable Duration silence,
            @Nullable BranchEdit edit,
            boolean followsRedirects,
            List<Rule> rules) {
        this.targets = targets;
        this.ringTime = ringTime;
        this.silence = silence;
        this.edit = edit;
        this.followsRedirects = followsRedirects;
        this.rules = rules;
    }

    /**
     * Returns a plan with one group of targets. Without a target the group fails at once with
     * {@link FailureCause#NOT_REGISTERED} and 480. The URI of a target is an address to send to: for a user of this
     * proxy, pass the targets of its bindings, which {@link StageContext#bindings} returns.
     */
    public static RelayPlan to(List<Target> targets) {
        return new RelayPlan(List.copyOf(targets), null, null, null, false, List.of());
    }

    /** Returns a plan with one group of targets, like {@link #to(List)}. */
    public static RelayPlan to(Target... targets) {
        return to(List.of(targets));
    }

    /**
     * Returns a plan whose targets the proxy determines itself after the remaining stages: the bindings of the called
     * user, or the Request-URI if that is not a user of this proxy (RFC 3261 §16.5). The rules that prevent an open
     * relay apply. Only the first group of a plan can be of this kind.
     */
    public static RelayPlan toCallee() {
        return new RelayPlan(null, null, null, null, false, List.of());
    }

    /**
     * Limits how long the group may ring. When the time expires, its branches are cancelled and have failed with
     * {@link FailureCause#NO_ANSWER} and 408. The time starts when the group is tried, and covers all of its q values.
     * It starts again for the targets of redirections. A request other than INVITE cannot be cancelled: a target that
     * was slow may process a MESSAGE that another target has got too.
     *
     * @param limit 100 ms to 1 h. Timer C (RFC 3261 §16.6 step 11) still applies. Default: no limit but Timer C
     * @throws IllegalArgumentException if the limit is out of range
     * @throws IllegalStateException if the plan already has a rule
     */
    public RelayPlan ringFor(Duration limit) {
        requireNoRule("ringFor");
        if (limit.compareTo(SHORTEST_RING) < 0 || limit.compareTo(LONGEST_RING) > 0) {
            throw new IllegalArgumentException("ringFor: " + limit.toMillis() + " ms (expected 100 ms to 1 h)");
        }
        return new RelayPlan(targets, limit, silence, edit, followsRedirects, rules);
    }

    /**
     * Limits how long a target may be silent. A branch of this group without any response, not even 100 (Trying), has
     * then failed with {@link FailureCause#UNREACHABLE} and 408. Use it if another gateway should be tried soon:
     * without it, a server that does not run is given up after Timer B, 32 s by default. The time starts when the group
     * is tried.
     *
     * @param limit 100 ms to 32 s. Default: none, so that Timer B or F decides
     * @throws IllegalArgumentException if the limit is out of range
     * @throws IllegalStateException if the plan already has a rule
     */
    public RelayPlan respondWithin(Duration limit) {
        requireNoRule("respondWithin");
        if (limit.compareTo(SHORTEST_RING) < 0 || limit.compareTo(LONGEST_SILENCE) > 0) {
            throw new IllegalArgumentException("respondWithin: " + limit.toMillis() + " ms (expected 100 ms to 32 s)");
        }
        return new RelayPlan(targets, ringTime, limit, edit, followsRedirects, rules);
    }

    /**
     * Edits the request for the branches of this group, after the edits that the plan has already; see
     * {@link BranchEdit}.
     *
     * @throws IllegalStateException if the plan already has a rule
     */
    public RelayPlan edit(BranchEdit next) {
        Objects.requireNonNull(next, "next");
        requireNoRule("edit");
        BranchEdit first = edit;
        BranchEdit both = first == null ? next : (request, target) -> next.edit(first.edit(request, target), target);
        return new RelayPlan(targets, ringTime, silence, both, followsRedirects, rules);
    }

    /**
     * Sets a header in the requests of this group. Replaces all headers of that name.
     *
     * @throws IllegalArgumentException if {@code name} is not a header name, if it names a header that the proxy writes
     *     or that identifies the dialog, or if the value holds CR, LF or NUL
     * @throws IllegalStateException if the plan already has a rule
     */
    public RelayPlan withHeader(String name, String value) {
        HeaderName header = HeaderName.of(name);
        if (OWN_HEADERS.contains(header)) {
            throw new IllegalArgumentException("name: " + name + " is written by the proxy or identifies the dialog");
        }
        checkValue(value);
        requireNoRule("withHeader");
        return edit((request, target) -> request.withHeader(header, value));
    }

    private static void checkValue(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\r' || c == '\n' || c == 0) {
                throw new IllegalArgumentException("value: holds a line end or NUL at character " + i);
            }
        }
    }

    /**
     * Tries the Contacts of a 3xx instead of passing the 3xx on (RFC 3261 §16.5, §16.7 step 4), when all other targets
     * of the group have failed, and not after a 6xx. Each URI is tried once per request. At most 10 redirected targets
     * are tried per request, bindings included. Contacts with a lower q are tried when those with a higher q have
     * failed. A Contact that names a user of this proxy stands for that user's bindings; the request stages do not run
     * again. Another {@code sip:} or {@code sips:} Contact is followed only if the caller may call it directly, and on
     * the caller's behalf: the address policy for the caller's requests applies.
     *
     * <p>If nothing can be followed, the 3xx counts as a response of the group, with the cause
     * {@link FailureCause#REDIRECTED}, or {@link FailureCause#NOT_REGISTERED} if it names a user of this proxy without
     * a binding. A 3xx that names only targets of the request counts only if the group has no other response.
     *
     * @throws IllegalStateException if the plan already has a rule
     */
    public RelayPlan followRedirects() {
        requireNoRule("followRedirects");
        return new RelayPlan(targets, ringTime, silence, edit, true, rules);
    }

    /**
     * Rejects an option of the first group that is set after a rule: a reader would take it for an option of the rule.
     */
    private void requireNoRule(String option) {
        if (!rules.isEmpty()) {
            throw new IllegalStateException(option + ": is about the first group of targets, so set it before the first"
                    + " rule; for the targets of a rule, pass a plan to relay(…)");
        }
    }

    /** Begins a rule for failures with one of these causes. */
    public OnFailure onFailure(FailureCause first, FailureCause... more) {
        return new OnFailure(this, EnumSet.of(first, more), Set.of());
    }

    /**
     * Begins a rule for failures with one of these status codes, received or locally generated.
     *
     * @throws IllegalArgumentException if a status code is outside 300 to 699
     */
    public OnFailure onStatus(int first, int... more) {
        Set<Integer> codes = IntStream.concat(IntStream.of(first), IntStream.of(more))
                .boxed()
                .collect(Collectors.toSet());
        codes.forEach(FailureCause::ofStatus);
        return new OnFailure(this, Set.of(), codes);
    }

    /** Begins a rule for every failure. */
    public OnFailure onAnyFailure() {
        return new OnFailure(this, EnumSet.allOf(FailureCause.class), Set.of());
    }

    /** The first half of a rule; its methods return the plan with the whole rule. */
    public static final class OnFailure {

        private final RelayPlan plan;
        private final Set<FailureCause> causes;
        private final Set<Integer> statusCodes;

        private OnFailure(RelayPlan plan, Set<FailureCause> causes, Set<Integer> statusCodes) {
            this.plan = plan;
            this.causes = Set.copyOf(causes);
            this.statusCodes = Set.copyOf(statusCodes);
        }

        /**
         * Relays to these targets.
         *
         * @throws IllegalArgumentException if there is no target
         */
        public RelayPlan relay(Target... targets) {
            if (targets.length == 0) {
                throw new IllegalArgumentException("targets: empty; respond(480) if there is no target");
            }
            return relay(RelayPlan.to(targets));
        }

        /**
         * Continues with another plan.
         *
         * @throws IllegalArgumentException if it starts with {@link RelayPlan#toCallee}
         */
        public RelayPlan relay(RelayPlan next) {
            checkHasTargets(next);
            return add(new Reaction.Relay(next));
        }

        /**
         * Responds with the registered reason phrase.
         *
         * @param statusCode 300 to 699
         * @throws IllegalArgumentException if the status code is outside 300 to 699
         */
        public RelayPlan respond(int statusCode) {
            FailureCause.ofStatus(statusCode); // checks the range
            return add(new Reaction.Respond((Verdict.Respond) Verdict.respond(statusCode)));
        }

        /**
         * Responds with additional header lines, each {@code Name: value} without a line end.
         *
         * @param statusCode 300 to 699
         * @throws IllegalArgumentException if the status code is outside 300 to 699, or a text holds CR, LF or NUL
         */
        public RelayPlan respond(int statusCode, String reason, String... headerLines) {
            FailureCause.ofStatus(statusCode);
            return add(new Reaction.Respond((Verdict.Respond) Verdict.respond(statusCode, reason, headerLines)));
        }

        /** Lets a stage decide. */
        public RelayPlan decide(FailureStage stage) {
            return add(new Reaction.Decide(Objects.requireNonNull(stage, "stage")));
        }

        private RelayPlan add(Reaction reaction) {
            List<Rule> all = new ArrayList<>(plan.rules);
            all.add(new Rule(causes, statusCodes, reaction));
            return new RelayPlan(
                    plan.targets, plan.ringTime, plan.silence, plan.edit, plan.followsRedirects, List.copyOf(all));
        }
    }

    static void checkHasTargets(RelayPlan plan) {
        if (plan.isToCallee()) {
            throw new IllegalArgumentException(
                    "plan: toCallee() after a failure; give targets, such as those of context.bindings(aor)");
        }
    }

    /**
     * Rule of a plan: the failures that it is for, and the reaction to them.
     *
     * @param causes causes that the rule is for
     * @param statusCodes status codes that the rule is for, in addition to the causes
     * @param reaction what follows
     */
    public record Rule(Set<FailureCause> causes, Set<Integer> statusCodes, Reaction reaction) {

        /** Returns true if the rule is for this failure. */
        public boolean matches(FailureCause cause, int statusCode) {
            return causes.contains(cause) || statusCodes.contains(statusCode);
        }
    }

    /** The second half of a {@link Rule}. */
    public sealed interface Reaction {

        /** Continues with another plan. */
        record Relay(RelayPlan plan) implements Reaction {}

        /** Responds. */
        record Respond(Verdict.Respond response) implements Reaction {}

        /** Lets a stage decide. */
        record Decide(FailureStage stage) implements Reaction {}
    }

    /** Returns the targets of the first group; empty for {@link #toCallee}. */
    public List<Target> targets() {
        List<Target> given = targets;
        return given == null ? List.of() : given;
    }

    /** Returns true if the proxy determines the targets. */
    public boolean isToCallee() {
        return targets == null;
    }

    /** Returns how long the first group may ring. */
    public Optional<Duration> ringTime() {
        return Optional.ofNullable(ringTime);
    }

    /** Returns how long the targets of the first group may be silent. */
    public Optional<Duration> silenceLimit() {
        return Optional.ofNullable(silence);
    }

    /** Returns the edit of the first group's requests. */
    public Optional<BranchEdit> branchEdit() {
        return Optional.ofNullable(edit);
    }

    /** Returns true if redirections of the first group are followed. */
    public boolean followsRedirects() {
        return followsRedirects;
    }

    /** Returns the rules for failures of the first group. */
    public List<Rule> rules() {
        return rules;
    }

    /** Returns the reaction to a failure of the first group; empty if no rule matches. */
    public Optional<Reaction> reactionTo(FailureCause cause, int statusCode) {
        for (Rule rule : rules) {
            if (rule.matches(cause, statusCode)) {
                return Optional.of(rule.reaction());
            }
        }
        return Optional.empty();
    }

    /** Returns true if the plan consists of its targets only, tried as {@link Verdict#relay(List)} tries them. */
    public boolean isPlain() {
        return targets != null
                && !targets.isEmpty()
                && ringTime == null
                && silence == null
                && edit == null
                && !followsRedirects
                && rules.isEmpty();
    }

    @Override
    public String toString() {
        return "RelayPlan[" + (isToCallee() ? "callee" : targets()) + ", " + rules.size() + " rules]";
    }
}
