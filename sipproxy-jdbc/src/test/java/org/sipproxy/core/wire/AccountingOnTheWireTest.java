package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.ProxyClock;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.AccountingColumn;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.jdbc.PostgresFixture;

/** Calls over real sockets and the rows that they leave in a real database. In this package for the elements on the wire. */
class AccountingOnTheWireTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private final JdbcAccounting accounting = JdbcAccounting.builder(postgres.dataSource())
            .flushInterval(Duration.ofMillis(20))
            .callRecordColumns(List.of(AccountingColumn.CALL_ID))
            .build();
    private final AtomicLong aheadMillis = new AtomicLong();
    private ProxyUnderTest proxy;

    @BeforeEach
    void start() {
        postgres.execute("TRUNCATE acc, missed_calls, acc_cdrs;"
                + " ALTER TABLE acc_cdrs ADD COLUMN IF NOT EXISTS callid VARCHAR(255) NOT NULL DEFAULT ''");
        proxy = ProxyUnderTest.start(builder -> builder.component(accounting).clock(new Ahead()));
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    /** The machine's clock, ahead by what a test says; timers go by the machine's. */
    private final class Ahead implements ProxyClock {

        @Override
        public long currentTimeMillis() {
            return System.currentTimeMillis() + aheadMillis.get();
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    }

    private static List<String> rows(String table, String expression) {
        return Jdbi.create(postgres.dataSource())
                .withHandle(handle -> handle.createQuery("SELECT " + expression + " FROM " + table + " ORDER BY id")
                        .mapTo(String.class)
                        .list());
    }

    private void awaitWritten(long rows) {
        await().atMost(SOON).until(() -> accounting.status().written() == rows);
    }

    @Test
    void wholeCallHasTwoRowsAndOneRecordOfItsDuration() {
        WireClient alice = proxy.udp("alice");
        WireClient bob = proxy.registered("bob");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage ringing = bob.awaitRequest("INVITE");
        bob.reply(ringing, 180);
        WireMessage ok = bob.reply(ringing, 200);
        Dialog dialog = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(dialog.ack());
        bob.awaitRequest("ACK");
        // a re-INVITE of the callee's in between
        Dialog ofBob = Dialog.ofCallee(bob, ringing, ok);
        Request again = bob.send(ofBob.request("INVITE").contact("<" + bob.contact() + ">"));
        alice.reply(alice.awaitRequest("INVITE"), 200);
        bob.awaitResponse(again, 200);
        bob.send(ofBob.ack());
        alice.awaitRequest("ACK");
        aheadMillis.set(61_500);
        Request bye = alice.send(dialog.request("BYE"));
        bob.reply(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);

        awaitWritten(4);
        assertThat(rows("acc", "method || ' ' || sip_code || ' ' || callid"))
                .containsExactly(
                        "INVITE 200 " + invite.callId(), "INVITE 200 " + invite.callId(), "BYE 200 " + invite.callId());
        assertThat(rows("acc", "from_tag || '/' || to_tag").get(0)).isEqualTo(ringing.fromTag() + "/" + ok.toTag());
        assertThat(rows("acc_cdrs", "callid")).containsExactly(invite.callId());
        assertThat(Double.parseDouble(rows("acc_cdrs", "duration").get(0))).isBetween(61.5, 65.0);
        assertThat(rows("acc_cdrs", "extract(epoch FROM end_time - start_time)::real = duration"))
                .containsExactly("t");
        assertThat(rows("acc_cdrs", "abs(extract(epoch FROM now() AT TIME ZONE 'UTC' - start_time)) < 10"))
                .containsExactly("t");
        assertThat(rows("missed_calls", "callid")).isEmpty();
    }

    @Test
    void busyCallIsAMissedCallAndAFailedRow() {
        WireClient alice = proxy.udp("alice");
        WireClient bob = proxy.registered("bob");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.reply(bob.awaitRequest("INVITE"), 486);
        alice.send(invite.ack(alice.awaitResponse(invite, 486)));

        awaitWritten(2);
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE486");
        assertThat(rows("missed_calls", "callid || sip_code || sip_reason"))
                .containsExactly(invite.callId() + "486Busy Here");
    }

    @Test
    void callThatTheCallerGivesUpIsAMissedCall() {
        WireClient alice = proxy.udp("alice");
        WireClient bob = proxy.registered("bob");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage ringing = bob.awaitRequest("INVITE");
        bob.reply(ringing, 180);
        alice.awaitResponse(invite, 180);
        alice.send(invite.cancel());
        bob.reply(bob.awaitRequest("CANCEL"), 200);
        bob.reply(ringing, 487);
        alice.send(invite.ack(alice.awaitResponse(invite, 487)));

        awaitWritten(2);
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE487");
        assertThat(rows("missed_calls", "callid || sip_code")).containsExactly(invite.callId() + "487");
    }

    @Test
    void callToAKnownUserWhoIsNotRegisteredIsAMissedCallAndToNobodyIsNone() {
        JdbcAccounting own = JdbcAccounting.builder(postgres.dataSource())
                .flushInterval(Duration.ofMillis(20))
                .build();
        Authentication onlyBob = new Authentication() {
            @Override
            public Verdict handle(StageContext context) {
                return Verdict.proceed();
            }

            @Override
            public boolean isKnownUser(String user, String domain) {
                return user.equals("bob");
            }
        };
        try (ProxyUnderTest other = ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(onlyBob)
                .component(own))) {
            WireClient alice = other.udp("alice");
            Request toNobody = alice.send(alice.request("INVITE", "sip:nobody@sip.test"));
            alice.send(toNobody.ack(alice.awaitResponse(toNobody, 404)));
            Request toBob = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
            alice.send(toBob.ack(alice.awaitResponse(toBob, 480)));

            await().atMost(SOON).until(() -> own.status().written() == 1);
            assertThat(rows("missed_calls", "callid || sip_code")).containsExactly(toBob.callId() + "480");
            assertThat(rows("acc", "callid")).isEmpty();
        }
    }

    @Test
    void registrationsAndOptionsLeaveNothing() {
        WireClient bob = proxy.registered("bob");
        Request options = bob.send(bob.request("OPTIONS", "sip:sip.test"));
        bob.awaitFinal(options);

        proxy.proxy().close(); // writes what waits

        assertThat(accounting.status().written() + accounting.status().dropped())
                .isZero();
    }

    @Test
    void closingTheProxyWritesWhatWaits() {
        WireClient alice = proxy.udp("alice");
        WireClient bob = proxy.registered("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.reply(bob.awaitRequest("INVITE"), 603);
        alice.send(invite.ack(alice.awaitResponse(invite, 603)));

        proxy.proxy().close();

        assertThat(rows("acc", "sip_code")).containsExactly("603");
    }
}
