package org.sipproxy.samples;

import java.util.function.Consumer;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.MessageText;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/** Proxy that prints a line for each message and for each change of a registration. */
public final class FirstRegistration {

    private FirstRegistration() {}

    /** Serves until the process is stopped. The first argument is the address to listen on; default 127.0.0.1. */
    public static void main(String[] args) throws InterruptedException {
        String host = args.length > 0 ? args[0] : "127.0.0.1";
        try (SipProxy proxy = create(Endpoint.udp(host, 5060), line -> System.out.println(line))) {
            proxy.start();
            Thread.currentThread().join();
        }
    }

    /**
     * Returns the proxy, not started.
     *
     * @param out gets the lines, from any thread; must not block
     */
    static SipProxy create(Endpoint endpoint, Consumer<String> out) {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1234"),
                Credential.ofPassword("1002", "sip.test", "test1234"));
        return SipProxy.builder()
                .listen(endpoint)
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .wireListener(message -> out.accept(line(message)))
                .locationListener(event -> out.accept(
                        event.kind() + " " + event.aor() + " " + event.binding().contact()))
                .build();
    }

    private static String line(WireMessage message) {
        return (message.isReceived() ? "--> " : "<-- ")
                + message.message().map(MessageText::label).orElse("not a SIP message");
    }
}
