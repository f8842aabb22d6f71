package org.sipproxy.api.routing;

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/**
 * Request stage whose verdict arrives later, for example with the response of an HTTP client. It occupies no thread
 * meanwhile.
 *
 * <pre>{@code
 * builder.beforeRouting(RequestStage.onInvite(AsyncRequestStage.of(context -> crm.ownerOf(context.request().from())
 *         .thenApply(owner -> Verdict.relay(Target.of(owner)))))
 *     .named("crm").within(Duration.ofSeconds(2)))
 * }</pre>
 *
 * <p>{@link #handleAsync} is called on a receiver thread or on a thread of blocking stages, and must return at once.
 * The context stays valid until the returned {@code CompletionStage} completes, on any thread, but for one thread at a
 * time. {@link StageContext#bindings} may wait for a database. The pipeline then continues on a thread of the proxy,
 * whichever thread completed it. After the time limit, or if the caller has cancelled, a completion has no effect, and
 * the returned {@code CompletionStage} is cancelled if it is a {@link java.util.concurrent.Future}.
 */
@FunctionalInterface
public interface AsyncRequestStage extends RequestStage {

    /** Returns {@code stage}: gives a lambda its type. */
    static AsyncRequestStage of(AsyncRequestStage stage) {
        return stage;
    }

    /**
     * Starts to decide about one request.
     *
     * @return completes with what happens next; never null. If it completes with an exception, the effect is the same
     *     as if {@link RequestStage#handle} threw it
     * @throws Exception if the stage fails at once
     */
    CompletionStage<Verdict> handleAsync(StageContext context) throws Exception;

    /** Waits for the verdict of {@link #handleAsync}. For unit tests; the proxy does not call it. */
    @Override
    @SuppressWarnings("FunctionalInterfaceMethodChanged") // the proxy calls handleAsync, whatever the lambda's type
    default Verdict handle(StageContext context) throws Exception {
        try {
            return handleAsync(context).toCompletableFuture().get();
        } catch (ExecutionException | CompletionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Returns false, because {@link #handleAsync} does not block. */
    @Override
    default boolean mayBlock() {
        return false;
    }
}
