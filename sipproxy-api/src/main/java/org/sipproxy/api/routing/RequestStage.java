package org.sipproxy.api.routing;

/**
 * One step of the routing pipeline for requests. Steps run in order, in direct style, each on the request that the ones
 * before it left.
 *
 * <p>Threads: calls for one request never overlap; calls for different requests do. A step that may block runs on the
 * proxy's worker threads; one that says it does not runs on an event loop and must return within microseconds. An exception
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
     * True if {@link #handle} may wait for anything with this request: a hand-over to a worker thread costs more than most
     * routing. Asked just before {@code handle}, on an event loop, and only if {@link #mayBlock()} is true; it must not wait
     * itself. Default true.
     */
    default boolean mayBlock(StageContext context) {
        return true;
    }

    /**
     * True if it does no harm to be shown a request twice, when the client repeats it and no transaction was made for it: so a
     * step that only looks costs no transaction for what is answered without one. Default false.
     */
    default boolean isRepeatable() {
        return false;
    }
}
