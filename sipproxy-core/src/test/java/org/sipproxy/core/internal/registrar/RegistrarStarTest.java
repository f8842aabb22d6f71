package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code Contact: *}: RFC 3261 §10.3 step 6. */
class RegistrarStarTest {

    private final RegistrarScene scene = new RegistrarScene();

    @BeforeEach
    void twoBindings() {
        scene.send("Contact: <sip:a@192.0.2.1>", "CSeq: 10 REGISTER");
        scene.send("Contact: <sip:b@192.0.2.1>", "CSeq: 11 REGISTER");
    }

    @Test
    void removesEveryBinding() {
        RegistrarScene.Response response = scene.send("Contact: *", "Expires: 0", "CSeq: 12 REGISTER");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.values("Contact")).isEmpty();
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void isNotAnErrorWhereNothingIsBound() {
        assertThat(scene.send("To: <sip:bob@sip.test>", "Contact: *", "Expires: 0")
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Contact: *",
                "Contact: *!Expires: 60",
                "Contact: *!Expires: abc",
                "Contact: *;expires=0",
                "Contact: *;expires=0!Expires: 0",
                "Contact: *!Contact: <sip:a@192.0.2.1>!Expires: 0",
                "Contact: <sip:a@192.0.2.1>!Contact: *!Expires: 0",
                "Contact: *!Contact: *!Expires: 0",
                "Contact: *, <sip:a@192.0.2.1>!Expires: 0",
                "Contact: <sip:a@192.0.2.1>, *!Expires: 0",
                "Contact: <*>!Expires: 0",
            })
    void isABadRequestInAnyOtherForm(String headers) {
        assertThat(scene.send((headers + "!CSeq: 12 REGISTER").split("!")).status())
                .isEqualTo(400);
        assertThat(scene.contacts()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({"9", "10", "11"})
    void mustFollowEveryBindingOfItsCallId(int cseq) {
        RegistrarScene.Response response = scene.send("Contact: *", "Expires: 0", "CSeq: " + cseq + " REGISTER");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.value("P-Registrar-Error")).startsWith("Invalid CSeq number");
        assertThat(scene.contacts()).hasSize(2);
    }

    @Test
    void ofAnotherCallIdIsNotCompared() {
        assertThat(scene.send("Contact: *", "Expires: 0", "CSeq: 1 REGISTER", "Call-ID: call-2")
                        .status())
                .isEqualTo(200);
        assertThat(scene.contacts()).isEmpty();
    }
}
