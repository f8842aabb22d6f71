package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;

/** RFC 5393 §5.3. */
class MaxBreadthTest {

    private final ForwardingScene scene = new ForwardingScene();

    private static String ip(int i) {
        return "203.0.113." + i;
    }

    private static Target[] parallel(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> target("sip:bob@" + ip(i)))
                .toArray(Target[]::new);
    }

    private List<Integer> breadths(int count) {
        List<Integer> all = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            for (Sent sent : scene.to(ip(i))) {
                if (sent.what().equals("ACK")) {
                    continue; // of a failure: it is this proxy's own
                }
                List<String> values = sent.request().headers(HeaderName.MAX_BREADTH);
                assertThat(values).as("one Max-Breadth").hasSize(1);
                all.add(Integer.valueOf(values.get(0)));
            }
        }
        return all;
    }

    @Test
    void requestWithoutOneGetsSixty() {
        scene.relay(request("MESSAGE"), parallel(1));

        assertThat(breadths(1)).containsExactly(60);
    }

    @ParameterizedTest
    @CsvSource({"60, 60", "7, 7", "1, 1", "61, 60", "4294967296, 60"})
    void onlyTargetGetsAllOfIt(String incoming, int outgoing) {
        scene.relay(request("MESSAGE", "Max-Breadth: " + incoming), parallel(1));

        assertThat(breadths(1)).containsExactly(outgoing);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "-1", "", "7;a", "0x10"})
    void oneThatIsNotANumberCountsAsMissing(String incoming) {
        scene.relay(request("MESSAGE", "Max-Breadth: " + incoming), parallel(1));

        assertThat(breadths(1)).containsExactly(60);
    }

    @Test
    void secondLineIsRemoved() {
        scene.relay(request("MESSAGE", "Max-Breadth: 9", "max-breadth: 50"), parallel(1));

        assertThat(breadths(1)).containsExactly(9);
    }

    @ParameterizedTest
    @CsvSource({"60, 4", "7, 4", "4, 4", "60, 7"})
    void branchesShareIt(int incoming, int branches) {
        scene.relay(request("MESSAGE", "Max-Breadth: " + incoming), parallel(branches));

        assertThat(breadths(branches)).hasSize(branches).allMatch(b -> b >= 1);
        assertThat(breadths(branches).stream().mapToInt(Integer::intValue).sum())
                .isEqualTo(incoming);
    }

    @Test
    void targetsThatAreTriedLaterShareItToo() {
        scene.invite(
                target("sip:bob@" + ip(1), 1f), target("sip:bob@" + ip(2), 0.5f), target("sip:bob@" + ip(3), 0.2f));
        scene.answer(ip(1), 486);
        scene.answer(ip(2), 486);

        assertThat(breadths(3)).containsExactly(20, 20, 20);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 2, true",
        "0, 1, true",
        "0, 0, true",
        "1, 0, false",
        "3, 4, true",
        "4, 4, false",
        "60, 61, true",
        "61, 61, true"
    })
    void moreTargetsThanItAllowsAreRefused(int incoming, int targets, boolean refused) throws SipParseException {
        assertThat(RequestForwarder.exceedsBreadth(
                        scene.context(request("INVITE", "Max-Breadth: " + incoming)), List.of(parallel(targets))))
                .isEqualTo(refused);
    }

    @Test
    void requestWithoutOneIsForkedToAllTargets() throws SipParseException {
        assertThat(RequestForwarder.exceedsBreadth(scene.context(request("INVITE")), List.of(parallel(64))))
                .isFalse();
        scene.relay(request("MESSAGE"), parallel(64));

        assertThat(breadths(64)).hasSize(64).containsOnly(1);
    }
}
