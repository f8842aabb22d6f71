package org.sipproxy.samples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/** Proxy with a voicemail that switches the message lamps of its phones (RFC 3842), without a subscription. */
public final class NotifyMessageWaiting {

    private NotifyMessageWaiting() {}

    /**
     * Reads lines such as {@code 1001 3}: user 1001 has three new messages. The first argument is the port; default
     * 5060.
     */
    public static void main(String[] args) throws IOException {
        InMemoryCredentials users = InMemoryCredentials.of(Credential.ofPassword("1001", "sip.test", "test1234"));
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", args.length > 0 ? Integer.parseInt(args[0]) : 5060))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .build()) {
            proxy.start();
            System.out.println("serving sip.test on " + proxy.boundEndpoints() + "; enter USER NEW-MESSAGES");
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                String[] words = line.strip().split("\\s+", -1);
                if (words.length == 2 && words[1].matches("\\d{1,4}")) {
                    String result = send(proxy.requests(), words[0], Integer.parseInt(words[1]))
                            .thenApply(response -> response.statusCode() + " " + response.reasonPhrase())
                            .exceptionally(Throwable::getMessage)
                            .join();
                    System.out.println(result);
                }
            }
        }
    }

    /** Notifies all phones of a user. The result is the best of their responses, or 480 if none is registered. */
    static CompletableFuture<SipResponse> send(RequestClient requests, String user, int newMessages) {
        SipUri phone = SipUri.of("sip:" + user + "@sip.test");
        SipUri voicemail = SipUri.of("sip:voicemail@sip.test");
        String waiting = newMessages > 0 ? "yes" : "no";
        String summary = "Messages-Waiting: " + waiting + "\r\nVoice-Message: " + newMessages + "/0\r\n";
        OutgoingRequest notify = OutgoingRequest.builder(Method.NOTIFY, phone)
                .from(voicemail)
                .header(HeaderName.CONTACT, "<" + voicemail + ">")
                .header(HeaderName.EVENT, "message-summary")
                .header(HeaderName.of("Subscription-State"), "active")
                .body("application/simple-message-summary", summary)
                .build();
        return requests.send(notify);
    }
}
