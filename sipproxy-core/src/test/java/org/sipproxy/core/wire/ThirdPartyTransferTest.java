package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.wire.ThirdPartyScene.end;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;

/** Attended transfer of a connected call: REFER with Replaces (RFC 3891, RFC 5589 §7). */
class ThirdPartyTransferTest {

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final ThirdPartyScene scene = new ThirdPartyScene(
            b -> b.beforeAuthentication(noting("before authentication")).beforeRouting(noting("before routing")));
    private final WireClient.Udp alice = scene.proxy.registered("alice");
    private final WireClient.Udp bob = scene.proxy.registered("bob");
    private final WireClient.Udp carol = scene.proxy.registered("carol");
    private final ThirdPartyScene.Connected call = scene.established(alice, bob);

    @AfterEach
    void close() {
        if (call.call().state() != ThirdPartyCall.State.ENDED) {
            scene.hangUp(call, alice, bob);
        }
        scene.nothingIsLeft();
        scene.close();
    }

    private RequestStage noting(String where) {
        return RequestStage.onInvite(context -> {
                    seen.add(where + ": " + context.request().requestUri());
                    return Verdict.proceed();
                })
                .withoutBlocking();
    }

    /** Carol takes the place of a user, as the user's REFER to her has asked. */
    private Request invite(String uri, String replaces) {
        return carol.send(carol.request("INVITE", uri).with("Replaces: " + replaces, "Supported: replaces"));
    }

    private void refused(Request invite, int status) {
        carol.send(invite.ack(carol.awaitResponse(invite, status)).text());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void thirdUserTakesThePlaceOfOne(boolean first) {
        Dialog leaving = first ? call.first() : call.second();
        Dialog staying = first ? call.second() : call.first();
        WireClient stays = first ? bob : alice;
        WireClient leaves = first ? alice : bob;

        Request invite = invite(leaving.target(), leaving.replaces());
        WireMessage received = stays.awaitRequest("INVITE");
        assertThat(received.header("Replaces")).isEqualTo(mirrored(staying));
        assertThat(received.uri()).contains(stays.name() + "@");
        assertThat(received.header("From")).contains("sip:carol@");
        // a digest covers the URI as it was written; routing sees a call to the user
        assertThat(seen)
                .containsExactly(
                        "before authentication: " + leaving.target(),
                        "before routing: sip:" + stays.name() + "@sip.test");
        stays.respond(received, 200, "Contact: <" + stays.contact() + ">");
        Dialog ofCarol = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
        carol.send(ofCarol.ack());
        stays.awaitRequest("ACK");

        // the phone ends the dialog that was replaced; the proxy passes that on
        Request bye = stays.send(staying.request("BYE"));
        stays.awaitResponse(bye, 200);
        leaves.respond(leaves.awaitRequest("BYE"), 200);
        assertThat(end(call.call())).isEqualTo(new CallEnd(first ? Side.CALLEE : Side.CALLER, Reason.BYE, 0, ""));
        Request last = carol.send(ofCarol.request("BYE"));
        stays.respond(stays.awaitRequest("BYE"), 200);
        carol.awaitResponse(last, 200);
    }

    /** Returns the value that names a dialog to its owner. */
    private static String mirrored(Dialog dialog) {
        String[] parts = dialog.replaces().split(";(to|from)-tag=", -1);
        return parts[0] + ";to-tag=" + parts[2] + ";from-tag=" + parts[1];
    }

    /** Some phones write the other user's address in Refer-To, not the Contact. */
    @Test
    void addressOfTheUserMayBeRequested() {
        Request invite = invite("sip:bob@sip.test", call.first().replaces() + ";early-only");

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.header("Replaces")).isEqualTo(mirrored(call.second()) + ";early-only");
        bob.respond(received, 486);
        refused(invite, 486);
        assertThat(call.call().state()).isEqualTo(ThirdPartyCall.State.CONNECTED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"other tags", "no tags", "other Call-ID", "malformed"})
    void replacesOfNoDialogIsNotChanged(String how) {
        String replaces = call.first().replaces();
        String wrong = switch (how) {
            case "other tags" -> replaces + "x";
            case "no tags" -> replaces.substring(0, replaces.indexOf(';')) + ";x=y";
            case "other Call-ID" -> "x" + replaces;
            default -> "x";
        };

        Request invite = invite("sip:bob@sip.test", wrong);

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.header("Replaces")).isEqualTo(wrong);
        bob.respond(received, 481);
        refused(invite, 481);
    }

    @Test
    void contactOfTheProxyLeadsNowhereWithoutTheDialog() {
        Request invite = invite(call.first().target(), call.first().replaces() + "x");

        refused(invite, 404);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void endedCallCannotBeTransferred() {
        scene.hangUp(call, alice, bob);

        refused(invite(call.first().target(), call.first().replaces()), 404);
    }
}
