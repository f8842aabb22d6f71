package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.PathWithoutSupported;
import org.sipproxy.message.SipUri;

/** Path: RFC 3327 §5.3. */
class RegistrarPathTest {

    private static final String CONTACT = "Contact: <sip:a@192.0.2.1>";

    private final RegistrarScene scene = new RegistrarScene();

    @Test
    void isStoredInItsOrderAndEchoedAsItCame() {
        RegistrarScene.Response response = scene.send(
                CONTACT,
                "Supported: gruu, Path",
                "Path: <sip:near.test;lr>,<sip:mid.test;lr>",
                "Path: <sip:far.test;lr>");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.values("Path"))
                .containsExactly("<sip:near.test;lr>,<sip:mid.test;lr>", "<sip:far.test;lr>");
        assertThat(scene.bindings().get(0).path())
                .isEqualTo(List.of(
                        SipUri.of("sip:near.test;lr"), SipUri.of("sip:mid.test;lr"), SipUri.of("sip:far.test;lr")));
    }

    @Test
    void isRemovedByARefreshWithoutOne() {
        scene.send(CONTACT, "Supported: path", "Path: <sip:near.test;lr>");
        scene.send(CONTACT, "Supported: path");

        assertThat(scene.bindings().get(0).path()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Supported: gruu", "X-Nothing: path", "Supported: paths"})
    void ofAClientThatDoesNotSupportItIsRefusedAndNothingIsStored(String supported) {
        RegistrarScene.Response response = scene.send(CONTACT, supported, "Path: <sip:near.test;lr>");

        assertThat(response.status()).isEqualTo(420);
        assertThat(response.value("Unsupported")).isEqualTo("path");
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void theLogOfTheRefusalNamesTheOption() {
        scene.send(CONTACT, "Path: <sip:near.test;lr>");

        assertThat(scene.log.lines())
                .anyMatch(line -> line.contains("REGISTER of sip:alice@sip.test refused with 420")
                        && line.contains("--path-without-supported"));
    }

    @Test
    void pathOfAClientWithoutSupportIsStoredOrIgnoredByPolicy() {
        RegistrarScene storing = new RegistrarScene(RegistrarPolicy.builder()
                .pathWithoutSupported(PathWithoutSupported.STORE)
                .build());
        RegistrarScene ignoring = new RegistrarScene(RegistrarPolicy.builder()
                .pathWithoutSupported(PathWithoutSupported.IGNORE)
                .build());

        assertThat(storing.send(CONTACT, "Path: <sip:near.test;lr>").values("Path"))
                .containsExactly("<sip:near.test;lr>");
        assertThat(ignoring.send(CONTACT, "Path: <sip:near.test;lr>").values("Path"))
                .isEmpty();

        assertThat(storing.bindings().get(0).path()).containsExactly(SipUri.of("sip:near.test;lr"));
        assertThat(ignoring.bindings().get(0).path()).isEmpty();
        assertThat(ignoring.send(CONTACT, "Supported: path", "Path: <sip:near.test;lr>")
                        .values("Path"))
                .as("of a client that supports it")
                .containsExactly("<sip:near.test;lr>");
    }

    @Test
    void isSupportedByAClientThatRequiresIt() {
        assertThat(scene.send(CONTACT, "Require: path", "Path: <sip:near.test;lr>")
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<tel:+49>", "<sip:>", "junk <", "<sip:near.test;lr>, x"})
    void malformedPathIs400(String path) {
        assertThat(scene.send(CONTACT, "Supported: path", "Path: " + path).status())
                .isEqualTo(400);
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void beyondItsSizeIsABadRequest() {
        String hop = "<sip:" + "h".repeat(200) + ".test;lr>";

        assertThat(scene.send(CONTACT, "Supported: path", "Path: " + hop + "," + hop + "," + hop)
                        .status())
                .isEqualTo(400);
    }
}
