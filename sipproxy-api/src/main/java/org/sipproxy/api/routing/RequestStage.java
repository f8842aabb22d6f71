package org.sipproxy.api.routing;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.message.Method;

/**
 * One stage of the routing pipeline for requests. Stages run in order, and each sees the request as the stages before
 * it left it.
 *
 * <p>Threads: calls for one request never overlap; calls for different requests do. A stage that may block runs on
 * separate threads: virtual threads, a pool, or the executor that the host passes to
 * {@code SipProxyBuilder.stageExecutor}. It does not delay requests that do not pass it, and requests of one Call-ID
 * pass it in the order in which they arrived. A stage that says it does not block runs on a receiver thread and must
 * return within microseconds. {@link AsyncRequestStage} decides later without a thread. An exception is logged with
 * {@link #name()}, and the request gets a 500; nothing else is affected.
 *
 * <p>If the caller cancels an INVITE while a stage that may block decides, the INVITE gets its 487 at once. The stage's
 * thread is interrupted, and its verdict has no effect.
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
        return StageNames.of(getClass());
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

    /**
     * Returns true if {@code SipProxy.explain} may run the stage, on the thread of its caller or one of the stages: the
     * stage has no effects, or none while {@link StageContext#isRehearsal()} is true. A stage that must not run is
     * passed over, as if it had passed the request on. Called once. Default false.
     */
    default boolean isRehearsable() {
        return false;
    }

    /** Returns the methods for which the stage runs; empty for all, which is the default. Called once. */
    default Set<Method> methods() {
        return Set.of();
    }

    /**
     * Returns how long the stage may take for one request if it blocks or decides asynchronously. After that the
     * request gets 503 with Retry-After, and a blocking stage is interrupted. Called once. Default empty: what
     * {@code SipProxyBuilder.waitLimit} leaves to the request.
     */
    default Optional<Duration> timeLimit() {
        return Optional.empty();
    }

    /**
     * Returns how many requests may be in the stage at a time, or wait for it, if it blocks or decides asynchronously.
     * A request beyond that gets 503 with Retry-After. Called once. Default 200.
     */
    default int concurrencyLimit() {
        return 200;
    }

    /**
     * Returns a stage that runs only for INVITE. Includes re-INVITE if the place in the pipeline sees in-dialog
     * requests.
     *
     * <pre>{@code
     * builder.beforeRouting(RequestStage.onInvite(this::route).named("crm").within(Duration.ofSeconds(2)).atMost(50))
     * }</pre>
     */
    static RequestStage onInvite(RequestStage stage) {
        return ConfiguredStage.on(stage, Set.of(Method.INVITE));
    }

    /** Returns a stage that runs only for these methods. */
    static RequestStage on(Set<Method> methods, RequestStage stage) {
        return ConfiguredStage.on(stage, methods);
    }

    /**
     * Returns this stage with another name.
     *
     * @throws IllegalArgumentException if the name is empty
     */
    default RequestStage named(String name) {
        return ConfiguredStage.named(this, name);
    }

    /**
     * Returns this stage with another {@link #timeLimit()}.
     *
     * @param limit 10 ms to 30 s, and not above {@code SipProxyBuilder.waitLimit}
     * @throws IllegalArgumentException if the limit is out of range
     */
    default RequestStage within(Duration limit) {
        return ConfiguredStage.within(this, limit);
    }

    /**
     * Returns this stage with another {@link #concurrencyLimit()}.
     *
     * @param requests 1 to 100,000
     * @throws IllegalArgumentException if the number is out of range
     */
    default RequestStage atMost(int requests) {
        return ConfiguredStage.atMost(this, requests);
    }

    /**
     * Returns this stage as one that never waits: it runs on a receiver thread, and must return within microseconds.
     * For lambdas, which otherwise count as stages that may block.
     */
    default RequestStage withoutBlocking() {
        return ConfiguredStage.withoutBlocking(this);
    }

    /**
     * Returns this stage as one that {@code SipProxy.explain} may run; see {@link #isRehearsable()}. For lambdas
     * without effects, which otherwise are passed over.
     */
    default RequestStage rehearsable() {
        return ConfiguredStage.rehearsable(this);
    }
}
