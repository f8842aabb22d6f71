package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.awaitility.Awaitility.await;
import static org.sipproxy.jdbc.AccountingScene.NOON;
import static org.sipproxy.jdbc.AccountingScene.bye;
import static org.sipproxy.jdbc.AccountingScene.invite;

import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.jdbc.AccountingScene.Done;
import org.sipproxy.message.Method;

/** Rows of completed requests; everything is written when the component closes. */
class JdbcAccountingTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    private JdbcAccounting.Builder options;

    @BeforeEach
    void emptyTables() {
        postgres.execute("TRUNCATE acc, missed_calls, acc_cdrs");
        options = JdbcAccounting.builder(postgres.dataSource());
    }

    /** Creates the tables as a Kamailio has them. */
    @AfterEach
    void usualColumns() {
        for (String table : List.of("acc", "missed_calls", "acc_cdrs")) {
            postgres.execute("ALTER TABLE " + table
                    + (table.equals("acc_cdrs") ? " DROP COLUMN IF EXISTS callid, DROP COLUMN IF EXISTS ended_by," : "")
                    + " DROP COLUMN IF EXISTS note, DROP COLUMN IF EXISTS src_user, DROP COLUMN IF EXISTS src_domain,"
                    + " DROP COLUMN IF EXISTS src_ip, DROP COLUMN IF EXISTS dst_ouser, DROP COLUMN IF EXISTS dst_user,"
                    + " DROP COLUMN IF EXISTS dst_domain");
        }
    }

    /** One run of the proxy. */
    private AccountingStatus account(Done... requests) {
        AccountingScene scene = AccountingScene.start(options);
        for (Done request : requests) {
            scene.completed(request.build());
        }
        scene.close();
        return scene.status();
    }

    private static List<Map<String, Object>> rows(String table) {
        return Jdbi.create(postgres.dataSource())
                .withHandle(handle -> handle.createQuery("SELECT * FROM " + table + " ORDER BY id")
                        .mapToMap()
                        .list());
    }

    private static List<String> rows(String table, String expression) {
        return Jdbi.create(postgres.dataSource())
                .withHandle(handle -> handle.createQuery("SELECT " + expression + " FROM " + table + " ORDER BY id")
                        .mapTo(String.class)
                        .list());
    }

    // ---- acc

    @Test
    void relayedInviteHasARowWithWhatKamailioWrites() {
        account(invite("c1").at(NOON.plusMillis(250)));

        assertThat(rows("acc", "concat_ws('|', method, from_tag, to_tag, callid, sip_code, sip_reason, time)"))
                .containsExactly("INVITE|a|b|c1|200|OK|2026-06-01 12:00:00.25");
    }

    @Test
    void timesAreThoseOfTheDatabaseZone() {
        options.databaseZone(ZoneId.of("Asia/Tokyo"));

        account(invite("c1"), bye("c1").at(NOON.plusSeconds(5)));

        assertThat(rows("acc", "time::text")).containsExactly("2026-06-01 21:00:00", "2026-06-01 21:00:05");
        assertThat(rows("acc_cdrs", "start_time || '/' || end_time"))
                .containsExactly("2026-06-01 21:00:00/2026-06-01 21:00:05");
    }

    @Test
    void failedInviteAndFailedByeHaveARow() {
        account(invite("c1").answered(486, "Busy Here"), bye("c2").answered(403, "Forbidden"));

        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE486", "BYE403");
    }

    @Test
    void methodsAndTheirFailuresAreConfigurable() {
        options.methods(Method.BYE).failuresOf(Method.BYE);

        account(invite("c1"), bye("c2").answered(403, "Forbidden"));

        assertThat(rows("acc", "method || sip_code")).containsExactly("BYE403");
    }

    @Test
    void locallyGeneratedResponseHasNoRow() {
        account(
                invite("c1").notRelayed().answered(407, "Proxy Authentication Required"),
                invite("c2").notRelayed().answered(404, "Not Found"));

        assertThat(rows("acc")).isEmpty();
        assertThat(rows("missed_calls")).isEmpty();
    }

    // ---- missed_calls

    @ParameterizedTest
    @CsvSource({
        "486,true",
        "487,true",
        "603,true",
        "408,true",
        "503,true",
        "302,true",
        "401,false",
        "407,false",
        "200,false"
    })
    void relayedCallToALocalUserIsMissedIfItFails(int status, boolean missed) {
        account(invite("c1").answered(status, "x"));

        assertThat(rows("missed_calls", "sip_code")).isEqualTo(missed ? List.of(Integer.toString(status)) : List.of());
    }

    @Test
    void callToAUserWhoIsNotRegisteredIsMissed() {
        account(invite("c1").notRelayed().answered(480, "Temporarily Unavailable"));

        assertThat(rows("missed_calls", "callid || sip_code")).containsExactly("c1480");
        assertThat(rows("acc")).isEmpty();
    }

    @Test
    void neitherACallElsewhereNorAReInviteIsMissed() {
        account(
                invite("c1").uri("sip:carol@example.net").answered(486, "Busy Here"),
                invite("c2").insideDialog("b").answered(488, "Not Acceptable Here"));

        assertThat(rows("missed_calls")).isEmpty();
        assertThat(rows("acc", "callid")).containsExactly("c1");
    }

    // ---- acc_cdrs

    @Test
    void callLastsFromThe2xxOfTheInviteToThatOfTheBye() {
        account(invite("c1"), bye("c1").at(NOON.plusMillis(61_500)));

        assertThat(rows("acc_cdrs", "concat_ws('|', start_time, end_time, duration)"))
                .containsExactly("2026-06-01 12:00:00|2026-06-01 12:01:01.5|61.5");
    }

    @Test
    void calleeMayHangUp() {
        account(invite("c1"), bye("c1").fromTag("b").insideDialog("a").at(NOON.plusSeconds(2)));

        assertThat(rows("acc_cdrs", "duration")).containsExactly("2");
    }

    @Test
    void reInviteDoesNotBeginTheCallAgain() {
        account(
                invite("c1"),
                invite("c1").insideDialog("b").at(NOON.plusSeconds(5)),
                invite("c1").fromTag("b").insideDialog("a").at(NOON.plusSeconds(6)),
                bye("c1").at(NOON.plusSeconds(10)),
                bye("c1").at(NOON.plusSeconds(11)));

        assertThat(rows("acc_cdrs", "duration")).containsExactly("10");
        assertThat(rows("acc", "method")).containsExactly("INVITE", "BYE");
    }

    @Test
    void each2xxOfAForkedInviteIsACallOfItsOwn() {
        account(
                invite("c1").toTag("b"),
                invite("c1").toTag("other").at(NOON.plusSeconds(1)),
                bye("c1").insideDialog("other").at(NOON.plusSeconds(2)),
                bye("c1").at(NOON.plusSeconds(30)));

        assertThat(rows("acc", "to_tag")).containsExactly("b", "other", "other", "b");
        assertThat(rows("acc_cdrs", "duration")).containsExactly("1", "30");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 202, 400, 403, 404, 408, 480, 481, 500, 503, 603})
    void callEndsWithItsByeWhateverTheResponse(int status) {
        account(invite("c1"), bye("c1").answered(status, "x").at(NOON.plusSeconds(7)));

        assertThat(rows("acc_cdrs", "duration")).containsExactly("7");
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE200", "BYE" + status);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 407})
    void challengedByeDoesNotEndTheCallButTheNextOneDoes(int status) {
        account(
                invite("c1"),
                bye("c1").answered(status, "x").at(NOON.plusSeconds(7)),
                bye("c1").at(NOON.plusSeconds(8)));

        assertThat(rows("acc_cdrs", "duration")).containsExactly("8");
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE200", "BYE200");
    }

    @Test
    void byesOfBothSidesAndARetransmittedByeAreOneEnd() {
        account(
                invite("c1"),
                bye("c1").at(NOON.plusSeconds(7)),
                bye("c1").fromTag("b").insideDialog("a").answered(481, "x").at(NOON.plusSeconds(8)),
                bye("c1").answered(481, "x").at(NOON.plusSeconds(9)));

        assertThat(rows("acc_cdrs", "duration")).containsExactly("7");
        assertThat(rows("acc", "method || sip_code")).containsExactly("INVITE200", "BYE200");
    }

    @Test
    void byeWithALocallyGeneratedResponseEndsKnownCallsOnly() {
        account(
                invite("c1"),
                bye("c1").notRelayed().answered(481, "x").at(NOON.plusSeconds(7)),
                bye("c2").notRelayed().answered(481, "x"));

        assertThat(rows("acc_cdrs", "duration")).containsExactly("7");
        assertThat(rows("acc", "method || callid")).containsExactly("INVITEc1", "BYEc1");
    }

    @Test
    void callerAndCalleeAreRecordedByDefault() {
        KamailioSchema.on(postgres.dataSource()).addAccountingColumns();

        account(
                invite("c1"),
                bye("c1").fromTag("b").insideDialog("a").at(NOON.plusSeconds(2)),
                invite("c2").answered(486, "Busy Here"));

        String who = "concat_ws('|', src_user, src_domain, src_ip, dst_ouser, dst_user, dst_domain)";
        String expected = "alice|sip.test|192.0.2.7|bob|phone|198.51.100.9";
        assertThat(rows("acc", who)).containsExactly(expected, expected, expected);
        assertThat(rows("missed_calls", who)).containsExactly(expected);
        assertThat(rows("acc_cdrs", "callid || '|' || ended_by || '|' || " + who))
                .containsExactly("c1|callee|" + expected);
    }

    @Test
    void addingTheColumnsAgainChangesNothing() {
        KamailioSchema schema = KamailioSchema.on(postgres.dataSource());

        assertThat(schema.addAccountingColumns()).isTrue();
        assertThat(schema.addAccountingColumns()).isTrue();
        assertThat(schema.verify()).isEmpty();
    }

    // ---- restarts, other nodes, and phones that disappear

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void callAcrossARestartHasItsRecord(boolean callerHangsUp) {
        KamailioSchema.on(postgres.dataSource()).addAccountingColumns();
        account(invite("c1"), invite("c2"));
        options = JdbcAccounting.builder(postgres.dataSource());

        Done bye = callerHangsUp ? bye("c1") : bye("c1").fromTag("b").insideDialog("a");
        account(bye.at(NOON.plusSeconds(600)), bye("c1").at(NOON.plusSeconds(601)));

        assertThat(rows(
                        "acc_cdrs",
                        "concat_ws('|', callid, src_user, dst_ouser, start_time, end_time, duration, ended_by)"))
                .containsExactly("c1|alice|bob|2026-06-01 12:00:00|2026-06-01 12:10:00|600|"
                        + (callerHangsUp ? "caller" : "callee"));
        assertThat(rows("acc", "method || callid")).containsExactly("INVITEc1", "INVITEc2", "BYEc1");
        account(bye("c1").at(NOON.plusSeconds(700)));
        assertThat(rows("acc_cdrs")).as("a repeated BYE, after another restart").hasSize(1);
        assertThat(rows("acc")).hasSize(3);
    }

    @Test
    void byeAtAnotherNodeEndsTheCallOnce() {
        AtomicLong nanos = new AtomicLong();
        options.ticker(nanos::get).flushInterval(Duration.ofMillis(10));
        try (AccountingScene first = AccountingScene.start(options)) {
            first.completed(invite("c1").build());
            await().until(() -> first.status().written() == 1);
            account(bye("c1").at(NOON.plusSeconds(60)));
            assertThat(rows("acc_cdrs", "duration")).containsExactly("60");

            nanos.addAndGet(Duration.ofHours(25).toNanos());
            await().until(() -> first.status().openCalls() == 0);
        }
        assertThat(rows("acc_cdrs")).hasSize(1);
        assertThat(rows("acc", "method")).containsExactly("INVITE", "BYE");
    }

    @Test
    void callWithoutAByeEndsAfterTheLongestDuration() {
        KamailioSchema.on(postgres.dataSource()).addAccountingColumns();
        AtomicLong nanos = new AtomicLong();
        options.ticker(nanos::get).maxCallDuration(Duration.ofHours(1)).flushInterval(Duration.ofMillis(10));
        try (AccountingScene scene = AccountingScene.start(options)) {
            scene.completed(invite("old").build());
            nanos.addAndGet(Duration.ofMinutes(59).toNanos());
            scene.completed(invite("new").build());
            assertThat(scene.status().openCalls()).isEqualTo(2);

            scene.advance(Duration.ofMinutes(61));
            nanos.addAndGet(Duration.ofMinutes(2).toNanos());
            await().until(() -> scene.status().openCalls() == 1);
            scene.completed(bye("old").at(NOON.plusSeconds(4_000)).build());
            scene.completed(bye("new").at(NOON.plusSeconds(5)).build());
        }
        assertThat(rows("acc_cdrs", "concat_ws('|', callid, duration, ended_by)"))
                .containsExactlyInAnyOrder("old|3660|timeout", "new|5|caller");
        assertThat(rows("acc", "callid || sip_code || sip_reason"))
                .filteredOn(row -> row.startsWith("old408"))
                .containsExactly("old408Call Timeout");
    }

    @Test
    void callThatTheProxyEndsHasARecordAndAByeRow() {
        KamailioSchema.on(postgres.dataSource()).addAccountingColumns();
        try (AccountingScene scene = AccountingScene.start(options)) {
            scene.completed(invite("hung").build());
            scene.completed(invite("lost").build());
            scene.ended("hung", CallEnd.Reason.HUNG_UP, Duration.ofSeconds(61));
            scene.ended("lost", CallEnd.Reason.LOST, Duration.ofSeconds(62));
            scene.completed(bye("hung").at(NOON.plusSeconds(61)).build()); // crosses the BYE of the proxy
            scene.ended("lost", CallEnd.Reason.BYE, Duration.ofSeconds(63)); // a phone's BYE is a completed request
        }
        assertThat(rows("acc_cdrs", "concat_ws('|', callid, duration, ended_by)"))
                .containsExactlyInAnyOrder("hung|61|proxy", "lost|62|timeout");
        assertThat(rows("acc", "callid || sip_code || sip_reason"))
                .contains("hung200Hung Up", "lost408Call Timeout")
                .hasSize(4);
    }

    @Test
    void callOfAnEarlierRunThatTheProxyEndsHasARecord() {
        KamailioSchema.on(postgres.dataSource()).addAccountingColumns();
        account(invite("c1"));
        try (AccountingScene scene = AccountingScene.start(options.maxOpenCalls(100))) {
            scene.ended("c1", CallEnd.Reason.HUNG_UP, Duration.ofSeconds(5));
        }
        assertThat(rows("acc_cdrs", "concat_ws('|', callid, duration, ended_by)"))
                .containsExactly("c1|5|proxy");
    }

    @Test
    void restoredCallWithoutAByeEndsAfterTheLongestDurationFromItsStart() {
        account(invite("c1"), invite("c2"), bye("c2"));
        AtomicLong nanos = new AtomicLong();
        options = JdbcAccounting.builder(postgres.dataSource())
                .ticker(nanos::get)
                .maxCallDuration(Duration.ofHours(1))
                .flushInterval(Duration.ofMillis(10));
        try (AccountingScene scene = AccountingScene.start(options, NOON.plus(Duration.ofMinutes(50)))) {
            await().until(() -> scene.status().openCalls() == 1);

            scene.advance(Duration.ofMinutes(11));
            nanos.addAndGet(Duration.ofMinutes(11).toNanos());
            await().until(() -> rows("acc_cdrs").size() == 2);
        }
        assertThat(rows("acc_cdrs", "duration")).containsExactly("0", "3660");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "P3650D"})
    void durationDoesNotChangeWithTheWallClock(Duration step) {
        AccountingScene scene = AccountingScene.start(options);
        scene.completed(invite("c1").at(scene.wallClock()).build());
        scene.advance(Duration.ofSeconds(90));
        scene.stepWallClock(step);
        scene.completed(bye("c1").at(scene.wallClock()).build());
        scene.close();

        assertThat(rows("acc_cdrs", "duration")).containsExactly("90");
        assertThat(rows("acc_cdrs", "end_time - start_time >= INTERVAL '90 s'")).containsExactly("t");
    }

    @Test
    void byeOfAnUnknownCallWritesNoRecord() {
        AccountingStatus status = account(bye("c1"), invite("c2").answered(486, "Busy Here"), bye("c2"));

        assertThat(rows("acc_cdrs")).isEmpty();
        assertThat(status.openCalls()).isZero();
    }

    @Test
    void openCallsAreBounded() {
        options.maxOpenCalls(100);
        Done[] calls = new Done[1_000];
        for (int i = 0; i < calls.length; i++) {
            calls[i] = invite("c" + i);
        }

        AccountingStatus status = account(calls);

        assertThat(status.openCalls()).isLessThanOrEqualTo(100);
        assertThat(status.evictedCalls()).isGreaterThanOrEqualTo(900);
    }

    // ---- further columns and odd values

    @Test
    void usualColumnsAreWrittenIfTheTableHasThem() {
        postgres.execute("ALTER TABLE acc ADD COLUMN src_user VARCHAR(3), ADD COLUMN dst_ouser VARCHAR(64)");

        account(invite("c1"));

        assertThat(rows("acc", "concat_ws('|', src_user, dst_ouser)")).containsExactly("ali|bob");
    }

    @Test
    void callRecordHasColumnsOfItsInvite() {
        postgres.execute("ALTER TABLE acc_cdrs ADD COLUMN callid VARCHAR(255), ADD COLUMN src_user VARCHAR(3)");
        options.callRecordColumns(List.of(AccountingColumn.CALL_ID, AccountingColumn.SOURCE_USER));

        account(invite("c1"), bye("c1").fromTag("b").insideDialog("a"));

        assertThat(rows("acc_cdrs", "callid || '/' || src_user")).containsExactly("c1/ali");
    }

    @Test
    void valuesAreCutToTheirColumns() {
        String longCallId = "x".repeat(3_000);

        account(
                invite(longCallId).answered(486, "\uD83D\uDE00".repeat(500)).toTag("t".repeat(500)),
                invite("c2").answered(486, "before\0after"));

        assertThat(rows("acc", "length(callid) || '/' || length(to_tag) || '/' || length(sip_reason)"))
                .containsExactly("255/128/128", "2/1/11");
        assertThat(rows("acc", "sip_reason")).contains("beforeafter");
        assertThat(rows("missed_calls")).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\0b",
                "\0",
                "half \uD83D of a pair",
                "\uDE00\uD83D",
                "\uFFFF",
                "'); DROP TABLE acc; --",
                "{\"a\",NULL}",
                "\\x00"
            })
    void oddTextOfAHostsFunctionIsWritten(String odd) {
        postgres.execute("ALTER TABLE acc ADD COLUMN note VARCHAR(40)");
        options.missedCalls(false).extraColumns(List.of(new AccountingColumn("note", done -> odd)));

        AccountingStatus status = account(invite("c1"), invite("c2"));

        assertThat(status.dropped()).isZero();
        assertThat(rows("acc", "note"))
                .hasSize(2)
                .containsOnly(odd.replace("\0", "").replace('\uD83D', '?').replace('\uDE00', '?'));
    }

    @Test
    void functionThatThrowsLosesItsOwnTextOnly() {
        postgres.execute("ALTER TABLE acc ADD COLUMN note TEXT");
        options.missedCalls(false).extraColumns(List.of(new AccountingColumn("note", done -> {
            if (done.request().callId().equals("c1")) {
                throw new IllegalStateException("bug of the host application");
            }
            throw new LinkageError("class of the host application");
        })));

        account(invite("c1"), invite("c2"));

        assertThat(rows("acc", "callid || note")).containsExactly("c1", "c2");
    }

    @Test
    void rejectedRowDoesNotBlockTheOthers() {
        postgres.execute("ALTER TABLE acc ADD COLUMN note TEXT CHECK (note <> 'c2')");
        options.missedCalls(false)
                .callRecords(false)
                .extraColumns(List.of(
                        new AccountingColumn("note", done -> done.request().callId())));

        AccountingStatus status = account(invite("c1"), invite("c2"), invite("c3"));

        assertThat(rows("acc", "callid")).containsExactly("c1", "c3");
        assertThat(status).isEqualTo(new AccountingStatus(0, 2, 1, 0, 0, Optional.empty()));
    }

    @Test
    void databaseInLatin1HasEveryCallWhateverItsTexts() {
        String name = "latin1_" + Long.toString(System.nanoTime(), 36);
        postgres.execute(
                "CREATE DATABASE " + name + " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        try {
            PGSimpleDataSource latin1 = (PGSimpleDataSource) postgres.dataSource();
            latin1.setDatabaseName(name);
            KamailioSchema.on(latin1).create();
            KamailioSchema.on(latin1).addAccountingColumns();
            options = JdbcAccounting.builder(latin1);
            account(invite("c1").answered(200, "\u624b"), invite("c2").answered(486, "\u624b\u673a"));
            options = JdbcAccounting.builder(latin1);

            AccountingStatus status = account(bye("c1").answered(200, "\u624b").at(NOON.plusSeconds(3)));

            assertThat(status.dropped()).isZero();
            List<String> records = Jdbi.create(latin1)
                    .withHandle(handle -> handle.createQuery("SELECT callid || duration || src_user FROM acc_cdrs")
                            .mapTo(String.class)
                            .list());
            assertThat(records).containsExactly("c13alice");
        } finally {
            postgres.execute("DROP DATABASE " + name + " WITH (FORCE)");
        }
    }

    // ---- problems at start

    @Test
    void missingColumnsAreNamedAtTheStart() {
        postgres.execute("ALTER TABLE acc ADD COLUMN note INTEGER");
        options.extraColumns(List.of(AccountingColumn.SOURCE_USER, new AccountingColumn("note", done -> "1")));

        assertThatIllegalStateException()
                .isThrownBy(() -> AccountingScene.start(options))
                .withMessageContaining(
                        "table acc has no column src_user; ALTER TABLE acc ADD COLUMN src_user VARCHAR(64)")
                .withMessageContaining("column note of table acc is not a text column")
                .withMessageContaining("table missed_calls has no column src_user");
    }

    @Test
    void missingTableIsNamedAtTheStart() {
        try (PostgresFixture empty = PostgresFixture.empty().open()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> AccountingScene.start(JdbcAccounting.builder(empty.dataSource())))
                    .withMessageContaining("table acc is missing")
                    .withMessageContaining("table missed_calls is missing")
                    .withMessageContaining("table acc_cdrs is missing");
        }
    }

    @Test
    void aBatchThatIsNotSetFitsIntoTheQueue() {
        assertThatNoException().isThrownBy(options.queueCapacity(200)::build);
        assertThatIllegalArgumentException()
                .isThrownBy(options.batchRows(500)::build)
                .withMessage("accounting: batchRows: 500 is above queueCapacity 200");
    }

    @Test
    void allProblemsOfTheOptionsAreReportedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.queueCapacity(1)
                        .batchRows(0)
                        .flushInterval(Duration.ZERO)
                        .extraColumns(List.of(AccountingColumn.CALL_ID))
                        .build())
                .withMessageContaining("queueCapacity: 1 (expected 100 to 1,000,000)")
                .withMessageContaining("batchRows: 0")
                .withMessageContaining("flushInterval: 0s (expected 10ms to 1m)")
                .withMessageContaining("extraColumns: callid");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AccountingColumn("note\"; --", done -> ""))
                .withMessageContaining("expected lower-case letters");
    }

    // ---- load

    @Test
    void tenThousandCallsOfFourThreadsAreComplete() throws InterruptedException {
        options.queueCapacity(40_000).closeTimeout(Duration.ofMinutes(1));
        AccountingScene scene = AccountingScene.start(options);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int from = t * 2_500;
            Thread thread = new Thread(() -> {
                for (int i = from; i < from + 2_500; i++) {
                    scene.completed(invite("c" + i).build());
                    scene.completed(bye("c" + i).at(NOON.plusSeconds(i)).build());
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        scene.close();

        assertThat(scene.status()).isEqualTo(new AccountingStatus(0, 30_000, 0, 0, 0, Optional.empty()));
        assertThat(rows("acc", "method || callid")).hasSize(20_000).doesNotHaveDuplicates();
        assertThat(rows("acc_cdrs", "duration::integer")).hasSize(10_000).doesNotHaveDuplicates();
    }
}
