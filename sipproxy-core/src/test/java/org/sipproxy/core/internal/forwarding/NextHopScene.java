package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transport.RecordingFlow;

/** A forwarder whose target bob has two next hops, and flows to the first of them. */
abstract class NextHopScene {

    static final String A = "192.0.2.11";
    static final String B = "192.0.2.12";
    static final Target NAMED = target("sip:bob@b.example.net");

    final ForwardingScene scene = new ForwardingScene();
    final RecordingFlow udpA = scene.transport.flow(TransportKind.UDP, A, 5060);
    final RecordingFlow tcpA = scene.transport.flow(TransportKind.TCP, A, 5060);

    static String withFiller(int length) {
        return request("MESSAGE", "X-Filler: " + "x".repeat(length));
    }

    void assertUpstream(String... statuses) {
        assertThat(scene.whatUpstream()).containsExactly(statuses);
        scene.advance(64_000);
        scene.transactions.assertNothingLeft();
    }

    String freshBranch(String text, int n) {
        return text.replace("z9hG4bKcaller", "z9hG4bKcaller" + n);
    }
}
