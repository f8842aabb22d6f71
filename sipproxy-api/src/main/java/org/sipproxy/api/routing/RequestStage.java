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

    /** True if {@link #handle} may wait for anything. Default true, the safe one. */
    default boolean mayBlock() {
        return true;
    }
}
