package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that shows what was refused recently. */
@Command(
        name = "refusals",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what a running server refused or dropped since its start, also what an access rule or a rate limit",
            "dropped unread, and rejected credentials: one row for each source and reason, the latest first.",
            "COUNT: how often. STATUS: the response; - if there was none, or a challenge after rejected credentials.",
            "METHOD, FROM: of the latest request; - if it was not read.",
            "Exit status: 0; 1 if nothing of SOURCE was refused."
        })
public final class RefusalsCommand extends ControlCommand {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "SOURCE",
            description = "A numeric address or a network, such as 192.0.2.7 or 192.0.2.0/24. Default: all.")
    private String source = "";

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "How many rows are shown at most, 1 to 1000. Default: ${DEFAULT-VALUE}.",
            defaultValue = "100")
    private int limit;

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject shown = server.call("refusals", Map.of("source", source, "limit", limit))
                .getAsJsonObject();
        return succeed(text(shown), shown);
    }

    private static String text(JsonObject shown) {
        List<JsonObject> rows = Texts.rows(shown.get("refusals"));
        StringBuilder text = new StringBuilder();
        if (rows.isEmpty()) {
            text.append("nothing was refused since the start");
        } else {
            text.append(table(rows)).append(System.lineSeparator()).append(end(rows.size(), number(shown, "total")));
        }
        note(text, number(shown, "evicted"), "row", "evicted: the server keeps the latest 1,000");
        note(text, number(shown, "skipped"), "refusal", "not recorded: they coincided with others");
        return text.toString();
    }

    private static TextTable table(List<JsonObject> rows) {
        TextTable table = new TextTable("LAST", "COUNT", "SOURCE", "STATUS", "METHOD", "FROM", "REASON");
        for (JsonObject row : rows) {
            int status = row.get("status").getAsInt();
            table.row(
                    Texts.time(row, "last"),
                    Texts.text(row, "count"),
                    Texts.text(row, "source"),
                    status == 0 ? "" : status,
                    Texts.text(row, "method"),
                    Texts.text(row, "from"),
                    Texts.text(row, "reason"));
        }
        return table;
    }

    private static String end(int shown, long total) {
        return shown == total
                ? Texts.count(total, "row")
                : Texts.format("the latest %d of %d rows; --limit shows more", shown, total);
    }

    private static void note(StringBuilder text, long count, String noun, String what) {
        if (count > 0) {
            text.append(System.lineSeparator())
                    .append(Texts.count(count, noun))
                    .append(" ")
                    .append(what);
        }
    }

    private static long number(JsonObject from, String name) {
        return from.get(name).getAsLong();
    }
}
