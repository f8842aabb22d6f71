package org.sipproxy.samples;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

@Timeout(120)
class AskBackEndTest {

    private final CountDownLatch released = new CountDownLatch(1);

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> AskBackEnd.addTo(proxy, this::mayCall))
            .build();

    private boolean mayCall(String user) {
        if (user.equals("slow")) {
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return !user.equals("1003");
    }

    @Test
    void aCallThatWaitsDoesNotDelayOthers() {
        Phone callee = sip.registeredPhone("1001");

        OutgoingCall waiting = sip.phone("slow").call("1001");
        OutgoingCall calling = sip.phone("1002").call("1001");
        IncomingCall called = callee.awaitCall().ring().answer();
        calling.awaitAnswer().hangUp();
        called.awaitHangUp();

        waiting.awaitStatus(503); // after two seconds
        sip.phone("1003").call("1001").awaitStatus(403);
    }
}
