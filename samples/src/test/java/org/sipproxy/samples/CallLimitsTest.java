package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.location.Aor;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

@Timeout(60)
class CallLimitsTest {

    private final List<CallEvent> events = new CopyOnWriteArrayList<>();

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("1001", "test1001")
            .user("1002", "test1002")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(proxy -> CallLimits.addTo(proxy).callListener(events::add))
            .build();

    private static IncomingCall answered(OutgoingCall calling, Phone callee) {
        IncomingCall taken = callee.awaitCall().ring().answer();
        calling.awaitAnswer();
        return taken.awaitAck();
    }

    @Test
    void thirdCallOfAUserIsRefusedAndClosingTheAccountEndsTheOthers() {
        Phone caller = sip.registeredPhone("1001");
        Phone callee = sip.registeredPhone("1002");
        OutgoingCall first = caller.call("1002");
        IncomingCall firstTaken = answered(first, callee);
        OutgoingCall second = caller.call("1002");
        IncomingCall secondTaken = answered(second, callee);

        caller.call("1002").awaitStatus(403);
        List<CompletableFuture<Call>> ends =
                CallLimits.closeAccount(sip.proxy().calls(), new Aor("1001", sip.domain()));

        assertThat(ends).hasSize(2);
        ends.forEach(end -> end.orTimeout(10, TimeUnit.SECONDS).join());
        List.of(first, second).forEach(OutgoingCall::awaitHangUp);
        List.of(firstTaken, secondTaken).forEach(IncomingCall::awaitHangUp);
        Awaitility.await()
                .until(() -> events.stream()
                                .flatMap(event -> event.call().end().stream())
                                .filter(end -> end.reason() == CallEnd.Reason.HUNG_UP)
                                .count()
                        == 2);
    }
}
