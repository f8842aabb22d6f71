package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.sipproxy.jdbc.OpenCalls.End;
import org.sipproxy.jdbc.OpenCalls.Ended;

class OpenCallsTest {

    private final AtomicLong nanos = new AtomicLong();
    private final List<CallKey> timedOut = new ArrayList<>();
    private final OpenCalls calls =
            new OpenCalls(100, Duration.ofHours(1), nanos::get, (key, call) -> timedOut.add(key));

    private static OpenCalls.Call call(long startMillis) {
        return new OpenCalls.Call(startMillis, startMillis, "caller", "callee", new String[0]);
    }

    private static CallKey key(String id, String tag, String otherTag) {
        return CallKey.of(id, tag, otherTag);
    }

    private Ended bye(String id, String fromTag, String toTag) {
        return calls.ended(key(id, fromTag, toTag));
    }

    @Test
    void byeOfEitherSideFindsItsCallOnce() {
        OpenCalls.Call first = call(1);
        OpenCalls.Call second = call(2);
        calls.answered(key("id", "caller", "callee"), first);
        calls.answered(key("id2", "caller", "callee"), second);

        assertThat(bye("id", "callee", "caller")).isEqualTo(new Ended(End.NOW, first));
        assertThat(bye("id2", "caller", "callee")).isEqualTo(new Ended(End.NOW, second));
        assertThat(bye("id", "caller", "callee")).isEqualTo(new Ended(End.BEFORE, null));
        assertThat(bye("id3", "caller", "callee")).isEqualTo(new Ended(End.UNKNOWN, null));
        assertThat(bye("id3", "callee", "caller")).isEqualTo(new Ended(End.BEFORE, null));
    }

    @Test
    void restoredCallEndsAfterTheRestOfTheLongestDuration() {
        CallKey old = key("old", "a", "b");
        CallKey ended = key("ended", "a", "b");
        calls.ended(ended);
        calls.restored(old, call(1), Duration.ofMinutes(50));
        calls.restored(ended, call(2), Duration.ofMinutes(1));
        calls.answered(key("new", "a", "b"), call(3));
        assertThat(calls.size()).isEqualTo(2);

        nanos.addAndGet(Duration.ofMinutes(11).toNanos());
        calls.sweep();

        assertThat(timedOut).containsExactly(old);
        assertThat(calls.size()).isEqualTo(1);
    }
}
