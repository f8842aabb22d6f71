package org.sipproxy.core.internal.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class GuardTest {

    private final AtomicInteger lines = new AtomicInteger();

    /** A logger that runs out of memory too. */
    private final Logger failing = (Logger) Proxy.newProxyInstance(
            Logger.class.getClassLoader(), new Class<?>[] {Logger.class}, (proxy, method, args) -> {
                lines.incrementAndGet();
                throw new OutOfMemoryError("in the log call");
            });

    @Test
    void aSecondOutOfMemoryErrorInTheLogCallIsCaughtAndCounted() {
        long before = Guard.outOfMemoryErrors();
        Guard guard = new Guard(failing, "a test failed");

        assertThatCode(() -> guard.caught(new OutOfMemoryError("first"))).doesNotThrowAnyException();

        assertThat(lines).hasValue(1);
        assertThat(Guard.outOfMemoryErrors()).isGreaterThanOrEqualTo(before + 2);
    }

    @Test
    void anExceptionWhoseMessageThrowsIsCaughtToo() {
        Exception hostile = new Exception() {
            @Override
            public String getMessage() {
                throw new StackOverflowError("in getMessage");
            }
        };

        assertThatCode(() -> new Guard(failing, "a test failed").caught(hostile))
                .doesNotThrowAnyException();
        assertThatCode(() -> new FailureLog().warn(failing, "a test failed", hostile))
                .doesNotThrowAnyException();
    }

    @Test
    void onlyErrorsAreCounted() {
        long before = Guard.outOfMemoryErrors();

        Guard.count(new IllegalStateException("no Error"));
        Guard.count(new StackOverflowError("not a lack of heap"));

        assertThat(Guard.outOfMemoryErrors()).isEqualTo(before);
    }
}
