package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.core.options.RegistrarPolicy;

/** AORs that may be registered here (RFC 3261 §10.3 steps 2 and 5). */
class RegistrarAddressTest {

    private final RegistrarScene scene = new RegistrarScene();

    @ParameterizedTest
    @CsvSource({
        "<sip:alice@sip.test>,                                alice,   sip.test",
        "\"Alice\" <sip:ALICE@SIP.Test:5070;transport=tcp>,   alice,   sip.test",
        "sip:alice@sip.test,                                  alice,   sip.test",
        "<sips:%41lice%2E1@other.test>,                       alice.1, other.test",
        "<sip:alice@[2001:DB8::1]>,                           alice,   [2001:db8::1]",
    })
    void addressIsTheCanonicalOneOfTo(String to, String user, String domain) {
        assertThat(scene.send("To: " + to, "Contact: <sip:a@192.0.2.1>").status())
                .isEqualTo(200);

        assertThat(scene.store.lookup(new Aor(user, domain))).hasSize(1);
    }

    @Test
    void usersDifferByCaseIfThePolicyIsCaseSensitive() {
        RegistrarScene strict = new RegistrarScene(
                RegistrarPolicy.builder().userCaseSensitive(true).build());

        strict.send("To: <sip:Alice@SIP.test>", "Contact: <sip:a@192.0.2.1>");

        assertThat(strict.store.lookup(new Aor("Alice", "sip.test"))).hasSize(1);
        assertThat(strict.store.lookup(new Aor("alice", "sip.test"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:alice@elsewhere.test>",
                "<sip:sip.test>",
                "<tel:+4930123>",
                "<sip:alice@sip.test.evil.test>"
            })
    void foreignAorIsNotFound(String to) {
        RegistrarScene.Response response = scene.send("To: " + to, "Contact: <sip:a@192.0.2.1>");

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.reason()).isEqualTo("Not Found");
        assertThat(response.value("P-Registrar-Error")).startsWith("To names");
        scene.store.forEach((aor, bindings) -> assertThat(aor).isNull());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "To: <sip:alice@>",
                "To: <>",
                "To: alice",
                "CSeq: REGISTER",
                "Call-ID: x\nCSeq: 99999999999 REGISTER"
            })
    void malformedMandatoryHeaderIsABadRequest(String header) {
        assertThat(scene.send((header + "\nContact: <sip:a@192.0.2.1>").split("\n"))
                        .status())
                .isEqualTo(400);
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void overlongCallIdIsABadRequest() {
        assertThat(scene.send("Call-ID: " + "x".repeat(255), "Contact: <sip:a@192.0.2.1>")
                        .status())
                .isEqualTo(200);
        assertThat(scene.send("Call-ID: " + "x".repeat(256), "Contact: <sip:a@192.0.2.1>")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void overlongAddressIsABadRequest() {
        String to = "To: <sip:" + "x".repeat(510) + "@sip.test>";

        assertThat(scene.send(to, "Contact: <sip:a@192.0.2.1>").status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Require: gruu                        | gruu",
                "Require: path, outbound              | outbound",
                "Require: foo , bar                   | foo, bar",
                "Require: path!Require: gruu          | gruu",
            })
    void unknownRequiredExtensionsAreRefusedByName(String headers, String unsupported) {
        RegistrarScene.Response response = scene.send((headers + "!Contact: <sip:a@192.0.2.1>").split("!"));

        assertThat(response.status()).isEqualTo(420);
        assertThat(response.value("Unsupported")).isEqualTo(unsupported);
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void requiredPathIsSupported() {
        assertThat(scene.send("Require: Path", "Contact: <sip:a@192.0.2.1>").status())
                .isEqualTo(200);
    }
}
