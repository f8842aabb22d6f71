package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options for limits, timers, lockouts and floods: what the library refuses names the option as it was typed. */
class LimitOptionsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int check(String... options) {
        String[] all = new String[options.length + 4];
        all[0] = "check";
        all[1] = "--listen=udp:127.0.0.1:0";
        all[2] = "--domain=sip.test";
        all[3] = "--subscriber=1001:test1234";
        System.arraycopy(options, 0, all, 4, options.length);
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), all);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--connections=0                 | --connections: 0 (expected 1 to 1",
                "--connections-per-source=many   | --connections-per-source: \"many\" is not an integer",
                "--message-bytes=5               | --message-bytes: 5 (expected 1024 to 16777216)",
                "--header-bytes=x                | --header-bytes: \"x\" (expected a number of bytes",
                "--idle-timeout=0                | --idle-timeout: ",
                "--transaction-bytes=1k          | --transaction-bytes: 1024 (expected 1,048,576 bytes or more)",
                "--worker-threads=0              | --worker-threads: 0 (expected 1 to 1,000)",
                "--longest-dialog=1m             | --longest-dialog: ",
                "--t1=1ms                        | --t1: ",
                "--nonce-capacity=5              | --nonce-capacity: 5 (expected 1,024 to",
                "--nonce-binding=port            | --nonce-binding: \"port\" (expected request-uri, source-address, call-id",
                "--lockout-user-failures=0       | --lockout-user-failures: 0 (expected 1 to 1,000)",
                "--lockout-answer=no             | --lockout-answer: \"no\" (expected challenge, forbidden or silence)",
                "--source-prefix=32              | --source-prefix: \"32\" (expected IPV4/IPV6, such as 32/64)",
                "--ban-time=0                    | --ban-time: ",
                "--scanner-agent=x               | --scanner-agent: a text under 2 characters",
                "--rate-limit-user=5             | --rate-limit-user: requires --rate-limit",
                "--contact-matching=name         | --contact-matching: \"name\" (expected rfc3261 or exact-text)",
                "--nat-fix-contact               | --nat-fix-contact: has no effect without --nat",
                "--tls-protocol=TLSv1            | --tls-protocol: has no effect without a TLS endpoint",
            })
    void valuesThatTheLibraryRefusesNameTheOption(String option, String problem) {
        assertThat(check(option)).isEqualTo(2);
        assertThat(err.toString()).contains("sipproxy: " + problem).hasLineCount(1);
    }

    @Test
    void valuesInsideTheRangesAreAccepted() {
        assertThat(check(
                        "--connections=100",
                        "--message-bytes=16k",
                        "--header-bytes=8k",
                        "--headers=100",
                        "--list-elements=8",
                        "--buffered-bytes=64k",
                        "--transaction-bytes=64m",
                        "--pending-requests=100",
                        "--worker-threads=4",
                        "--longest-dialog=2h",
                        "--t1=100ms",
                        "--t2=1s",
                        "--t4=1s",
                        "--auth-int",
                        "--nonce-binding=none",
                        "--one-time-nonces",
                        "--lockout-user-failures=none",
                        "--rate-limit=50",
                        "--rate-limit-user=5:10",
                        "--rate-limit-answer=tarpit",
                        "--source-prefix=24/48",
                        "--scanner-agent=badtool",
                        "--unknown-users=3",
                        "--ban-time=1h",
                        "--contact-matching=exact-text",
                        "--nat",
                        "--nat-private-network=203.0.113.0/24",
                        "--nat-reachable-network=10.1.0.0/16",
                        "--nat-fix-contact"))
                .isZero();
        assertThat(out.toString()).startsWith("ok");
    }

    @Test
    void otherLockoutOptionsContradictNoLockout() {
        assertThat(check("--lockout-user-failures=none", "--lockout-first=1m")).isEqualTo(2);
        assertThat(err.toString()).contains("--lockout-user-failures: none switches lockouts off");
    }
}
