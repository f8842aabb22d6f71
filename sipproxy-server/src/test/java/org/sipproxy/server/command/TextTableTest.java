package org.sipproxy.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import org.junit.jupiter.api.Test;
import org.sipproxy.server.json.Json;

class TextTableTest {

    @Test
    void columnsAreAlignedAndNumbersStandToTheRight() {
        assertThat(new TextTable("NAME", "N", "WHY")
                        .row("a", 5, "")
                        .row("longer", 12345, "because")
                        .toString())
                .isEqualToNormalizingNewlines("""
                    NAME        N  WHY
                    a           5  -
                    longer  12345  because""");
    }

    @Test
    void textsOfClientsCannotControlTheTerminal() {
        assertThat(TextTable.printable("a\u001b[2Jb\r\nc\u009b\u202ed\u00e9")).isEqualTo("a?[2Jb??c??d\u00e9");
    }

    @Test
    void durationsAndCountsAreShort() {
        assertThat(Texts.duration(59)).isEqualTo("59s");
        assertThat(Texts.duration(125)).isEqualTo("2m05s");
        assertThat(Texts.duration(3_720)).isEqualTo("1h02m");
        assertThat(Texts.duration(273_600)).isEqualTo("3d04h");
        assertThat(Texts.count(1, "call") + Texts.count(2, "call")).isEqualTo("1 call2 calls");
    }

    private static JsonObject figures(String at, long requests, long refused) {
        return Json.parse("""
            {"at":"%s","uptime":61,"state":"RUNNING","health":"READY","requests":%d,"responses":0,"retransmissions":0,
            "malformed":0,"calls":-1,"answeredCalls":-1,"users":2,"bindings":3,"serverTransactions":4,
            "clientTransactions":5,"lingeringTransactions":0,"transactionBytes":1048576,"transactionBytesLimit":2097152,
            "queued":6,"unanswered":1,"connections":0,"overloaded":0,"filtered":0,"heapUsed":1048576,"heapMax":4194304,
            "refusals":{"403 Forbidden":%d}}""".formatted(at, requests, refused)).getAsJsonObject();
    }

    @Test
    void theCockpitComputesRates() {
        Cockpit lines = new Cockpit();
        assertThat(lines.line(figures("2026-01-31T12:00:00Z", 100, 1))).isEmpty();
        assertThat(lines.line(figures("2026-01-31T12:00:02Z", 120, 2)))
                .get()
                .asString()
                .contains("REQ/s")
                .matches("(?s).* 10\\.0 +0\\.0 +0\\.5 +- +3 +4 +5 +6 +1");

        Cockpit screens = new Cockpit();
        assertThat(screens.screen(figures("2026-01-31T12:00:00Z", 100, 1))).containsPattern("requests +100 +-");
        assertThat(screens.screen(figures("2026-01-31T12:00:02Z", 120, 2)))
                .contains("sipproxy running, ready, up 1m01s")
                .containsPattern("requests +120 +10\\.0")
                .containsPattern("403 Forbidden +2 +0\\.5")
                .containsPattern("registered contacts +3")
                .contains("heap 1.0 MB of 4.0 MB")
                .doesNotContain("calls");
    }

    /** A screen that is longer than the terminal scrolls at each refresh, and its first lines are lost. */
    @Test
    void aScreenFitsATerminalOf80ColumnsAnd24Lines() {
        for (int reasons : new int[] {0, 1, 7, 8, 40}) {
            JsonObject figures = figures("2026-01-31T12:00:00Z", 4_000_000_000L, 1);
            figures.addProperty("calls", 10_000);
            figures.addProperty("answeredCalls", 10_000);
            JsonObject refusals = new JsonObject();
            for (int i = 0; i < reasons; i++) {
                refusals.addProperty("4" + (10 + i) + " " + "a long reason ".repeat(8), 4_000_000_000L - i);
            }
            figures.add("refusals", refusals);

            String screen = new Cockpit().screen(figures);

            assertThat(screen.lines())
                    .as("%d reasons", reasons)
                    .hasSizeLessThan(24)
                    .allMatch(line -> line.length() < 80);
            assertThat(screen)
                    .contains("connections              0", reasons == 0 ? "REFUSED  none" : "410 a long reason");
            if (reasons == 40) {
                assertThat(screen)
                        .contains("415 a long", "34 more reasons: stats refusals")
                        .doesNotContain("416 a long");
            }
        }
    }
}
