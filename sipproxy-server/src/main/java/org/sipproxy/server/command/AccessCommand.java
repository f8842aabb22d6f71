package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Command that shows the access list. */
@Command(
        name = "access",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the access rules in force of a running server, those of the options first, then those of the database.",
            "The rules of the most specific network of a source decide."
        },
        subcommands = AccessCommand.Test.class)
public final class AccessCommand extends ControlCommand {

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject shown = server.call("access.list", Map.of()).getAsJsonObject();
        List<JsonObject> rules = Texts.rows(shown.get("rules"));
        TextTable table = new TextTable("ACTION", "RULE");
        rules.forEach(rule -> table.row(Texts.text(rule, "action"), Texts.text(rule, "rule")));
        table.row(Texts.text(shown, "defaultPolicy"), "everything else");
        return succeed(table + System.lineSeparator() + Texts.count(rules.size(), "rule"), shown);
    }

    /** Shows what happens to an address. */
    @Command(
            name = "test",
            mixinStandardHelpOptions = true,
            description = {
                "Shows what happens to requests of an address, and which rule decides.",
                "Exit status: 0 if they are accepted, 1 if not."
            })
    static final class Test extends ControlCommand {

        @Parameters(index = "0", paramLabel = "ADDRESS", description = "A numeric address, such as 192.0.2.7.")
        private String address = "";

        @Override
        protected int run(ControlClient server) throws IOException {
            JsonObject decision =
                    server.call("access.test", Map.of("address", address)).getAsJsonObject();
            boolean isBanned = decision.get("banned").getAsBoolean();
            String action = isBanned ? "deny" : Texts.text(decision, "action");
            StringBuilder text = new StringBuilder(Texts.text(decision, "address"))
                    .append(": ")
                    .append(action)
                    .append(
                            isBanned
                                    ? " (banned; lockouts clear ends the ban)"
                                    : " (" + Texts.text(decision, "rule") + ")");
            Texts.texts(decision, "special")
                    .forEach(rule -> text.append(System.lineSeparator())
                            .append("  before that: ")
                            .append(rule));
            succeed(text.toString(), decision);
            return action.equals("deny") ? ExitStatus.FAILED : ExitStatus.OK;
        }
    }
}
