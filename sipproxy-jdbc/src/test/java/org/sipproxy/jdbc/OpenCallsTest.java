package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class OpenCallsTest {

    private final OpenCalls calls = new OpenCalls(100, Duration.ofHours(1), Ticker.systemTicker());

    private static OpenCalls.Call call(long startMillis) {
        return new OpenCalls.Call(startMillis, new String[0]);
    }

    @Test
    void byeOfEitherSideFindsItsCall() {
        calls.answered("id", "caller", "callee", call(1));
        calls.answered("id2", "caller", "callee", call(2));

        assertThat(calls.ended("id", "callee", "caller"))
                .extracting(OpenCalls.Call::startMillis)
                .isEqualTo(1L);
        assertThat(calls.ended("id2", "caller", "callee"))
                .extracting(OpenCalls.Call::startMillis)
                .isEqualTo(2L);
        assertThat(calls.ended("id", "caller", "callee")).isNull();
    }

    @Test
    void callWithVeryLongTextsIsAccountedAndTellsFromOthers() {
        String id = "i".repeat(50_000);
        String tag = "t".repeat(5_000);
        calls.answered(id + "1", tag + "1", tag + "2", call(1));
        calls.answered(id + "2", tag + "1", tag + "2", call(2));

        assertThat(calls.ended(id + "2", tag + "2", tag + "1"))
                .extracting(OpenCalls.Call::startMillis)
                .isEqualTo(2L);
        assertThat(calls.ended(id + "1", tag + "2", tag + "1"))
                .extracting(OpenCalls.Call::startMillis)
                .isEqualTo(1L);
        assertThat(calls.ended(id + "3", tag + "2", tag + "1")).isNull();
    }
}
