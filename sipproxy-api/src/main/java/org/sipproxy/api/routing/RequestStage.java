package org.sipproxy.api.routing;

/**
 * One step of the routing pipeline for requests. Steps run in order, in direct style, each on the request that the ones
 * before it left.
 *
 * <p>Threads: calls for one request never overlap; calls for different requests do. A step that may block runs on the
 * proxy's worker threads; one that says it does not runs on a receiver thread and must return within microseconds. An exception
 * is answered with 500 and logged with {@link #name()}; nothing else is affected.
 */
@FunctionalInterface
public interface RequestStage {

    /**
     * Decides about one request.
     *
     * @return what happens next; never null
     * @throws Exception for a failure of the step, which is answered with 500
     */
    Verdict handle(StageContext context) throws Exception;

    /** What the step is called in logs. Default the simple class name. */
    default String name() {
        String name = getClass().getSimpleName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : name.substring(0, lambda) + " (lambda)";
    }

    /** True if {@link #handle} may wait for anything. Default true, the safe one. Asked once. */
    default boolean mayBlock() {
        return true;
    }

    /**
     * Decides about one request as {@link #handle} does, but without waiting for anything: for a stage that mostly need not wait,
     * because a hand-over to a worker thread costs more than most routing. Called on a receiver thread, and only if
     * {@link #mayBlock()} is true. If the stage would have to wait, it throws {@link NeedsWorkerException} and has changed nothing;
     * {@code handle} is then called on a worker thread. Default: throws it.
     *
     * @return what happens next; never null
     * @throws NeedsWorkerException if the decision has to wait
     * @throws Exception as {@code handle}
     */
    default Verdict handleAtOnce(StageContext context) throws Exception {
        throw new NeedsWorkerException();
    }

    /**
     * True if it does no harm to be shown a request twice, when the client repeats it and no transaction was made for it: so a
     * step that only looks costs no transaction for what is answered without one. Default false.
     */
    default boolean isRepeatable() {
        return false;
    }
}
