package org.sipproxy.spring;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

/** What the actuator shows of a proxy. */
final class ProxyReport {

    private ProxyReport() {}

    /**
     * Health with the codes of Boot.
     *
     * @param status {@code UP}, {@code DOWN} or {@code OUT_OF_SERVICE}
     */
    record Health(String status, Map<String, Object> details) {}

    /**
     * Returns the health: {@code UP} also while the database is down and everything is served from memory;
     * {@code OUT_OF_SERVICE} if the proxy is not running or takes no new calls; {@code DOWN} if it runs and refuses
     * what it should serve.
     */
    static Health health(SipProxy proxy) {
        ProxyHealth health = proxy.health();
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("state", proxy.state().name());
        details.put("level", health.status().name());
        if (!health.problems().isEmpty()) {
            details.put("problems", health.problems());
        }
        StoreStatus store = proxy.storeStatus();
        details.put("database", store.databaseAnswers());
        if (store.waiting() > 0) {
            details.put("waiting", store.waiting());
        }
        boolean serves = proxy.state() == SipProxy.State.RUNNING;
        String status = health.isReady() ? "UP" : serves ? "DOWN" : "OUT_OF_SERVICE";
        return new Health(status, details);
    }

    static Map<String, Object> info(SipProxy proxy) {
        Map<String, Object> info = new LinkedHashMap<>();
        String version = SipProxy.class.getPackage().getImplementationVersion();
        if (version != null) {
            info.put("version", version);
        }
        info.put("domains", proxy.settings().domains());
        info.put("endpoints", endpoints(proxy));
        return info;
    }

    static List<String> endpoints(SipProxy proxy) {
        return proxy.boundEndpoints().stream().map(Endpoint::toString).toList();
    }

    static Map<String, Object> state(SipProxy proxy) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("state", proxy.state().name());
        state.put("health", proxy.health().status().name());
        state.put("problems", proxy.health().problems());
        state.put("domains", proxy.settings().domains());
        state.put("endpoints", endpoints(proxy));
        ProxyStatistics now = proxy.statistics();
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("requests", now.requests());
        counts.put("responses", now.responses());
        counts.put("unanswered", now.unanswered());
        counts.put("connections", now.connections());
        counts.put("overloaded", now.overloaded());
        counts.put("turnedAway", now.turnedAway());
        counts.put("malformed", now.malformed());
        proxy.settings().calls().ifPresent(any -> {
            if (proxy.state() != SipProxy.State.NEW) {
                counts.put("calls", proxy.calls().count());
            }
        });
        counts.put("thirdPartyCalls", now.thirdPartyCalls());
        state.put("statistics", counts);
        StoreStatus store = proxy.storeStatus();
        Map<String, Object> database = new LinkedHashMap<>();
        database.put("answers", store.databaseAnswers());
        database.put("waiting", store.waiting());
        database.put("oldestWaiting", store.oldestWaiting().toString());
        store.lastError().ifPresent(error -> database.put("lastError", error));
        store.lastErrorAt().ifPresent(at -> database.put("lastErrorAt", at.toString()));
        state.put("store", database);
        return state;
    }
}
