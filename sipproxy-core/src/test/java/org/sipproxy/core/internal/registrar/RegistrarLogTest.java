package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.options.RegistrarPolicy;
import org.slf4j.event.Level;

/** The log lines that operators and scripts parse. */
class RegistrarLogTest {

    private final RegistrarScene scene = new RegistrarScene();

    @Test
    void newBindingIsLogged() {
        scene.send("Contact: <sip:alice@192.0.2.1:5060>;expires=600");

        assertThat(scene.log.lines())
                .containsExactly(
                        "INFO REGISTERED aor=<sip:alice@sip.test> contact=<sip:alice@192.0.2.1:5060> expires=600"
                                + " call-id=\"call-1\"");
    }

    @Test
    void refreshIsLoggedAtDebugOnly() {
        scene.send("Contact: <sip:a@192.0.2.1>");
        scene.send("Contact: <sip:a@192.0.2.1>");
        assertThat(scene.log.lines()).hasSize(1);

        RegistrarScene verbose = new RegistrarScene(RegistrarPolicy.DEFAULT, Level.DEBUG);
        verbose.send("Contact: <sip:a@192.0.2.1>");
        verbose.send("Contact: <sip:a@192.0.2.1>");
        assertThat(verbose.log.lines())
                .containsExactly(
                        "INFO REGISTERED aor=<sip:alice@sip.test> contact=<sip:a@192.0.2.1> expires=3600"
                                + " call-id=\"call-1\"",
                        "DEBUG REGISTERED aor=<sip:alice@sip.test> contact=<sip:a@192.0.2.1> expires=3600"
                                + " call-id=\"call-1\"");
    }

    @Test
    void bindingThatLeadsElsewhereIsLoggedAgain() {
        scene.send("Contact: <sip:a@192.0.2.1>");
        scene.send("Contact: <sip:a@192.0.2.1;ob>");
        scene.send("Contact: <sip:a@192.0.2.1;ob>", "Supported: path", "Path: <sip:edge.test;lr>");

        assertThat(scene.log.lines()).hasSize(3).allMatch(l -> l.startsWith("INFO REGISTERED"));
    }

    @Test
    void everyRemovalIsLoggedWithItsReason() {
        scene.send("Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.1>, <sip:c@192.0.2.1>;expires=60");
        scene.log.lines().clear();

        scene.send("Contact: <sip:a@192.0.2.1>;expires=0");
        scene.advance(Duration.ofSeconds(61));
        scene.send("Contact: *", "Expires: 0");

        assertThat(scene.log.lines())
                .containsExactly(
                        "INFO UNREGISTERED aor=<sip:alice@sip.test> contact=<sip:a@192.0.2.1> reason=UNREGISTERED"
                                + " call-id=\"call-1\"",
                        "INFO UNREGISTERED aor=<sip:alice@sip.test> contact=<sip:c@192.0.2.1> reason=EXPIRED"
                                + " call-id=\"call-1\"",
                        "INFO UNREGISTERED aor=<sip:alice@sip.test> contact=<sip:b@192.0.2.1> reason=UNREGISTERED"
                                + " call-id=\"call-1\"");
    }

    @Test
    void refusedRequestIsNotLogged() {
        scene.send("Contact: <sip:a@192.0.2.1>", "CSeq: 10 REGISTER");
        scene.log.lines().clear();

        scene.send("Contact: <sip:b@192.0.2.1>, <sip:a@192.0.2.1>", "CSeq: 9 REGISTER");
        scene.send("Contact: <sip:a@192.0.2.1>;expires=5");

        assertThat(scene.log.lines()).isEmpty();
    }

    @Test
    void peerCannotForgeALine() {
        scene.send("To: <sip:a%0D%0A%0AINFO%20REGISTERED%3E@sip.test>", "Contact: <sip:a%0D%0Ab%3E@192.0.2.1>");

        assertThat(scene.log.lines())
                .containsExactly("INFO REGISTERED aor=<sip:a%0D%0A%0Ainfo%20registered%3E@sip.test>"
                        + " contact=<sip:a%0D%0Ab%3E@192.0.2.1> expires=3600 call-id=\"call-1\"");
    }

    @Test
    void nothingIsLoggedBelowTheLevel() {
        RegistrarScene quiet = new RegistrarScene(RegistrarPolicy.DEFAULT, Level.WARN);
        quiet.send("Contact: <sip:a@192.0.2.1>");
        quiet.send("Contact: <sip:a@192.0.2.1>;expires=0");

        assertThat(quiet.log.lines()).isEmpty();
    }

    @Test
    void userWhoRegistersAndUnregistersAllTheTimeDoesNotFillTheLog() {
        for (int i = 0; i < 100; i++) {
            scene.send("Contact: <sip:a@192.0.2.1>");
            scene.send("Contact: <sip:a@192.0.2.1>;expires=0");
        }
        assertThat(scene.log.lines()).hasSize(20);
        scene.send("To: <sip:bob@sip.test>", "Contact: <sip:b@192.0.2.1>");

        assertThat(scene.log.lines())
                .hasSize(22)
                .contains("INFO OMITTED lines=180 aor=<sip:alice@sip.test>")
                .last()
                .asString()
                .startsWith("INFO REGISTERED aor=<sip:bob@sip.test>");
    }
}
