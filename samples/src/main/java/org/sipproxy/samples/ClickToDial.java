package org.sipproxy.samples;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/** Proxy that connects two of its users, as the call button of a web page does (RFC 3725). */
public final class ClickToDial {

    private ClickToDial() {}

    /**
     * Reads lines such as {@code 1001 1002}: calls 1001 and then 1002. The first argument is the port; default 5060.
     */
    public static void main(String[] args) {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        try (SipProxy proxy = SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", args.length > 0 ? Integer.parseInt(args[0]) : 5060))
                        .domain("sip.test")
                        .authentication(DigestAuthentication.builder()
                                .credentials(users)
                                .build())
                        .build();
                Scanner input = new Scanner(System.in, StandardCharsets.UTF_8)) {
            proxy.start();
            System.out.println("serving sip.test on " + proxy.boundEndpoints() + "; enter USER USER");
            while (input.hasNext()) {
                print(connect(proxy.requests(), input.next(), input.next()));
            }
        }
    }

    /** Calls the first user for at most 20 s, and then the second one. */
    static ThirdPartyCall connect(RequestClient requests, String first, String second) {
        Participant caller = Participant.builder(SipUri.of("sip:" + first + "@sip.test"))
                .ringFor(Duration.ofSeconds(20))
                .build();
        Participant callee = Participant.of(SipUri.of("sip:" + second + "@sip.test"));
        return requests.connect(CallSetup.of(caller, callee));
    }

    private static void print(ThirdPartyCall call) {
        CompletableFuture<Void> unused = call.connected()
                .thenAccept(both -> System.out.println(call.setup() + (both ? ": connected" : ": failed")))
                .thenCombine(call.ended(), (printed, end) -> end)
                .thenAccept(end -> System.out.println(call.setup() + ": " + end.reason() + " by " + end.side()));
    }
}
