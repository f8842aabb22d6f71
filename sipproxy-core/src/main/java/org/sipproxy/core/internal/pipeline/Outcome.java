package org.sipproxy.core.internal.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.StatusCode;

/** Decision of a stage: a {@link Verdict} whose header lines are already bytes. */
public sealed interface Outcome {

    static Outcome proceed() {
        return Proceed.INSTANCE;
    }

    /** Returns an outcome without a response; {@code why} is for the log. */
    static Outcome discard(String why) {
        return new Discard(why);
    }

    static Respond respond(int statusCode) {
        return new Respond(statusCode, StatusCode.reasonPhrase(statusCode), Respond.NO_LINES);
    }

    static Respond respond(int statusCode, String reason, String... headerLines) {
        return new Respond(statusCode, reason, lines(List.of(headerLines)));
    }

    /**
     * Returns the refusal of a malformed request: its status, and a Warning that says what is wrong where (RFC 3261
     * §20.43).
     */
    static Respond malformed(SipParseException e) {
        String text = String.valueOf(e.getMessage()).replace('"', '\'').replace('\\', '/');
        return respond(
                e.statusCode(), StatusCode.reasonPhrase(e.statusCode()), "Warning: 399 sipproxy \"" + text + "\"");
    }

    /** Returns the refusal of a request while something that it needs is unavailable (§21.5.4). */
    static Respond unavailable(TemporarilyUnavailableException e) {
        return respond(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: " + e.retryAfterSeconds());
    }

    static Outcome relay(Target target) {
        return relay(List.of(target));
    }

    static Outcome relay(List<Target> targets) {
        return new Relay(targets, null, null);
    }

    static Outcome relay(RelayPlan plan) {
        if (plan.isPlain()) {
            return relay(plan.targets());
        }
        boolean lacksTargets = plan.targets().isEmpty() && !plan.isToCallee();
        return new Relay(plan.targets(), plan, lacksTargets ? Unavailable.NOT_REGISTERED : null);
    }

    /** Converts the verdict of a stage of the host application or an add-on. */
    static Outcome of(Verdict verdict) {
        if (verdict instanceof Verdict.Proceed) {
            return proceed();
        } else if (verdict instanceof Verdict.Respond respond) {
            return new Respond(respond.statusCode(), respond.reason(), lines(respond.headerLines()));
        } else if (verdict instanceof Verdict.Relay relay) {
            return relay(relay.plan());
        } else if (verdict instanceof Verdict.Discard) {
            return discard("discarded by a stage");
        }
        throw new IllegalStateException(
                "verdict of an unhandled type: " + verdict.getClass().getName());
    }

    /**
     * Returns the outcome of a stage that would have to wait on a thread that must not. The pipeline resumes at this
     * stage when it runs again on a worker.
     */
    static Outcome blocked() {
        return Blocked.INSTANCE;
    }

    /** Returns the outcome of a stage of the host application that decides on another thread, or later. */
    static Outcome awaits(HostStage stage) {
        return new Awaits(stage);
    }

    private static byte[] lines(List<String> headerLines) {
        if (headerLines.isEmpty()) {
            return Respond.NO_LINES;
        }
        return (String.join("\r\n", headerLines) + "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    /** The next stage decides. */
    enum Proceed implements Outcome {
        INSTANCE
    }

    /** To be resumed on a worker. */
    enum Blocked implements Outcome {
        INSTANCE
    }

    /** No response is sent. */
    record Discard(String why) implements Outcome {}

    /** A final response; each header line ends with CR LF. */
    record Respond(int statusCode, String reason, byte[] headerLines) implements Outcome {
        static final byte[] NO_LINES = {};
    }

    /** The stage decides on a thread of blocking stages, or later. The pipeline resumes with the stage's outcome. */
    record Awaits(HostStage stage) implements Outcome {}

    /** Cause of a missing target, and the status of the response if the plan has no rule for that cause. */
    record Unavailable(FailureCause cause, int statusCode) {
        static final Unavailable NOT_REGISTERED =
                new Unavailable(FailureCause.NOT_REGISTERED, StatusCode.TEMPORARILY_UNAVAILABLE);
    }

    /**
     * The request is relayed.
     *
     * @param targets the targets of the first group; empty if the plan's first group has failed already, or if the
     *     following stages determine them
     * @param plan how they are tried, and what happens if they fail; null for RFC 3261 §16.7 alone
     * @param unavailable why there is no target; null if there is one
     */
    record Relay(
            List<Target> targets,
            @Nullable RelayPlan plan,
            @Nullable Unavailable unavailable) implements Outcome {

        /** Returns true if the following stages determine the targets. */
        boolean isToCallee() {
            return plan != null && plan.isToCallee() && targets.isEmpty() && unavailable == null;
        }
    }
}
