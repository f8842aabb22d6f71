package org.sipproxy.api.routing;

/**
 * One stage of the routing pipeline for requests. Stages run in order, and each sees the request as the stages before
 * it left it.
 *
 * <p>Threads: calls for one request never overlap; calls for different requests do. A stage that may block runs on the
 * proxy's worker threads. A stage that says it does not block runs on a receiver thread and must return within
 * microseconds. An exception is logged with {@link #name()}, and the request gets a 500; nothing else is affected.
 */
@FunctionalInterface
public interface RequestStage {

    /**
     * Decides about one request.
     *
     * @return what happens next; never null
     * @throws Exception if the stage fails; the request then gets a 500
     */
    Verdict handle(StageContext context) throws Exception;

    /** Returns the stage's name for logs. Default: the simple class name. */
    default String name() {
        String name = getClass().getSimpleName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : name.substring(0, lambda) + " (lambda)";
    }

    /** Returns true if {@link #handle} may wait for anything. Called once. Default true, which is always safe. */
    default boolean mayBlock() {
        return true;
    }

    /**
     * Decides about one request as {@link #handle} does, but without waiting. Implement it in a stage that rarely has
     * to wait: the hand-over to a worker thread costs more than most routing. Called on a receiver thread, and only if
     * {@link #mayBlock()} is true. A stage that would have to wait throws {@link NeedsWorkerException} and must not
     * have changed anything; the proxy then calls {@code handle} on a worker thread. Default: throws it.
     *
     * @return what happens next; never null
     * @throws NeedsWorkerException if the decision has to wait
     * @throws Exception as {@code handle}
     */
    default Verdict handleAtOnce(StageContext context) throws Exception {
        throw new NeedsWorkerException();
    }

    /**
     * Returns true if the stage may see a request twice without harm. That happens when the client retransmits a
     * request for which the proxy created no transaction. If all stages that saw a request are repeatable, a response
     * to it needs no transaction. Default false.
     */
    default boolean isRepeatable() {
        return false;
    }
}
