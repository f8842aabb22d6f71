package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/**
 * Calls continue after a restart of the launcher. {@code -Dsipproxy.test.launcher.restarts} sets the number of
 * restarts.
 */
@Timeout(600)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Process.destroy() is not a SIGTERM there")
class LauncherRestartTest {

    private static final int RESTARTS = Integer.getInteger("sipproxy.test.launcher.restarts", 1);
    private static final InetAddress HOST = InetAddress.getLoopbackAddress();

    @TempDir
    private Path state;

    private JavaProcess launcher(int port) throws Exception {
        return JavaProcess.start(
                Launcher.class,
                "run",
                "--listen=udp:127.0.0.1:" + port,
                "--domain=sip.test",
                "--subscriber=1001:test1234",
                "--nat",
                "--secret-file=" + state.resolve("secret"));
    }

    @Test
    void aForeignCallerHangsUpAndAPhoneChangesItsCallAfterARestart() throws Exception {
        JavaProcess launcher = launcher(0);
        String ready = launcher.awaitLine("READY");
        int port = Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
        try (Phone foreign = phone("x", "elsewhere.test", "", port);
                Phone phone = phone("1001", "sip.test", "test1234", port)) {
            for (int i = 0; i < RESTARTS; i++) {
                phone.register();
                OutgoingCall first = foreign.call("sip:1001@sip.test");
                IncomingCall second = phone.awaitCall().answer();
                first.awaitAnswer();
                second.awaitAck();

                launcher.terminate();
                assertThat(launcher.awaitExit()).isZero();
                launcher = launcher(port);
                launcher.awaitLine("READY");

                second.reinvite();
                first.awaitRequest("ACK");
                first.hangUp();
                second.awaitHangUp();
                JavaProcess running = launcher;
                await().untilAsserted(() -> assertThat(running.err())
                        .anyMatch(line -> line.contains("calls survive a restart: the secret is")));
            }
        } finally {
            launcher.close();
        }
    }

    @Test
    void trackedCallsAreKeptInTheDatabase() throws Exception {
        try (PostgresFixture postgres = PostgresFixture.withSchema().open()) {
            Subscribers.in(postgres.dataSource()).add("1001", "sip.test", "test1234");
            JavaProcess launcher = tracking(postgres, 0);
            String ready = launcher.awaitLine("READY");
            int port = Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
            try (Phone foreign = phone("x", "elsewhere.test", "", port);
                    Phone phone = phone("1001", "sip.test", "test1234", port)) {
                phone.register();
                OutgoingCall first = foreign.call("sip:1001@sip.test");
                IncomingCall second = phone.awaitCall().answer();
                first.awaitAnswer();
                second.awaitAck();
                launcher.terminate();
                assertThat(launcher.awaitExit()).isZero();
                launcher = tracking(postgres, port);
                launcher.awaitLine("READY");

                JavaProcess running = launcher;
                await().untilAsserted(() -> assertThat(running.err())
                        .anyMatch(line -> line.contains("calls that are tracked again after the start: 1")));
                second.awaitHangUp(); // after the longest duration, which the restart did not begin again
                first.awaitHangUp();
            } finally {
                launcher.close();
            }
        }
    }

    private static JavaProcess tracking(PostgresFixture postgres, int port) throws Exception {
        return JavaProcess.start(
                Launcher.class,
                "run",
                "--listen=udp:127.0.0.1:" + port,
                "--domain=sip.test",
                "--database-url=" + postgres.url() + "?password=" + postgres.password(),
                "--database-user=" + postgres.user(),
                "--storage=write-through",
                "--calls",
                "--calls-max-duration=15s");
    }

    private static Phone phone(String user, String domain, String password, int port) {
        Phone.Builder options = Phone.builder(user)
                .domain(domain)
                .proxy(new InetSocketAddress(HOST, port))
                .patience(Duration.ofSeconds(20));
        return (password.isEmpty() ? options : options.password(password)).open();
    }
}
