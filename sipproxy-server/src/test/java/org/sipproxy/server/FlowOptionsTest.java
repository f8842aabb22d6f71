package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The options of recording, as {@code check} reads them. */
class FlowOptionsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int check(String... options) {
        String[] all = new String[4 + options.length];
        all[0] = "check";
        all[1] = "--listen=udp:127.0.0.1:5060";
        all[2] = "--domain=sip.test";
        all[3] = "--no-auth";
        System.arraycopy(options, 0, all, 4, options.length);
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), all);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "udp:192.0.2.9:9060",
                "http://192.0.2.9:9060",
                "a..b:9060",
                "192.0.2:9060",
                "192.0.2.9",
                "192.0.2.9:0",
                "192.0.2.9:65536",
                ":9060"
            })
    void collectorThatIsNotAHostAndAPortIsReported(String collector) {
        assertThat(check("--hep=" + collector)).isEqualTo(2);
        assertThat(err.toString()).contains("--hep: \"" + collector + "\" (expected HOST:PORT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.9:9060", "[2001:db8::9]:9060", "homer.example.org:9060", "homer_collector:9060"})
    void collectorIsAnAddressOrAName(String collector) {
        assertThat(check("--hep=" + collector)).isZero();
        assertThat(out.toString()).contains("HEP to " + collector);
    }
}
