package org.sipproxy.samples;

import static org.sipproxy.api.routing.FailureCause.BUSY;
import static org.sipproxy.api.routing.FailureCause.NOT_REGISTERED;
import static org.sipproxy.api.routing.FailureCause.NO_ANSWER;
import static org.sipproxy.api.routing.FailureCause.UNREACHABLE;

import java.time.Duration;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/** Calls that the callee's phones do not take go to a voicemail server, such as an Asterisk on the same machine. */
public final class Voicemail {

    private final Target server;

    Voicemail(SipUri server) {
        this.server = Target.of(server);
    }

    /**
     * Serves sip.test on port 5060 of the loopback address.
     *
     * @param args the URI of the voicemail server; default {@code sip:voicemail@127.0.0.1:5080}
     */
    public static void main(String[] args) throws InterruptedException {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        SipUri server = SipUri.of(args.length > 0 ? args[0] : "sip:voicemail@127.0.0.1:5080");
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 5060))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build());
        try (SipProxy proxy = new Voicemail(server).addTo(builder).build()) {
            proxy.start();
            Thread.currentThread().join();
        }
    }

    SipProxyBuilder addTo(SipProxyBuilder proxy) {
        return proxy.beforeRouting(
                RequestStage.onInvite(this::route).named("voicemail").withoutBlocking());
    }

    private Verdict route(StageContext context) throws SipParseException {
        SipUri callee = context.request().requestUri();
        if (!context.isMyself(callee)) {
            return Verdict.proceed();
        }
        return Verdict.relay(RelayPlan.toCallee()
                .ringFor(Duration.ofSeconds(20))
                .onFailure(BUSY, NO_ANSWER, NOT_REGISTERED, UNREACHABLE)
                .relay(RelayPlan.to(server).withHeader("Diversion", "<" + callee + ">")));
    }
}
