package org.sipproxy.api.routing;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.sipproxy.message.Method;

/** A request stage with another name, set of methods or limits. */
class ConfiguredStage implements RequestStage {

    final RequestStage stage;
    private final String name;
    private final Set<Method> methods;
    private final Optional<Duration> timeLimit;
    private final int concurrencyLimit;
    private final boolean mayBlock;
    private final boolean rehearsable;

    private ConfiguredStage(
            RequestStage stage,
            String name,
            Set<Method> methods,
            Optional<Duration> timeLimit,
            int concurrencyLimit,
            boolean mayBlock,
            boolean rehearsable) {
        this.mayBlock = mayBlock;
        this.rehearsable = rehearsable;
        this.stage = stage;
        this.name = name;
        this.methods = methods;
        this.timeLimit = timeLimit;
        this.concurrencyLimit = concurrencyLimit;
    }

    static RequestStage named(RequestStage stage, String name) {
        return of(
                stage,
                StageNames.require(name),
                stage.methods(),
                stage.timeLimit(),
                stage.concurrencyLimit(),
                stage.mayBlock(),
                stage.isRehearsable());
    }

    static RequestStage on(RequestStage stage, Set<Method> methods) {
        if (methods.isEmpty()) {
            throw new IllegalArgumentException("methods: empty (expected at least one)");
        }
        return of(
                stage,
                stage.name(),
                Set.copyOf(methods),
                stage.timeLimit(),
                stage.concurrencyLimit(),
                stage.mayBlock(),
                stage.isRehearsable());
    }

    static RequestStage within(RequestStage stage, Duration limit) {
        Objects.requireNonNull(limit, "limit");
        if (limit.compareTo(Duration.ofMillis(10)) < 0 || limit.compareTo(Duration.ofSeconds(30)) > 0) {
            throw new IllegalArgumentException("limit: " + limit.toMillis() + " ms (expected 10 ms to 30 s)");
        }
        return of(
                stage,
                stage.name(),
                stage.methods(),
                Optional.of(limit),
                stage.concurrencyLimit(),
                stage.mayBlock(),
                stage.isRehearsable());
    }

    static RequestStage atMost(RequestStage stage, int requests) {
        if (requests < 1 || requests > 100_000) {
            throw new IllegalArgumentException("requests: " + requests + " (expected 1 to 100000)");
        }
        return of(
                stage,
                stage.name(),
                stage.methods(),
                stage.timeLimit(),
                requests,
                stage.mayBlock(),
                stage.isRehearsable());
    }

    static RequestStage withoutBlocking(RequestStage stage) {
        return of(
                stage,
                stage.name(),
                stage.methods(),
                stage.timeLimit(),
                stage.concurrencyLimit(),
                false,
                stage.isRehearsable());
    }

    static RequestStage rehearsable(RequestStage stage) {
        return of(
                stage,
                stage.name(),
                stage.methods(),
                stage.timeLimit(),
                stage.concurrencyLimit(),
                stage.mayBlock(),
                true);
    }

    private static RequestStage of(
            RequestStage stage,
            String name,
            Set<Method> methods,
            Optional<Duration> timeLimit,
            int concurrencyLimit,
            boolean mayBlock,
            boolean rehearsable) {
        RequestStage inner = stage instanceof ConfiguredStage configured ? configured.stage : stage;
        return inner instanceof AsyncRequestStage async
                ? new Async(async, name, methods, timeLimit, concurrencyLimit, rehearsable)
                : new ConfiguredStage(inner, name, methods, timeLimit, concurrencyLimit, mayBlock, rehearsable);
    }

    /** The same around an asynchronous stage. */
    private static final class Async extends ConfiguredStage implements AsyncRequestStage {

        private final AsyncRequestStage async;

        Async(
                AsyncRequestStage async,
                String name,
                Set<Method> methods,
                Optional<Duration> timeLimit,
                int concurrencyLimit,
                boolean rehearsable) {
            super(async, name, methods, timeLimit, concurrencyLimit, false, rehearsable);
            this.async = async;
        }

        @Override
        public CompletionStage<Verdict> handleAsync(StageContext context) throws Exception {
            return async.handleAsync(context);
        }

        @Override
        public Verdict handle(StageContext context) throws Exception {
            return async.handle(context);
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    @Override
    public Verdict handle(StageContext context) throws Exception {
        return stage.handle(context);
    }

    @Override
    public Verdict handleAtOnce(StageContext context) throws Exception {
        return stage.handleAtOnce(context);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean mayBlock() {
        return mayBlock;
    }

    @Override
    public boolean isRepeatable() {
        return stage.isRepeatable();
    }

    @Override
    public boolean isRehearsable() {
        return rehearsable;
    }

    @Override
    public Set<Method> methods() {
        return methods;
    }

    @Override
    public Optional<Duration> timeLimit() {
        return timeLimit;
    }

    @Override
    public int concurrencyLimit() {
        return concurrencyLimit;
    }
}
