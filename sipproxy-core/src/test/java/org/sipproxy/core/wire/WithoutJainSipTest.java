package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.ReducedClassPath;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;

/** Proxy on a class path without JAIN-SIP, which only the javax.sip view needs. */
@Timeout(60)
class WithoutJainSipTest {

    @Test
    void callsAndMessagesAreServedWithoutAClassOfJainSip() throws Exception {
        try (URLClassLoader withoutJainSip = ReducedClassPath.without("jain-sip")) {
            assertThat(withoutJainSip.getResource("gov/nist/javax/sip/header/SIPHeader.class"))
                    .isNull();
            assertThat(withoutJainSip.getResource("javax/sip/message/Request.class"))
                    .isNull();
            Object edited = Class.forName(Host.class.getName(), true, withoutJainSip)
                    .getMethod("serve")
                    .invoke(null);
            assertThat(edited).isEqualTo("yes");
        }
    }

    /** Loaded by a separate class loader. */
    public static final class Host {

        private Host() {}

        /** Serves a transaction of each kind, with stages that edit. Returns the header that a stage added. */
        public static String serve() {
            HeaderName screened = HeaderName.of("X-Screened");
            try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(context -> {
                        context.replace(context.request().withHeader(screened, "yes"));
                        return Verdict.proceed();
                    })
                    .onResponse(context -> context.replace(context.response().withHeader(screened, "yes"))))) {
                WireClient.Udp bob = proxy.registered("bob");
                WireClient.Udp alice = proxy.udp("alice");

                alice.awaitFinal(alice.send(alice.request("OPTIONS", "sip:sip.test")));
                Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
                bob.respond(bob.awaitRequest("MESSAGE"), 200);
                alice.awaitResponse(message, 200);

                Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
                WireMessage atBob = bob.awaitRequest("INVITE");
                bob.respond(atBob, 486);
                alice.awaitResponse(invite, 486);
                bob.awaitRequest("ACK");
                return atBob.header("X-Screened");
            }
        }
    }
}
