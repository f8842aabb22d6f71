package org.sipproxy.api.routing;

import java.util.List;
import java.util.Objects;
import org.sipproxy.message.StatusCode;

/** A decision of a {@link RequestStage}: go on, respond, relay or discard. */
public sealed interface Verdict {

    /** Leaves the decision to the next stage. */
    static Verdict proceed() {
        return Proceed.INSTANCE;
    }

    /** Responds with the registered reason phrase. */
    static Verdict respond(int statusCode) {
        return new Respond(statusCode, StatusCode.reasonPhrase(statusCode), List.of());
    }

    /** Responds with additional header lines, each {@code Name: value} without a line end. */
    static Verdict respond(int statusCode, String reason, String... headerLines) {
        return new Respond(statusCode, reason, List.of(headerLines));
    }

    /**
     * Relays to these targets instead of looking up the request's target.
     *
     * @throws IllegalArgumentException if there is no target
     */
    static Verdict relay(Target... targets) {
        return relay(List.of(targets));
    }

    /**
     * Relays to these targets instead of looking up the request's target. For a list that may be empty, such as the
     * bindings of a user, use {@link RelayPlan#to(List)}.
     *
     * @throws IllegalArgumentException if there is no target
     */
    static Verdict relay(List<Target> targets) {
        if (targets.isEmpty()) {
            throw new IllegalArgumentException(
                    "targets: empty; respond with Verdict.respond(480) if there is no target");
        }
        return new Relay(RelayPlan.to(targets));
    }

    /** Relays by a plan: how long targets ring, and what happens if they fail. */
    static Verdict relay(RelayPlan plan) {
        return new Relay(plan);
    }

    /** Drops the request without a response. */
    static Verdict discard() {
        return Discard.INSTANCE;
    }

    /** No decision: the next stage runs. */
    final class Proceed implements Verdict {
        private static final Proceed INSTANCE = new Proceed();

        private Proceed() {}

        @Override
        public String toString() {
            return "Proceed";
        }
    }

    /**
     * A final response.
     *
     * @param statusCode 200 to 699
     * @param reason the reason phrase
     * @param headerLines {@code Name: value} without line ends, added to the response as they are
     */
    record Respond(int statusCode, String reason, List<String> headerLines) implements Verdict {

        /**
         * Checks the values.
         *
         * @throws IllegalArgumentException if the status code is outside 200 to 699, or a text holds CR, LF or NUL
         */
        public Respond {
            if (statusCode < 200 || statusCode > 699) {
                throw new IllegalArgumentException("statusCode: " + statusCode + " (expected 200 to 699)");
            }
            checkLine("reason", reason);
            headerLines = List.copyOf(headerLines);
            for (String line : headerLines) {
                checkLine("headerLines", line);
                if (line.indexOf(':') < 1) {
                    throw new IllegalArgumentException("headerLines: \"" + line + "\" (expected Name: value)");
                }
            }
        }

        private static void checkLine(String name, String text) {
            Objects.requireNonNull(text, name);
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (c == '\r' || c == '\n' || c == 0) {
                    throw new IllegalArgumentException(name + ": holds a line end or NUL at character " + i);
                }
            }
        }
    }

    /**
     * Relaying by a plan.
     *
     * @param plan the targets, and what happens if they fail
     */
    record Relay(RelayPlan plan) implements Verdict {

        /** Checks that there is a plan. */
        public Relay {
            Objects.requireNonNull(plan, "plan");
        }

        /** Returns the targets of the plan's first group. */
        public List<Target> targets() {
            return plan.targets();
        }
    }

    /** No response. */
    final class Discard implements Verdict {
        private static final Discard INSTANCE = new Discard();

        private Discard() {}

        @Override
        public String toString() {
            return "Discard";
        }
    }
}
