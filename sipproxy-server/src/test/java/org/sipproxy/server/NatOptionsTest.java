package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NatOptionsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int check(String... more) {
        List<String> args =
                new ArrayList<>(List.of("check", "--listen", "udp:127.0.0.1:0", "--domain", "sip.test", "--no-auth"));
        args.addAll(List.of(more));
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), args.toArray(new String[0]));
    }

    @Test
    void namesAndNumbersAreParsedAndSummarized() {
        int status = check(
                "--nat",
                "--nat-test",
                "19,private-sdp",
                "--nat-ping",
                "20s",
                "--nat-ping-method",
                "options",
                "--nat-ping-all",
                "--nat-remove-after",
                "4");

        assertThat(err.toString()).isEmpty();
        assertThat(status).isZero();
        assertThat(out.toString()).contains("nat       on, tests 19 private-sdp, OPTIONS every 20s");
    }

    @Test
    void allProblemsAreReportedTogether() {
        int status = check(
                "--nat",
                "--nat-test",
                "512,private-contract",
                "--nat-ping",
                "1ms",
                "--nat-ping-method",
                "PING",
                "--nat-remove-after",
                "many");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains("--nat-test: 512 (expected 1 to 511")
                .contains("--nat-test: \"private-contract\" (expected private-contact,")
                .contains("--nat-ping: 1ms (expected 1s to 10m); use --nat-ping 0 for none")
                .contains("--nat-ping-method: \"PING\" (expected OPTIONS, CRLF or EMPTY)")
                .contains("--nat-remove-after: \"many\" is not an integer");
    }

    @Test
    void removalNeedsPingsWithResponses() {
        assertThat(check("--nat", "--nat-ping-method", "CRLF", "--nat-remove-after", "3"))
                .isEqualTo(2);

        assertThat(err.toString()).contains("--nat-remove-after: only OPTIONS pings get a response");
    }

    @Test
    void optionWithoutNatIsReported() {
        assertThat(check("--nat-ping", "15s")).isEqualTo(2);

        assertThat(err.toString()).contains("--nat-ping: has no effect without --nat");
    }

    @Test
    void pingsCanBeDisabled() {
        assertThat(check("--nat", "--nat-ping", "0")).isZero();

        assertThat(out.toString()).contains("nat       on, tests 19 and websocket, no pings");
    }
}
