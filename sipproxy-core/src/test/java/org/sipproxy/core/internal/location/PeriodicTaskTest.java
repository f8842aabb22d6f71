package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.internal.guard.ProxyThreads;

class PeriodicTaskTest {

    @Test
    void firstRunHasHalfOfTheIntervalToEndInTime() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        try (PeriodicTask task =
                new PeriodicTask(ProxyThreads.named("sip"), "test", Duration.ofSeconds(4), ran::countDown)) {
            task.start();

            // otherwise it would not begin before four fifths of the interval
            assertThat(ran.await(3_100, TimeUnit.MILLISECONDS)).isTrue();
        }
    }
}
