package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.BranchEdit;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipText;

/** Edits of branches: what they may change, and edits that break the request. */
class BranchEditTest {

    private static final String A = "192.0.2.10";
    private static final String B = "192.0.2.11";
    private static final Target TO_A = target("sip:bob@" + A);
    private static final Target TO_B = target("sip:bob@" + B);

    private final ForwardingScene scene = new ForwardingScene();

    private void busyAndThen(BranchEdit edit) {
        scene.invite(RelayPlan.to(TO_A)
                .onFailure(FailureCause.BUSY)
                .relay(RelayPlan.to(TO_B).edit(edit)));
        scene.answer(A, 486);
    }

    private static SipRequest other(String was, String is) {
        return SipText.request(request("INVITE").replace(was, is));
    }

    private static SipRequest broken(SipRequest request, String how) {
        return switch (how) {
            case "another method" -> SipText.request(request("MESSAGE"));
            case "another Call-ID" -> other("Call-ID: c1", "Call-ID: c2");
            case "another CSeq" -> other("CSeq: 1 ", "CSeq: 2 ");
            case "another tag" -> other(";tag=1", ";tag=2");
            case "another Via" -> other("192.0.2.1:5060", "192.0.2.9:5060");
            case "more hops" -> other("Max-Forwards: 70", "Max-Forwards: 100");
            case "a malformed Route" -> request.withHeader(HeaderName.ROUTE, "<sip:a@b@c>");
            case "an exception" -> throw new IllegalStateException("of the test");
            default -> request.withoutHeader(HeaderName.of(how));
        };
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Via",
                "CSeq",
                "From",
                "To",
                "Call-ID",
                "Max-Forwards",
                "another method",
                "another Call-ID",
                "another CSeq",
                "another tag",
                "another Via",
                "more hops",
                "a malformed Route",
                "an exception"
            })
    void editThatBreaksTheRequestFailsItsBranch(String how) {
        busyAndThen((request, target) -> broken(request, how));

        assertThat(scene.to(B)).isEmpty();
        assertThat(scene.completed).containsExactly(486);
    }

    @Test
    void nameInFromMayBeReplaced() {
        busyAndThen((request, target) -> request.withHeader(HeaderName.FROM, "<sip:anonymous@example.org>;tag=1"));

        assertThat(scene.last(B, "INVITE").text()).contains("From: <sip:anonymous@example.org>;tag=1");
    }
}
