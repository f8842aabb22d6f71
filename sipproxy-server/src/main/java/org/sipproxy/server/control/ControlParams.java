package org.sipproxy.server.control;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Optional;

/** Named parameters of a request. Immutable. */
public final class ControlParams {

    /** No parameters. */
    public static final ControlParams NONE = new ControlParams(new JsonObject());

    private final JsonObject values;

    /** Creates parameters from a JSON object, which must not change afterwards. */
    public ControlParams(JsonObject values) {
        this.values = values;
    }

    /**
     * Refuses parameters with other names, which are mistyped ones.
     *
     * @throws ControlException if there are others
     */
    public ControlParams only(String... names) {
        for (String name : values.keySet()) {
            if (!List.of(names).contains(name)) {
                throw ControlException.invalid(
                        "unknown parameter \"" + name + "\"",
                        names.length == 0
                                ? "the method has no parameters"
                                : "expected " + String.join(", ", List.of(names)));
            }
        }
        return this;
    }

    /**
     * Returns a text.
     *
     * @throws ControlException if it is missing or not a text
     */
    public String text(String name) {
        return optionalText(name)
                .orElseThrow(() -> ControlException.invalid(
                        "parameter \"" + name + "\" is missing", "add \"params\":{\"" + name + "\":…}"));
    }

    /**
     * Returns a text; empty if it is missing.
     *
     * @throws ControlException if it is not a text
     */
    public Optional<String> optionalText(String name) {
        return primitive(name).map(value -> {
            if (!value.isString()) {
                throw wrong(name, value, "a text");
            }
            return value.getAsString();
        });
    }

    /**
     * Returns an integer.
     *
     * @param otherwise the value if it is missing
     * @throws ControlException if it is not an integer in the range
     */
    public int integer(String name, int otherwise, int min, int max) {
        return primitive(name)
                .map(value -> {
                    try {
                        int number = value.getAsBigDecimal().intValueExact();
                        if (value.isNumber() && number >= min && number <= max) {
                            return number;
                        }
                    } catch (ArithmeticException | NumberFormatException e) {
                        // reported below
                    }
                    throw wrong(name, value, "an integer from " + min + " to " + max);
                })
                .orElse(otherwise);
    }

    /**
     * Returns a boolean.
     *
     * @param otherwise the value if it is missing
     * @throws ControlException if it is neither true nor false
     */
    public boolean flag(String name, boolean otherwise) {
        return primitive(name)
                .map(value -> {
                    if (!value.isBoolean()) {
                        throw wrong(name, value, "true or false");
                    }
                    return value.getAsBoolean();
                })
                .orElse(otherwise);
    }

    private Optional<JsonPrimitive> primitive(String name) {
        JsonElement value = values.get(name);
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        if (!value.isJsonPrimitive()) {
            throw wrong(name, value, "a single value");
        }
        return Optional.of(value.getAsJsonPrimitive());
    }

    private static ControlException wrong(String name, JsonElement value, String expected) {
        String text = value.toString();
        return ControlException.invalid(
                "parameter \"" + name + "\" is " + (text.length() > 60 ? text.substring(0, 60) + "…" : text),
                "expected " + expected);
    }
}
