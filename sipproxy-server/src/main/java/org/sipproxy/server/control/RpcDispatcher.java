package org.sipproxy.server.control;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.server.control.ControlException.Kind;
import org.sipproxy.server.json.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs JSON-RPC 2.0 requests. Thread-safe. */
final class RpcDispatcher {

    private static final Logger LOG = LoggerFactory.getLogger(RpcDispatcher.class);

    /** A stream to open when its response has been sent. */
    record Opening(JsonElement id, String method, ControlStream stream) {}

    /**
     * Outcome of a line.
     *
     * @param response empty for a notification
     * @param opening empty unless the result is a stream
     */
    record Outcome(Optional<JsonElement> response, Optional<Opening> opening) {

        static Outcome of(@Nullable JsonElement response) {
            return new Outcome(Optional.ofNullable(response), Optional.empty());
        }
    }

    private final ControlMethods methods;

    RpcDispatcher(ControlMethods methods) {
        this.methods = methods;
    }

    /** Runs the request, or the batch of requests, of a line. */
    Outcome run(String line) {
        JsonElement parsed;
        try {
            parsed = Json.parse(line);
        } catch (JsonParseException e) {
            return Outcome.of(RpcMessages.error(
                    JsonNull.INSTANCE,
                    new ControlException(
                            Kind.PARSE_ERROR,
                            "the line is not JSON",
                            "send one JSON-RPC 2.0 request per line, such as"
                                    + " {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}")));
        }
        return parsed.isJsonArray() && !parsed.getAsJsonArray().isEmpty()
                ? batch(parsed.getAsJsonArray())
                : single(parsed, true);
    }

    private Outcome batch(JsonArray requests) {
        JsonArray responses = new JsonArray();
        requests.forEach(request -> single(request, false).response().ifPresent(responses::add));
        return Outcome.of(responses.isEmpty() ? null : responses);
    }

    private Outcome single(JsonElement message, boolean mayStream) {
        JsonElement id = idOf(message);
        boolean isNotification =
                message.isJsonObject() && !message.getAsJsonObject().has("id");
        try {
            JsonObject request = requireRequest(message);
            String method = request.get("method").getAsString();
            Object result = call(method, paramsOf(request));
            if (result instanceof ControlStream stream) {
                if (!mayStream || isNotification) {
                    throw invalid("a stream needs a request of its own with an id");
                }
                return new Outcome(
                        Optional.of(RpcMessages.result(id, new Started(true))),
                        Optional.of(new Opening(id, method, stream)));
            }
            return Outcome.of(isNotification ? null : RpcMessages.result(id, result));
        } catch (ControlException e) {
            // an invalid request gets a response even without an id, because it may be a request with a mistyped one
            return Outcome.of(isNotification && e.kind() != Kind.INVALID_REQUEST ? null : RpcMessages.error(id, e));
        }
    }

    /** Result of a request that opens a stream. */
    private record Started(boolean stream) {}

    private @Nullable Object call(String method, ControlParams params) {
        ControlMethods.Handler handler = methods.find(method)
                .orElseThrow(() -> new ControlException(
                        Kind.METHOD_NOT_FOUND,
                        "unknown method \"" + (method.length() > 60 ? method.substring(0, 60) + "…" : method) + "\"",
                        "the method \"methods\" lists the names"));
        try {
            return handler.handle(params);
        } catch (ControlException e) {
            throw e;
        } catch (Exception | LinkageError | StackOverflowError e) {
            LOG.error("control method {} failed", method, e);
            throw new ControlException(Kind.INTERNAL_ERROR, "the method failed: " + e, "see the server's log");
        }
    }

    /** Returns the id of a request; JSON's null if it has none or one of another type. */
    private static JsonElement idOf(JsonElement message) {
        JsonElement id = message.isJsonObject() ? message.getAsJsonObject().get("id") : null;
        if (id == null || !id.isJsonPrimitive() || id.getAsJsonPrimitive().isBoolean()) {
            return JsonNull.INSTANCE;
        }
        return id;
    }

    private static JsonObject requireRequest(JsonElement message) {
        if (!message.isJsonObject()) {
            throw invalid("the line is not a JSON object");
        }
        JsonObject request = message.getAsJsonObject();
        if (!isText(request.get("jsonrpc"))
                || !request.get("jsonrpc").getAsString().equals("2.0")) {
            throw invalid("\"jsonrpc\" is not \"2.0\"");
        }
        if (!isText(request.get("method"))) {
            throw invalid("\"method\" is missing or not a text");
        }
        if (request.has("id")
                && !request.get("id").isJsonNull()
                && idOf(request).isJsonNull()) {
            throw invalid("\"id\" is neither a text nor a number");
        }
        return request;
    }

    private static boolean isText(@Nullable JsonElement value) {
        return value != null
                && value.isJsonPrimitive()
                && value.getAsJsonPrimitive().isString();
    }

    private static ControlParams paramsOf(JsonObject request) {
        JsonElement params = request.get("params");
        if (params == null || (params.isJsonArray() && params.getAsJsonArray().isEmpty())) {
            return ControlParams.NONE;
        }
        if (!params.isJsonObject()) {
            throw ControlException.invalid("\"params\" is not an object", "give parameters by name");
        }
        return new ControlParams(params.getAsJsonObject());
    }

    private static ControlException invalid(String what) {
        return new ControlException(Kind.INVALID_REQUEST, what, "send a JSON-RPC 2.0 request");
    }
}
