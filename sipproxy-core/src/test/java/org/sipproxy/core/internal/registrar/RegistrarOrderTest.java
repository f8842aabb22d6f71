package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.location.Binding;

/**
 * Call-ID and CSeq (RFC 3261 §10.3 step 7), and the 20 seconds in which Kamailio treats an equal CSeq as a
 * retransmission.
 */
class RegistrarOrderTest {

    private static final String PLAIN = "Contact: <sip:a@192.0.2.1>";
    private static final String INSTANCE = PLAIN + ";+sip.instance=\"<urn:uuid:1>\";reg-id=1";

    private final RegistrarScene scene = new RegistrarScene();

    @ParameterizedTest(name = "CSeq 10, then {0} {1} s later in {2}: {3}")
    @CsvSource({
        // CSeq, seconds later, Call-ID, status, expiry granted by the second (1000) or kept from the first (600)
        "11,  1, call-1, 200, 1000",
        "99,  1, call-1, 200, 1000",
        "10,  0, call-1, 200, 600",
        "10, 19, call-1, 200, 600",
        "10, 20, call-1, 400, 600",
        "10, 60, call-1, 400, 600",
        " 9,  1, call-1, 400, 600",
        " 9, 60, call-1, 400, 600",
        "10,  1, call-2, 200, 1000",
        " 1,  1, call-2, 200, 1000",
        " 1,  1, CALL-1, 200, 1000",
    })
    void decide(int cseq, int secondsLater, String callId, int status, int seconds) {
        for (String contact : List.of(PLAIN, INSTANCE)) {
            RegistrarScene scene = new RegistrarScene();
            scene.send(contact + ";expires=600", "CSeq: 10 REGISTER");
            Binding before = scene.bindings().get(0);
            scene.advance(Duration.ofSeconds(secondsLater));

            RegistrarScene.Response response =
                    scene.send(contact + ";expires=1000", "CSeq: " + cseq + " REGISTER", "Call-ID: " + callId);

            assertThat(response.status()).isEqualTo(status);
            if (seconds == 1000) {
                assertThat(scene.bindings().get(0).remainingSeconds(scene.clock.currentTimeMillis()))
                        .isEqualTo(1000);
                assertThat(scene.bindings().get(0).cseq()).isEqualTo(cseq);
                assertThat(scene.bindings().get(0).callId()).isEqualTo(callId);
            } else {
                assertThat(scene.bindings().get(0)).isSameAs(before);
            }
            if (status == 400) {
                assertThat(response.value("P-Registrar-Error")).startsWith("Invalid CSeq number");
            }
        }
    }

    @Test
    void removalOutOfOrderIsRefused() {
        scene.send(PLAIN, "CSeq: 10 REGISTER");

        assertThat(scene.send(PLAIN + ";expires=0", "CSeq: 9 REGISTER").status())
                .isEqualTo(400);
        assertThat(scene.contacts()).hasSize(1);
    }

    @Test
    void retransmittedRemovalGetsTheSameResponse() {
        scene.send(PLAIN, "CSeq: 10 REGISTER");
        scene.send(PLAIN + ";expires=0", "CSeq: 11 REGISTER");

        assertThat(scene.send(PLAIN + ";expires=0", "CSeq: 11 REGISTER").status())
                .isEqualTo(200);
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void retransmissionGetsThePresentBindings() {
        scene.send(PLAIN + ";expires=600", "CSeq: 10 REGISTER");
        scene.advance(Duration.ofSeconds(5));

        assertThat(scene.send(PLAIN + ";expires=600", "CSeq: 10 REGISTER").value("Contact"))
                .endsWith(";expires=595");
    }
}
