package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.WhenFull;

/** More contacts than an AOR may have. */
class RegistrarLimitTest {

    private final List<String> removed = new ArrayList<>();

    private RegistrarScene full(WhenFull whenFull) {
        RegistrarScene scene = new RegistrarScene(
                RegistrarPolicy.builder().maxContacts(2).whenFull(whenFull).build());
        scene.store.addListener(
                e -> e.removal().ifPresent(r -> removed.add(e.binding().contact() + " " + r)));
        scene.send("Contact: <sip:a@192.0.2.1>");
        scene.advance(Duration.ofSeconds(1));
        scene.send("Contact: <sip:b@192.0.2.1>");
        scene.advance(Duration.ofSeconds(1));
        return scene;
    }

    @Test
    void rejectRefusesTheNewContact() {
        RegistrarScene scene = full(WhenFull.REJECT);

        RegistrarScene.Response response = scene.send("Contact: <sip:c@192.0.2.1>");

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.value("P-Registrar-Error")).contains("too many contacts");
        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1", "sip:b@192.0.2.1");
    }

    @ParameterizedTest
    @EnumSource(WhenFull.class)
    void refreshAndRemovalAreAlwaysPossible(WhenFull whenFull) {
        RegistrarScene scene = full(whenFull);

        assertThat(scene.send("Contact: <sip:a@192.0.2.1>").status()).isEqualTo(200);
        assertThat(scene.send("Contact: <sip:a@192.0.2.1>;expires=0, <sip:c@192.0.2.1>")
                        .status())
                .isEqualTo(200);
        assertThat(scene.contacts()).containsExactly("sip:b@192.0.2.1", "sip:c@192.0.2.1");
    }

    @ParameterizedTest
    @EnumSource(WhenFull.class)
    void expiredBindingsDoNotCount(WhenFull whenFull) {
        RegistrarScene scene = full(whenFull);
        scene.advance(Duration.ofHours(2));

        assertThat(scene.send("Contact: <sip:c@192.0.2.1>, <sip:d@192.0.2.1>").status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @EnumSource(WhenFull.class)
    void requestThatAloneHoldsTooManyIsRefusedWhole(WhenFull whenFull) {
        RegistrarScene scene = full(whenFull);

        assertThat(scene.send("Contact: <sip:x@192.0.2.1>, <sip:y@192.0.2.1>, <sip:z@192.0.2.1>")
                        .status())
                .isEqualTo(503);
        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1", "sip:b@192.0.2.1");
        assertThat(removed).isEmpty();
    }

    @Test
    void oldestMeansTheOneRefreshedLongestAgo() {
        RegistrarScene scene = full(WhenFull.REPLACE_OLDEST);
        scene.send("Contact: <sip:a@192.0.2.1>");
        scene.advance(Duration.ofSeconds(1));

        assertThat(scene.send("Contact: <sip:c@192.0.2.1>").status()).isEqualTo(200);

        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1", "sip:c@192.0.2.1");
        assertThat(removed).containsExactly("sip:b@192.0.2.1 LIMIT");
    }

    @Test
    void unreachableMeansThatTheConnectionIsClosed() {
        RegistrarScene scene = full(WhenFull.REPLACE_UNREACHABLE);
        FakeFlow gone = new FakeFlow();
        scene.sendOn(gone, "Contact: <sip:b@192.0.2.1>");
        assertThat(scene.send("Contact: <sip:c@192.0.2.1>").status()).isEqualTo(503);

        gone.close();
        assertThat(scene.send("Contact: <sip:c@192.0.2.1>").status()).isEqualTo(200);

        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1", "sip:c@192.0.2.1");
        assertThat(removed).containsExactly("sip:b@192.0.2.1 LIMIT");
    }
}
