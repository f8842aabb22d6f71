package org.sipproxy.server.json;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * JSON from records, maps, lists, texts, numbers and booleans. The names of an object are those of the record's
 * components. An {@link Instant} is a text such as {@code 2026-01-31T12:00:00Z}, a {@link Duration} a number of
 * seconds, an enum constant its name in lower case. A null and an empty {@link Optional} are omitted.
 */
public final class Json {

    private static final Gson GSON = new GsonBuilder()
            .disableHtmlEscaping()
            .registerTypeAdapter(Instant.class, (JsonSerializer<Instant>)
                    (value, type, context) -> new JsonPrimitive(value.toString()))
            .registerTypeAdapter(Duration.class, (JsonSerializer<Duration>)
                    (value, type, context) -> new JsonPrimitive(seconds(value)))
            .registerTypeHierarchyAdapter(Enum.class, (JsonSerializer<Enum<?>>)
                    (value, type, context) -> new JsonPrimitive(value.name().toLowerCase(Locale.ROOT)))
            .registerTypeHierarchyAdapter(Optional.class, (JsonSerializer<Optional<?>>)
                    (value, type, context) -> context.serialize(value.orElse(null)))
            .create();

    private Json() {}

    private static Number seconds(Duration value) {
        return value.toNanosPart() == 0 ? (Number) value.toSeconds() : (Number) (value.toMillis() / 1_000.0);
    }

    /** Returns the JSON of a value, in one line. */
    public static String of(Object value) {
        return GSON.toJson(value);
    }

    /** Returns the JSON of a value as a tree. */
    public static JsonElement tree(@Nullable Object value) {
        return GSON.toJsonTree(value);
    }

    /**
     * Parses one JSON value as RFC 8259 defines it, nested at most 255 levels deep.
     *
     * @throws JsonParseException if the text is anything else
     */
    public static JsonElement parse(String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement value = GSON.getAdapter(JsonElement.class).read(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new JsonParseException("more than one JSON value");
            }
            return value;
        } catch (IOException e) {
            throw new JsonParseException(e.getMessage(), e);
        }
    }
}
