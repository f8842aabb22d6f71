package org.sipproxy.samples;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/** Limits of calls, a line for each call that has ended, and the end of all calls of a user whose account is closed. */
public final class CallLimits {

    private CallLimits() {}

    /** Serves sip.test on port 5060 of the loopback address. */
    public static void main(String[] args) throws InterruptedException {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 5060))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build());
        try (SipProxy proxy = addTo(builder).build()) {
            proxy.start();
            Thread.currentThread().join();
        }
    }

    static SipProxyBuilder addTo(SipProxyBuilder proxy) {
        return proxy.calls(CallSettings.builder()
                        .maxCalls(500)
                        .maxCallsPerUser(2)
                        .maxDuration(Duration.ofHours(2))
                        .keepalive(Duration.ofMinutes(5))
                        .build())
                .callListener(CallLimits::print);
    }

    private static void print(CallEvent event) {
        Call call = event.call();
        call.end()
                .ifPresent(end -> System.out.println(call.caller().uri() + " -> "
                        + call.callee().uri() + ": " + call.duration().toSeconds() + " s, " + end.reason() + " by "
                        + end.side()));
    }

    /** Ends the calls of a user. The futures complete when both phones have responded. */
    static List<CompletableFuture<Call>> closeAccount(Calls calls, Aor user) {
        return calls.ofUser(user).stream()
                .map(call -> calls.hangUp(call, "account closed"))
                .toList();
    }
}
