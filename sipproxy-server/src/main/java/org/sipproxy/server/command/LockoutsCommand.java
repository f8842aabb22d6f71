package org.sipproxy.server.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Command that shows lockouts and bans. */
@Command(
        name = "lockouts",
        mixinStandardHelpOptions = true,
        description = {
            "Shows who is locked out of a running server after too many wrong passwords, and which sources are banned.",
            "user: this user from this source. source: all users without a recent proof of their password there.",
            "ban: everything from the source is dropped."
        },
        subcommands = LockoutsCommand.Clear.class)
public final class LockoutsCommand extends ControlCommand {

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonElement lockouts = server.call("lockouts.list", Map.of());
        TextTable table = new TextTable("KIND", "USER", "SOURCE", "ENDS IN");
        for (JsonObject lockout : Texts.rows(lockouts)) {
            table.row(
                    Texts.text(lockout, "kind"),
                    Texts.text(lockout, "user"),
                    Texts.text(lockout, "source"),
                    Texts.duration(lockout, "remaining"));
        }
        int size = lockouts.getAsJsonArray().size();
        String end = Texts.count(size, "lockout");
        return succeed(size == 0 ? end : table + System.lineSeparator() + end, lockouts);
    }

    /** Ends lockouts and bans. */
    @Command(
            name = "clear",
            mixinStandardHelpOptions = true,
            description = "Ends lockouts and bans, and resets their counts of failures.")
    static final class Clear extends ControlCommand {

        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "USER|ADDRESS",
                description = "A digest user name, or a numeric source address. Default: all.")
        private String who = "";

        @Override
        protected int run(ControlClient server) throws IOException {
            JsonObject result =
                    server.call("lockouts.clear", Map.of("who", who)).getAsJsonObject();
            long cleared = result.get("cleared").getAsLong();
            if (cleared == 0 && !who.isEmpty()) {
                return fail(ExitStatus.FAILED, "no lockout of " + who + "; the command lockouts lists them");
            }
            return succeed(Texts.count(cleared, "lockout") + " cleared", result);
        }
    }
}
