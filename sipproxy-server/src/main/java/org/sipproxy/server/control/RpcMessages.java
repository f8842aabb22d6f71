package org.sipproxy.server.control;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;
import org.sipproxy.server.json.Json;

/** Writer of JSON-RPC 2.0 messages. */
final class RpcMessages {

    private RpcMessages() {}

    static JsonObject request(int id, String method, JsonObject params) {
        JsonObject message = message();
        message.addProperty("id", id);
        message.addProperty("method", method);
        message.add("params", params);
        return message;
    }

    static JsonObject result(JsonElement id, @Nullable Object result) {
        JsonObject message = message();
        message.add("id", id);
        message.add("result", result == null ? JsonNull.INSTANCE : Json.tree(result));
        return message;
    }

    static JsonObject error(JsonElement id, ControlException failure) {
        JsonObject error = new JsonObject();
        error.addProperty("code", failure.kind().code());
        error.addProperty("message", failure.getMessage());
        if (!failure.remedy().isEmpty()) {
            JsonObject data = new JsonObject();
            data.addProperty("remedy", failure.remedy());
            error.add("data", data);
        }
        JsonObject message = message();
        message.add("id", id);
        message.add("error", error);
        return message;
    }

    /** @param event null for the end of the stream */
    static JsonObject event(JsonElement id, String method, @Nullable Object event) {
        JsonObject params = new JsonObject();
        params.add("stream", id);
        if (event == null) {
            params.addProperty("end", true);
        } else {
            params.add("event", Json.tree(event));
        }
        JsonObject message = message();
        message.addProperty("method", method);
        message.add("params", params);
        return message;
    }

    private static JsonObject message() {
        JsonObject message = new JsonObject();
        message.addProperty("jsonrpc", "2.0");
        return message;
    }
}
