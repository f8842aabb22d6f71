package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.core.options.RegistrarPolicy;

/** Lifetime of a binding (RFC 3261 §10.3 step 7, §20.10, §20.19, §20.23). */
class RegistrarExpiryTest {

    private final RegistrarScene scene = new RegistrarScene(RegistrarPolicy.builder()
            .defaultExpires(Duration.ofMinutes(30))
            .maxExpires(Duration.ofHours(2))
            .build());

    @ParameterizedTest(name = "contact {0}, header {1}: {2} s")
    @CsvSource({
        // the contact's parameter, then the header, then the default
        "'',                            '',      1800",
        "'',                            100,     100",
        ";expires=200,                  '',      200",
        ";expires=200,                  100,     200",
        ";EXPIRES=200,                  100,     200",
        ";q=0.5;expires=200;x=y,        100,     200",
        // not a number: the default, not the header
        ";expires=abc,                  100,     1800",
        ";expires=-5,                   100,     1800",
        ";expires=12x,                  100,     1800",
        // empty: as if absent
        ";expires,                      100,     100",
        ";expires=,                     100,     100",
        ";expires=,                     '',      1800",
        "'',                            abc,     1800",
        // the limits
        ";expires=60,                   '',      60",
        ";expires=7200,                 '',      7200",
        ";expires=7201,                 '',      7200",
        ";expires=4294967296,           '',      7200",
        ";expires=99999999999999999999999999, '', 7200",
        "'',            99999999999999999999999999,  7200",
        ";expires=0060,                 '',      60",
    })
    void grants(String parameters, String header, long seconds) {
        RegistrarScene.Response response = header.isEmpty()
                ? scene.send("Contact: <sip:a@192.0.2.1>" + parameters)
                : scene.send("Contact: <sip:a@192.0.2.1>" + parameters, "Expires: " + header);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.value("Contact")).endsWith(";expires=" + seconds);
        assertThat(scene.bindings())
                .singleElement()
                .satisfies(b ->
                        assertThat(b.expiresAt()).isEqualTo(scene.clock.now().plusSeconds(seconds)));
    }

    @ParameterizedTest
    @ValueSource(strings = {";expires=1", ";expires=59"})
    void tooBriefIsRefusedWithTheLeastThatWouldBeGranted(String parameters) {
        RegistrarScene.Response response = scene.send("Contact: <sip:a@192.0.2.1>" + parameters);

        assertThat(response.status()).isEqualTo(423);
        assertThat(response.reason()).isEqualTo("Interval Too Brief");
        assertThat(response.value("Min-Expires")).isEqualTo("60");
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void tooBriefHeaderIsRefusedToo() {
        assertThat(scene.send("Contact: <sip:a@192.0.2.1>", "Expires: 59").status())
                .isEqualTo(423);
    }

    @Test
    void withoutAMinimumOneSecondIsGranted() {
        RegistrarScene lenient = new RegistrarScene(
                RegistrarPolicy.builder().minExpires(Duration.ZERO).build());

        assertThat(lenient.send("Contact: <sip:a@192.0.2.1>;expires=1").value("Contact"))
                .endsWith(";expires=1");
    }

    @ParameterizedTest
    @CsvSource({"';expires=0', ''", "'', 0", "';expires=0', 3600", "';expires=00', ''"})
    void zeroRemovesTheContact(String parameters, String header) {
        scene.send("Contact: <sip:a@192.0.2.1>", "Contact: <sip:b@192.0.2.1>");

        RegistrarScene.Response response = header.isEmpty()
                ? scene.send("Contact: <sip:a@192.0.2.1>" + parameters)
                : scene.send("Contact: <sip:a@192.0.2.1>" + parameters, "Expires: " + header);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.value("Contact")).isEqualTo("<sip:b@192.0.2.1>;expires=1800");
        assertThat(scene.contacts()).containsExactly("sip:b@192.0.2.1");
    }

    @Test
    void removingAnUnknownContactIsNotAnError() {
        RegistrarScene.Response response = scene.send("Contact: <sip:a@192.0.2.1>;expires=0");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.values("Contact")).isEmpty();
    }

    @Test
    void bindingEndsWithoutARefreshAndLivesOnWithOne() {
        scene.send("Contact: <sip:a@192.0.2.1>;expires=60");
        scene.advance(Duration.ofSeconds(40));
        scene.send("Contact: <sip:a@192.0.2.1>;expires=60");

        scene.advance(Duration.ofSeconds(59));
        assertThat(scene.contacts()).hasSize(1);

        scene.advance(Duration.ofSeconds(1));
        assertThat(scene.contacts()).isEmpty();
    }
}
