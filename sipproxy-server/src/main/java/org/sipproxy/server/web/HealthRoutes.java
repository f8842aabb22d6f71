package org.sipproxy.server.web;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.core.SipProxy;

/**
 * Health of a proxy as JSON: {@code /health/live}, whether the process should stay; {@code /health/ready}, whether it
 * should get new calls; {@code /health}, everything. The status is 200, or 503 if the answer is no.
 */
public final class HealthRoutes {

    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

    private final SipProxy proxy;

    private HealthRoutes(SipProxy proxy) {
        this.proxy = proxy;
    }

    /** Adds the routes. */
    public static void addTo(WebRoutes routes, SipProxy proxy) {
        HealthRoutes health = new HealthRoutes(proxy);
        routes.add("/health/live", request -> health.live());
        routes.add("/health/ready", request -> health.ready());
        routes.add("/health", request -> health.all());
    }

    /** A closed proxy does not open again, so only a new process helps. Everything else may end by itself. */
    private WebResponse live() {
        boolean isLive = proxy.state() != SipProxy.State.CLOSED;
        return respond(isLive, describe(isLive ? "live" : "closed", List.of()));
    }

    private WebResponse ready() {
        ProxyHealth health = proxy.health();
        return respond(health.isReady(), describe(health));
    }

    private WebResponse all() {
        ProxyHealth health = proxy.health();
        StoreStatus store = proxy.storeStatus();
        Map<String, Object> all = describe(health);
        all.put("state", proxy.state().name().toLowerCase(Locale.ROOT));
        all.put(
                "endpoints",
                proxy.boundEndpoints().stream().map(Object::toString).toList());
        Map<String, Object> bindings = new LinkedHashMap<>();
        bindings.put("database_responds", store.databaseAnswers());
        bindings.put("waiting", store.waiting());
        bindings.put("oldest_waiting_seconds", store.oldestWaiting().toSeconds());
        store.lastWrite().ifPresent(at -> bindings.put("last_write", at.toString()));
        store.lastError().ifPresent(error -> bindings.put("last_error", error));
        store.lastErrorAt().ifPresent(at -> bindings.put("last_error_at", at.toString()));
        all.put("store", bindings);
        return respond(health.isReady(), all);
    }

    private static Map<String, Object> describe(ProxyHealth health) {
        return describe(health.status().name().toLowerCase(Locale.ROOT), health.problems());
    }

    private static Map<String, Object> describe(String status, List<String> problems) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("status", status);
        object.put("problems", problems);
        return object;
    }

    private static WebResponse respond(boolean isWell, Map<String, Object> object) {
        return WebResponse.json(isWell ? 200 : 503, JSON.toJson(object));
    }
}
