package org.sipproxy.core.internal.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.explain.Explanation.Decision;
import org.sipproxy.api.explain.Explanation.Detail;

/**
 * Record of a rehearsed request. The stages decide about it as about any other request, and note here what they decide
 * and why instead of having effects. Used by one thread at a time.
 */
public final class Rehearsal {

    /** Details of one decision. A user has fewer bindings; the text of a request must not make an explanation grow. */
    private static final int MOST_DETAILS = 100;

    /** Characters of a value. */
    private static final int LONGEST_VALUE = 1_024;

    private final @Nullable String assumedUser;
    private final Function<HostStage, Outcome> waitingStages;
    private final List<Decision> decisions = new ArrayList<>();
    private List<Detail> details = new ArrayList<>();

    /**
     * @param assumedUser digest user whose proof is assumed; null for none
     * @param waitingStages runs a stage of the host application that waits, within its time limit
     */
    public Rehearsal(@Nullable String assumedUser, Function<HostStage, Outcome> waitingStages) {
        this.assumedUser = assumedUser;
        this.waitingStages = waitingStages;
    }

    @Nullable
    String assumedUser() {
        return assumedUser;
    }

    Outcome waitFor(HostStage stage) {
        return waitingStages.apply(stage);
    }

    /** Adds a detail to the next decision. */
    public void note(String name, String value) {
        if (details.size() < MOST_DETAILS) {
            details.add(new Detail(
                    name, value.length() <= LONGEST_VALUE ? value : value.substring(0, LONGEST_VALUE) + "…"));
        }
    }

    /** Adds a decision with the details noted since the one before. */
    public void decided(String stage, String outcome) {
        decisions.add(new Decision(stage, outcome, details));
        details = new ArrayList<>();
    }

    /** Returns the decisions so far, in order. */
    public List<Decision> decisions() {
        return List.copyOf(decisions);
    }
}
