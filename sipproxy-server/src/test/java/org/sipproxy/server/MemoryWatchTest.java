package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class MemoryWatchTest {

    /** Program that fills the heap and keeps it full. */
    static final class Hog {

        private static final AtomicLong ERRORS = new AtomicLong();
        private static final List<byte[]> KEPT = new ArrayList<>(1_000_000);

        private Hog() {}

        public static void main(String[] args) throws InterruptedException {
            MemoryWatch.begin(ERRORS::get);
            for (int size = 1 << 20; size > 0; size /= 2) {
                fill(size);
            }
            Thread.sleep(Long.MAX_VALUE);
        }

        private static void fill(int size) {
            try {
                while (true) {
                    KEPT.add(new byte[size]);
                }
            } catch (OutOfMemoryError e) {
                ERRORS.incrementAndGet(); // smaller arrays may still fit
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseG1GC"})
    void aFullHeapEndsTheProcessWithOneLine(String collector) throws Exception {
        try (JavaProcess hog = JavaProcess.start(List.of("-Xmx48m", collector), Hog.class)) {
            assertThat(hog.awaitExit()).isEqualTo(1);
            assertThat(hog.err())
                    .containsExactly(
                            "sipproxy: out of memory, and the heap remains full; exiting with status 1. Increase"
                                    + " -Xmx.");
        }
    }

    @Test
    void errorsWithFreeMemoryDoNotEndTheProcess() {
        AtomicLong errors = new AtomicLong();
        MemoryWatch watch = new MemoryWatch(errors::incrementAndGet);

        for (int i = 0; i < 10; i++) {
            watch.look(); // halts the JVM of the test on a failure
        }

        assertThat(errors).hasValue(10);
    }
}
