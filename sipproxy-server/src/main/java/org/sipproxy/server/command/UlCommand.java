package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands for registered contacts, as {@code kamctl ul} has them. */
@Command(
        name = "ul",
        mixinStandardHelpOptions = true,
        description = "Shows and removes registered contacts of a running server.",
        synopsisSubcommandLabel = "(show | rm)",
        subcommands = {UlCommand.Show.class, UlCommand.Rm.class})
public final class UlCommand implements Runnable {

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init")
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "ul: missing command; use ul show or ul rm");
    }

    /** Shows contacts. */
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            description = "Shows the registered contacts of a user, or of all users.")
    static final class Show extends ControlCommand {

        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "USER",
                description = "A user as 1001, 1001@DOMAIN or sip:1001@DOMAIN. Default: all users.")
        private String user = "";

        @Option(
                names = "--limit",
                paramLabel = "N",
                description = "How many contacts are shown at most. Default: ${DEFAULT-VALUE}.",
                defaultValue = "10000")
        private int limit;

        @Override
        protected int run(ControlClient server) throws IOException {
            JsonObject shown =
                    server.call("ul.show", Map.of("user", user, "limit", limit)).getAsJsonObject();
            List<JsonObject> bindings = Texts.rows(shown.get("bindings"));
            TextTable table = new TextTable(
                    "AOR",
                    "CONTACT",
                    "EXPIRES",
                    "Q",
                    "RECEIVED",
                    "FLOW",
                    "SOCKET",
                    "PATH",
                    "CSEQ",
                    "CALL-ID",
                    "USER-AGENT");
            for (JsonObject binding : bindings) {
                table.row(
                        Texts.text(binding, "aor"),
                        Texts.text(binding, "contact"),
                        Texts.text(binding, "expiresIn"),
                        Texts.text(binding, "q"),
                        Texts.text(binding, "received"),
                        Texts.text(binding, "flow"),
                        Texts.text(binding, "socket"),
                        Texts.text(binding, "path"),
                        Texts.text(binding, "cseq"),
                        Texts.text(binding, "callId"),
                        Texts.text(binding, "userAgent"));
            }
            long total = shown.get("total").getAsLong();
            String end = Texts.count(shown.get("users").getAsLong(), "user") + ", " + Texts.count(total, "contact")
                    + (total > bindings.size() ? ", " + bindings.size() + " shown; more with --limit" : "");
            return succeed(bindings.isEmpty() ? end : table + System.lineSeparator() + end, shown);
        }
    }

    /** Removes contacts. */
    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            description = {
                "Removes one contact of a user, or all of them. The phone is not notified and registers again when its",
                "registration would expire."
            })
    static final class Rm extends ControlCommand {

        @Parameters(index = "0", paramLabel = "USER", description = "A user as 1001, 1001@DOMAIN or sip:1001@DOMAIN.")
        private String user = "";

        @Parameters(
                index = "1",
                arity = "0..1",
                paramLabel = "CONTACT",
                description = "The contact, as ul show prints it. Default: all contacts of the user.")
        private String contact = "";

        @Override
        protected int run(ControlClient server) throws IOException {
            JsonObject result = server.call("ul.rm", Map.of("user", user, "contact", contact))
                    .getAsJsonObject();
            return succeed(Texts.count(result.get("removed").getAsLong(), "contact") + " removed", result);
        }
    }
}
