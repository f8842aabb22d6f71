package org.sipproxy.api.routing;

/**
 * Stage that decides what happens after a group of a {@link RelayPlan} has failed. It sees the results of all branches
 * and forwards the best response, responds, or relays to other targets.
 *
 * <p>The verdict means:
 *
 * <ul>
 *   <li>{@link Verdict#proceed()}: forward the best response (RFC 3261 §16.7 step 6)
 *   <li>{@link Verdict#respond(int)}: respond with this status instead
 *   <li>{@link Verdict#relay(RelayPlan)}: try other targets
 * </ul>
 *
 * <p>Threads: it runs on the threads of blocking stages, may block, and may take as long as
 * {@code SipProxyBuilder.waitLimit} allows. The proxy holds no lock. If the caller cancels meanwhile, a target that was
 * given up accepts the call, or the time is over, the verdict has no effect and the thread is interrupted. If the stage
 * throws, returns null or a verdict that is not listed, or takes too long, the failure is logged and the best response
 * is forwarded.
 */
@FunctionalInterface
public interface FailureStage {

    /**
     * Decides about a failed group.
     *
     * @return what happens next; never null
     * @throws Exception if the stage fails; the best response is then forwarded
     */
    Verdict handle(FailureContext context) throws Exception;

    /** Returns the stage's name for logs. Default: the simple class name. */
    default String name() {
        return StageNames.of(getClass());
    }

    /** Returns {@code stage}: gives a lambda its type. */
    static FailureStage of(FailureStage stage) {
        return stage;
    }

    /**
     * Returns this stage with another name.
     *
     * <pre>{@code
     * plan.onFailure(FailureCause.BUSY).decide(FailureStage.of(this::whenBusy).named("crm"))
     * }</pre>
     *
     * @throws IllegalArgumentException if the name is empty
     */
    default FailureStage named(String name) {
        return new NamedFailureStage(this, StageNames.require(name));
    }
}
