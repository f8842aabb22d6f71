package org.sipproxy.spring;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallParty;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * Endpoint {@code sipproxy}: the state of the proxy, the calls in pages, and the bindings of one user. Shows no
 * password, nonce or message.
 */
@Endpoint(id = "sipproxy")
final class SipProxyEndpoint {

    static final int DEFAULT_SIZE = 50;
    static final int MAX_SIZE = 500;

    private final SipProxy proxy;

    SipProxyEndpoint(SipProxy proxy) {
        this.proxy = proxy;
    }

    /** Returns the state. */
    @ReadOperation
    public Map<String, Object> state() {
        return ProxyReport.state(proxy);
    }

    /**
     * Returns a page of the calls, oldest first; null, which is 404, for any other part or if calls are not tracked.
     *
     * @param part {@code calls}
     * @param page number of the page, from 0. Default 0
     * @param size calls of a page, 1 to 500. Default 50
     */
    @ReadOperation
    public @Nullable Map<String, Object> part(
            @Selector String part,
            @org.springframework.lang.Nullable @Nullable Integer page,
            @org.springframework.lang.Nullable @Nullable Integer size) {
        if (!part.equals("calls") || proxy.settings().calls().isEmpty()) {
            return null;
        }
        int number = inRange("page", page == null ? 0 : page, 0, 1_000_000);
        int length = inRange("size", size == null ? DEFAULT_SIZE : size, 1, MAX_SIZE);
        List<Call> all = proxy.calls().list();
        List<Map<String, Object>> shown = all.stream()
                .sorted(Comparator.comparing(Call::startedAt).thenComparing(Call::callId))
                .skip((long) number * length)
                .limit(length)
                .map(SipProxyEndpoint::call)
                .toList();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("total", all.size());
        result.put("page", number);
        result.put("size", length);
        result.put("calls", shown);
        return result;
    }

    /**
     * Returns the bindings of a user; null, which is 404, for any other part.
     *
     * @param part {@code bindings}
     * @param key the user, such as {@code 1001@sip.test}, or {@code 1001} in the first domain
     */
    @ReadOperation
    public @Nullable Map<String, Object> element(@Selector String part, @Selector String key) {
        if (!part.equals("bindings")) {
            return null;
        }
        Aor aor = aor(key);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("aor", aor.toString());
        result.put(
                "bindings",
                proxy.locationStore().lookup(aor).stream()
                        .limit(MAX_SIZE)
                        .map(SipProxyEndpoint::binding)
                        .toList());
        return result;
    }

    private Aor aor(String key) {
        String user =
                key.indexOf('@') < 0 ? key + "@" + proxy.settings().domains().get(0) : key;
        try {
            SipUri uri = SipUri.of(user.startsWith("sip:") || user.startsWith("sips:") ? user : "sip:" + user);
            return Aor.of(uri, proxy.settings().registrar().userCase());
        } catch (IllegalArgumentException e) {
            throw new InvalidEndpointRequestException(
                    "not a user: " + e.getMessage(), "expected a user such as 1001@sip.test", e);
        }
    }

    private static int inRange(String name, int value, int least, int most) {
        if (value < least || value > most) {
            String reason = name + ": " + value + " (expected " + least + " to " + most + ")";
            throw new InvalidEndpointRequestException(reason, reason);
        }
        return value;
    }

    private static Map<String, Object> call(Call call) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("callId", call.callId());
        shown.put("state", call.state().name());
        shown.put("caller", party(call.caller()));
        shown.put("callee", party(call.callee()));
        call.authenticatedUser().ifPresent(user -> shown.put("authenticatedUser", user));
        shown.put("startedAt", call.startedAt().toString());
        call.answeredAt().ifPresent(at -> shown.put("answeredAt", at.toString()));
        shown.put("durationSeconds", call.duration().toSeconds());
        return shown;
    }

    private static Map<String, Object> party(CallParty party) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("uri", withoutPassword(party.uri()));
        party.address().ifPresent(address -> shown.put("address", address.toString()));
        return shown;
    }

    /** Returns the URI without the password that its user part may have. */
    static String withoutPassword(SipUri uri) {
        return uri.toString().replaceFirst("^(sips?:[^@:;?>]*):[^@]*@", "$1@");
    }

    private static Map<String, Object> binding(Binding binding) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("contact", withoutPassword(binding.contact()));
        shown.put("expiresAt", binding.expiresAt().toString());
        shown.put("userAgent", binding.userAgent());
        if (binding.q() != Binding.Q_UNSPECIFIED) {
            shown.put("q", binding.q());
        }
        binding.received().ifPresent(uri -> shown.put("received", withoutPassword(uri)));
        binding.socket().ifPresent(socket -> shown.put("socket", socket.toString()));
        if (!binding.path().isEmpty()) {
            shown.put(
                    "path",
                    binding.path().stream()
                            .map(SipProxyEndpoint::withoutPassword)
                            .toList());
        }
        return shown;
    }
}
