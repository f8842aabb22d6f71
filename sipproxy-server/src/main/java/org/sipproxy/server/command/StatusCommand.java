package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;

/** Command that shows an overview of the server. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = {
            "Shows version, state, listening points, domains, database, health and key figures of a running server.",
            "Exit status: 0 if it is ready or degraded, 1 if it is not ready, 3 if none is running."
        })
public final class StatusCommand extends ControlCommand {

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject status = server.call("status", Map.of()).getAsJsonObject();
        succeed(text(status), status);
        return Texts.text(status, "health").equals("NOT_READY") ? ExitStatus.FAILED : ExitStatus.OK;
    }

    static String text(JsonObject status) {
        JsonObject figures = status.getAsJsonObject("figures");
        StringBuilder text = new StringBuilder();
        line(text, "version", Texts.text(status, "version") + ", pid " + Texts.text(status, "pid"));
        line(
                text,
                "state",
                lower(status, "state") + ", up " + Texts.duration(status, "uptime") + " since "
                        + Texts.time(status, "startedAt"));
        line(text, "health", lower(status, "health").replace('_', ' '));
        Texts.texts(status, "problems").forEach(problem -> line(text, "problem", problem));
        line(text, "listen", Texts.text(status, "listen"));
        String udp = Texts.text(status, "udp");
        if (!udp.isEmpty()) {
            line(text, "udp", udp);
        }
        line(text, "domains", Texts.text(status, "domains"));
        line(text, "store", store(status.getAsJsonObject("store")));
        line(
                text,
                "registered",
                Texts.count(number(figures, "users"), "user") + ", "
                        + Texts.count(number(figures, "bindings"), "contact"));
        line(
                text,
                "calls",
                number(figures, "calls") < 0
                        ? "not tracked (run --calls)"
                        : number(figures, "calls") + ", " + number(figures, "answeredCalls") + " answered");
        line(
                text,
                "messages",
                Texts.count(number(figures, "requests"), "request") + ", "
                        + Texts.count(number(figures, "responses"), "response") + ", "
                        + Texts.count(number(figures, "retransmissions"), "retransmission"));
        line(text, "refused", refused(figures.getAsJsonObject("refusals")));
        Texts.rows(status.get("recordings")).forEach(one -> line(text, "recording", recorded(one)));
        line(
                text,
                "in progress",
                Texts.count(number(figures, "serverTransactions"), "server transaction") + ", "
                        + number(figures, "clientTransactions") + " client, " + number(figures, "queued") + " queued");
        line(
                text,
                "heap",
                Texts.megabytes(number(figures, "heapUsed")) + " of " + Texts.megabytes(number(figures, "heapMax")));
        return text.toString().stripTrailing();
    }

    private static String recorded(JsonObject recording) {
        return Texts.text(recording, "to") + ": " + Texts.count(number(recording, "passed"), "message") + ", "
                + number(recording, "dropped") + " dropped";
    }

    private static String store(JsonObject store) {
        String error = Texts.text(store, "lastError");
        String text =
                Texts.text(store, "databaseAnswers").equals("true") ? "ok" : "the database does not respond, " + error;
        long waiting = number(store, "waiting");
        if (waiting > 0) {
            text += ", changes of " + Texts.count(waiting, "user") + " wait to be written, the oldest for "
                    + Texts.duration(store, "oldestWaiting");
        }
        String written = Texts.time(store, "lastWrite");
        return written.isEmpty() ? text : text + ", last write " + written;
    }

    private static String refused(JsonObject refusals) {
        String text = refusals.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> entry.getValue().getAsLong() + "x " + entry.getKey())
                .collect(Collectors.joining(", "));
        return text.isEmpty() ? "none" : text;
    }

    private static long number(JsonObject from, String name) {
        return from.get(name).getAsLong();
    }

    private static String lower(JsonObject from, String name) {
        return Texts.text(from, name).toLowerCase(Locale.ROOT);
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(Texts.format("%-12s", name))
                .append(TextTable.printable(value))
                .append(System.lineSeparator());
    }
}
