package org.sipproxy.core.internal.pipeline;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.message.SipParseException;

/** A stage that records what it decides. Passes over stages of the host application that must not be rehearsed. */
final class RehearsedStage implements Stage {

    private final Stage stage;

    RehearsedStage(Stage stage) {
        this.stage = stage;
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        Rehearsal rehearsal = Objects.requireNonNull(context.rehearsal(), "not a rehearsal");
        if (!stage.isRehearsable(context)) {
            rehearsal.decided(stage.name(), "passed over: it may have effects (RequestStage.isRehearsable)");
            return Outcome.proceed();
        }
        Outcome outcome;
        try {
            outcome = stage.rehearse(context);
            if (outcome instanceof Outcome.Awaits awaits) {
                outcome = rehearsal.waitFor(awaits.stage());
            }
        } catch (SipParseException e) {
            rehearsal.decided(stage.name(), text(Outcome.malformed(e), "malformed: " + e.getMessage()));
            throw e;
        } catch (RuntimeException | Error e) {
            rehearsal.decided(stage.name(), "failed: " + e);
            throw e;
        }
        rehearsal.decided(stage.name(), text(outcome, context.failure()));
        return outcome;
    }

    @Override
    public boolean isOfHost() {
        return stage.isOfHost();
    }

    /** Returns an outcome in a few words. */
    static String text(Outcome outcome, String why) {
        if (outcome instanceof Outcome.Respond response) {
            return "responds " + response.statusCode() + " " + response.reason() + because(why);
        } else if (outcome instanceof Outcome.Discard discard) {
            return "drops it: " + discard.why();
        } else if (outcome instanceof Outcome.Relay relay) {
            if (relay.isToCallee()) {
                return "passes, with a plan for the called user";
            }
            int targets = relay.targets().size();
            return targets == 0 ? "lets its plan decide" + because(why) : "relays to " + Quantity.of(targets, "target");
        }
        return "passes";
    }

    private static String because(@Nullable String why) {
        return why == null || why.isEmpty() ? "" : ": " + why;
    }

    @Override
    public String name() {
        return stage.name();
    }
}
