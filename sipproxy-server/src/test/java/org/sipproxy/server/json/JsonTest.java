package org.sipproxy.server.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JsonTest {

    enum Color {
        DARK_RED
    }

    record Sample(String text, Optional<String> some, Optional<String> none, Duration time, Instant at, Color color) {}

    @Test
    void recordsBecomeObjectsWithTheNamesOfTheirComponents() {
        Sample sample = new Sample(
                "a\"\\\n<&>",
                Optional.of("x"),
                Optional.empty(),
                Duration.ofMillis(1_500),
                Instant.parse("2026-01-31T12:00:00Z"),
                Color.DARK_RED);

        assertThat(Json.of(List.of(sample)))
                .isEqualTo("[{\"text\":\"a\\\"\\\\\\n<&>\",\"some\":\"x\",\"time\":1.5,\"at\":\"2026-01-31T12:00:00Z\","
                        + "\"color\":\"dark_red\"}]");
        assertThat(Json.of(Duration.ofSeconds(2))).isEqualTo("2");
    }

    @Test
    void onlyOneJsonValueOfTheStandardIsParsed() {
        assertThat(Json.parse(" {\"a\":[1]} ").getAsJsonObject().has("a")).isTrue();
        for (String text :
                List.of("", "{a:1}", "{\"a\":1} {}", "{'a':1}", "[1", "NaN", "{\"a\":1", "[".repeat(10_000))) {
            assertThatThrownBy(() -> Json.parse(text)).as(text).isInstanceOf(JsonParseException.class);
        }
    }
}
