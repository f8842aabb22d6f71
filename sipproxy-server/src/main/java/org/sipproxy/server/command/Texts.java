package org.sipproxy.server.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.sipproxy.api.support.Quantity;

/** Values of results as operators read them. A missing value is an empty text. */
final class Texts {

    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private Texts() {}

    static String text(JsonObject from, String name) {
        JsonElement value = from.get(name);
        if (value == null) {
            return "";
        }
        return value.isJsonArray() ? String.join(" ", texts(from, name)) : value.getAsString();
    }

    static List<String> texts(JsonObject from, String name) {
        JsonArray array = from.getAsJsonArray(name);
        List<String> texts = new ArrayList<>();
        array.forEach(element -> texts.add(element.getAsString()));
        return texts;
    }

    static List<JsonObject> rows(JsonElement array) {
        List<JsonObject> rows = new ArrayList<>();
        array.getAsJsonArray().forEach(element -> rows.add(element.getAsJsonObject()));
        return rows;
    }

    /** Returns a point in time in the zone of this machine, to the second. */
    static String time(JsonObject from, String name) {
        String value = text(from, name);
        return value.isEmpty() ? "" : DATE.format(Instant.parse(value).truncatedTo(ChronoUnit.SECONDS));
    }

    /** Returns seconds as {@code 15s}, {@code 2m05s}, {@code 1h02m} or {@code 3d04h}. */
    static String duration(JsonObject from, String name) {
        String value = text(from, name);
        return value.isEmpty() ? "" : duration((long) Double.parseDouble(value));
    }

    static String duration(long seconds) {
        if (seconds < 60) {
            return seconds + "s";
        }
        if (seconds < 3_600) {
            return format("%dm%02ds", seconds / 60, seconds % 60);
        }
        return seconds < 86_400
                ? format("%dh%02dm", seconds / 3_600, seconds % 3_600 / 60)
                : format("%dd%02dh", seconds / 86_400, seconds % 86_400 / 3_600);
    }

    /** Returns bytes in megabytes. */
    static String megabytes(long bytes) {
        return format("%.1f MB", bytes / 1_048_576.0);
    }

    /** Returns a number and its noun, such as {@code 1 contact} or {@code 2 contacts}. */
    static String count(long number, String noun) {
        return Quantity.of(number, noun);
    }

    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
