package org.sipproxy.samples;

import java.util.function.Consumer;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.security.DigestAuthentication;

/** Proxy whose host application sees each registration, call and refused request as an event. */
public final class WatchPhones {

    private WatchPhones() {}

    /**
     * Returns the proxy, not started.
     *
     * @param log gets one line for each event, from any thread; must not block
     */
    public static SipProxy create(Endpoint endpoint, CredentialStore users, Consumer<String> log) {
        return SipProxy.builder()
                .listen(endpoint)
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .calls(CallSettings.builder().build())
                .locationListener(event -> log.accept(text(event)))
                .callListener(event -> log.accept(text(event)))
                .listener(event -> log.accept("refused " + event))
                .build();
    }

    private static String text(CallEvent event) {
        Call call = event.call();
        return "call from " + call.caller().uri() + " to " + call.callee().uri() + ": " + event.kind();
    }

    private static String text(LocationEvent event) {
        return switch (event.kind()) {
            case ADDED -> event.aor() + " is registered at " + event.binding().contact();
            case REFRESHED -> event.aor() + " is still at " + event.binding().contact();
            case REMOVED ->
                event.aor() + " is no longer at " + event.binding().contact() + ": "
                        + event.removal().map(Enum::name).orElse("");
        };
    }
}
