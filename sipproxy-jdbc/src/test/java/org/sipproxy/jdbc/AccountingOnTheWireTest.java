package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;
import org.sipproxy.testkit.TestClock;

/** Calls over real sockets, and their rows in a real database. */
class AccountingOnTheWireTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private final JdbcAccounting accounting = JdbcAccounting.builder(postgres.dataSource())
            .flushInterval(Duration.ofMillis(20))
            .callRecordColumns(List.of(AccountingColumn.CALL_ID))
            .build();
    private final TestClock clock = new TestClock();

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> proxy.component(accounting).clock(clock))
            .build();

    private final JdbcAccounting ofUsers = JdbcAccounting.builder(postgres.dataSource())
            .flushInterval(Duration.ofMillis(20))
            .build();

    @RegisterExtension
    final SipProxyExtension withUserBob = SipProxyExtension.builder()
            .authentication(users -> new OnlyBob())
            .configure(proxy -> proxy.component(ofUsers).revealUsers(true))
            .build();

    /** Authentication that admits every user and knows one. */
    private static final class OnlyBob implements Authentication {

        @Override
        public Verdict handle(StageContext context) {
            return Verdict.proceed();
        }

        @Override
        public boolean isKnownUser(String user, String domain, UserCase userCase) {
            return user.equals("bob");
        }
    }

    @BeforeAll
    static void addColumn() {
        postgres.execute("ALTER TABLE acc_cdrs ADD COLUMN IF NOT EXISTS callid VARCHAR(255) NOT NULL DEFAULT ''");
    }

    @BeforeEach
    void emptyTables() {
        postgres.execute("TRUNCATE acc, missed_calls, acc_cdrs");
    }

    private static List<String> rows(String table, String expression) {
        return Rows.of(postgres, "SELECT " + expression + " FROM " + table + " ORDER BY id");
    }

    private void awaitWritten(long rows) {
        await().atMost(SOON).until(() -> accounting.status().written() == rows);
    }

    @Test
    void wholeCallHasTwoRowsAndOneRecordOfItsDuration() {
        Phone bob = sip.registeredPhone("bob");

        OutgoingCall calling = sip.phone("alice").call("bob");
        IncomingCall called = bob.awaitCall().ring().answer();
        calling.awaitAnswer();
        called.awaitAck().reinvite(); // a re-INVITE of the callee in between
        calling.awaitRequest("ACK");
        clock.advance(Duration.ofMillis(61_500));
        calling.hangUp();

        awaitWritten(3);
        String callId = calling.id();
        assertThat(rows("acc", "method || ' ' || sip_code || ' ' || callid"))
                .containsExactly("INVITE 200 " + callId, "BYE 200 " + callId);
        assertThat(rows("acc", "from_tag || '/' || to_tag").get(0))
                .isEqualTo(calling.localTag() + "/" + called.localTag());
        assertThat(rows("acc_cdrs", "callid")).containsExactly(callId);
        assertThat(Double.parseDouble(rows("acc_cdrs", "duration").get(0))).isBetween(61.5, 65.0);
        assertThat(rows("acc_cdrs", "extract(epoch FROM end_time - start_time)::real = duration"))
                .containsExactly("t");
        assertThat(rows("acc_cdrs", "abs(extract(epoch FROM now() AT TIME ZONE 'UTC' - start_time)) < 10"))
                .containsExactly("t");
        assertThat(rows("missed_calls", "callid")).isEmpty();
    }

    @Test
    void callEndsEvenIfThePhoneDoesNotRespond() {
        Phone bob = sip.registeredPhone("bob", Phone.Builder::answering);
        OutgoingCall calling = sip.phone(
                        "alice", phone -> phone.t1(Duration.ofMillis(5)).lenient())
                .call("bob")
                .awaitAnswer();
        bob.awaitCall().awaitAck();
        clock.advance(Duration.ofSeconds(50));
        bob.stopResponding();

        assertThatThrownBy(() -> calling.send("BYE")).isInstanceOf(AssertionError.class);
        clock.advance(Duration.ofSeconds(33)); // Timer F

        awaitWritten(3);
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE200", "BYE408");
        assertThat(Double.parseDouble(rows("acc_cdrs", "duration").get(0)))
                .as("to the BYE")
                .isBetween(50.0, 60.0);
    }

    @Test
    void busyCallIsAMissedCallAndAFailedRow() {
        Phone bob = sip.registeredPhone("bob");

        OutgoingCall calling = sip.phone("alice").call("bob");
        bob.awaitCall().busy();
        calling.awaitStatus(486);

        awaitWritten(2);
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE486");
        assertThat(rows("missed_calls", "callid || sip_code || sip_reason"))
                .containsExactly(calling.id() + "486Busy Here");
    }

    @Test
    void cancelledCallIsAMissedCall() {
        Phone bob = sip.registeredPhone("bob");

        OutgoingCall calling = sip.phone("alice").call("bob");
        bob.awaitCall().ring();
        calling.awaitRinging().cancel();
        calling.awaitStatus(487);

        awaitWritten(2);
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE487");
        assertThat(rows("missed_calls", "callid || sip_code")).containsExactly(calling.id() + "487");
    }

    @Test
    void callToAnUnregisteredUserIsAMissedCallButToAnUnknownUserIsNot() {
        Phone alice = withUserBob.phone("alice");
        alice.call("nobody").awaitStatus(404);
        OutgoingCall toBob = alice.call("bob");
        toBob.awaitStatus(480);

        await().atMost(SOON).until(() -> ofUsers.status().written() == 1);
        assertThat(rows("missed_calls", "callid || sip_code")).containsExactly(toBob.id() + "480");
        assertThat(rows("acc", "callid")).isEmpty();
    }

    @Test
    void registrationsAndOptionsHaveNoRows() {
        sip.registeredPhone("bob").options("sip:sip.test");

        sip.proxy().close(); // writes the queued rows

        assertThat(accounting.status().written() + accounting.status().dropped())
                .isZero();
    }

    @Test
    void closingTheProxyWritesTheQueuedRows() {
        Phone bob = sip.registeredPhone("bob");
        OutgoingCall calling = sip.phone("alice").call("bob");
        bob.awaitCall().decline();
        calling.awaitStatus(603);

        sip.proxy().close();

        assertThat(rows("acc", "sip_code")).containsExactly("603");
    }
}
