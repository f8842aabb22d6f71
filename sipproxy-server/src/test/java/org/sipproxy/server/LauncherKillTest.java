package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/**
 * What phones and rows see after the process was killed (SIGKILL) while a phone rang: the call that rang is lost, and
 * everything else depends on whether the registration was in the database.
 */
@Timeout(180)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
class LauncherKillTest {

    private static final String USER = "1001";

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    @BeforeEach
    void emptyTheTables() {
        POSTGRES.execute("DELETE FROM location; DELETE FROM subscriber");
    }

    private JavaProcess launcher(String storage, int port) throws Exception {
        List<String> options = new ArrayList<>(List.of(
                "run",
                "--listen=udp:127.0.0.1:" + port,
                "--domain=sip.test",
                "--database-url=" + POSTGRES.url() + "?password=" + POSTGRES.password(),
                "--database-user=" + POSTGRES.user(),
                "--storage=" + storage));
        if (storage.equals("write-back")) {
            options.add("--flush-interval=5m"); // nothing is written before the end
        }
        return JavaProcess.start(Launcher.class, options.toArray(new String[0]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"write-through", "write-back"})
    void ringingCallIsLostAndTheNextOneDependsOnTheRow(String storage) throws Exception {
        boolean kept = storage.equals("write-through");
        Subscribers.in(POSTGRES.dataSource()).add(USER, "sip.test", "test1234");
        JavaProcess launcher = launcher(storage, 0);
        String ready = launcher.awaitLine("READY");
        int port = Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
        InetSocketAddress proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try (Phone caller = Phone.builder("x")
                        .domain("elsewhere.test")
                        .proxy(proxy)
                        .patience(Duration.ofSeconds(20))
                        .open();
                Phone phone = Phone.builder(USER)
                        .password("test1234")
                        .proxy(proxy)
                        .patience(Duration.ofSeconds(20))
                        .open()) {
            phone.register();
            OutgoingCall ringing = caller.call("sip:1001@sip.test");
            IncomingCall rung = phone.awaitCall().ring();
            ringing.awaitRinging();

            launcher.signal("KILL");
            assertThat(launcher.awaitExit()).isEqualTo(128 + 9);
            launcher = launcher(storage, port);
            launcher.awaitLine("READY");

            assertThat(rows()).isEqualTo(kept ? 1 : 0);
            assertThatThrownBy(ringing::cancel)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("481");
            assertThat(rung.isPending()).isTrue();
            OutgoingCall next = caller.call("sip:1001@sip.test");
            if (!kept) {
                assertThat(next.awaitFinal().statusCode()).isEqualTo(404);
                phone.register();
                next = caller.call("sip:1001@sip.test");
            }
            IncomingCall called = phone.awaitCall().answer();
            next.awaitAnswer();
            called.awaitAck();
            next.hangUp();
            called.awaitHangUp();
            rung.respond(480); // nobody receives it
        } finally {
            launcher.close();
        }
    }

    private int rows() throws SQLException {
        try (Connection connection = POSTGRES.dataSource().getConnection();
                ResultSet rows = connection
                        .createStatement()
                        .executeQuery("SELECT count(*) FROM location WHERE username = '" + USER + "'")) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
