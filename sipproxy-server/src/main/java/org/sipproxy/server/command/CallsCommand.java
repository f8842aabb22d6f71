package org.sipproxy.server.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Command that shows the calls. */
@Command(
        name = "calls",
        mixinStandardHelpOptions = true,
        description = "Shows the calls of a running server, the oldest first. The server has to run with --calls.",
        subcommands = CallsCommand.End.class)
public final class CallsCommand extends ControlCommand {

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonElement calls = server.call("calls.list", Map.of());
        TextTable table =
                new TextTable("CALL-ID", "STATE", "DURATION", "STARTED", "FROM", "TO", "TARGET", "CALLER", "CALLEE");
        for (JsonObject call : Texts.rows(calls)) {
            table.row(
                    Texts.text(call, "callId"),
                    Texts.text(call, "state"),
                    Texts.text(call, "answeredAt").isEmpty() ? "" : Texts.duration(call, "duration"),
                    Texts.time(call, "startedAt"),
                    Texts.text(call, "from"),
                    Texts.text(call, "to"),
                    Texts.text(call, "target"),
                    Texts.text(call, "callerAddress"),
                    Texts.text(call, "calleeAddress"));
        }
        int size = calls.getAsJsonArray().size();
        String end = Texts.count(size, "call");
        return succeed(size == 0 ? end : table + System.lineSeparator() + end, calls);
    }

    /** Ends calls. */
    @Command(
            name = "end",
            mixinStandardHelpOptions = true,
            description = "Ends calls: both sides get BYE, or CANCEL and 487 if the call was not answered.")
    static final class End extends ControlCommand {

        @Parameters(
                index = "0",
                paramLabel = "ID|all",
                description = "A Call-ID, or the first 4 or more characters of one; all: all calls.")
        private String id = "";

        @Override
        protected int run(ControlClient server) throws IOException {
            JsonObject result = server.call("calls.end", Map.of("id", id)).getAsJsonObject();
            return succeed(Texts.count(result.get("ended").getAsLong(), "call") + " ended", result);
        }
    }
}
