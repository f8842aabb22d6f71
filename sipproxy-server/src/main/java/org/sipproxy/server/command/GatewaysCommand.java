package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Command that shows gateways and accounts at providers. */
@Command(
        name = "gateways",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the gateways and trunks of a running server, their states, and why.",
            "The letters are those of Kamailio: A active, T trying, I down, D out of use; P probed, X not probed."
        },
        subcommands = {GatewaysCommand.Enable.class, GatewaysCommand.Disable.class, GatewaysCommand.Drain.class})
public final class GatewaysCommand extends ControlCommand {

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject shown = server.call("gateways.list", Map.of()).getAsJsonObject();
        return succeed(text(shown), shown);
    }

    static String text(JsonObject shown) {
        List<JsonObject> members = Texts.rows(shown.get("gateways"));
        List<JsonObject> trunks = Texts.rows(shown.get("trunks"));
        StringBuilder text = new StringBuilder();
        if (!members.isEmpty()) {
            TextTable table = new TextTable(
                    "SET", "ID", "URI", "STATE", "FLAGS", "CALLS", "WEIGHT", "PRIORITY", "PROBED", "FAILED", "WHY");
            for (JsonObject member : members) {
                table.row(
                        Texts.text(member, "set"),
                        Texts.text(member, "id"),
                        Texts.text(member, "uri"),
                        Texts.text(member, "state"),
                        Texts.text(member, "letters"),
                        Texts.text(member, "calls"),
                        Texts.text(member, "weight"),
                        Texts.text(member, "priority"),
                        Texts.time(member, "probedAt"),
                        Texts.time(member, "failedAt"),
                        Texts.text(member, "why"));
            }
            text.append(table).append(System.lineSeparator());
        }
        if (!trunks.isEmpty()) {
            TextTable table = new TextTable("TRUNK", "STATE", "REGISTERED UNTIL", "NEXT ATTEMPT", "WHY");
            for (JsonObject trunk : trunks) {
                table.row(
                        Texts.text(trunk, "name"),
                        Texts.text(trunk, "state"),
                        Texts.time(trunk, "registeredUntil"),
                        Texts.time(trunk, "nextAttempt"),
                        Texts.text(trunk, "why"));
            }
            text.append(table).append(System.lineSeparator());
        }
        return text.append(Texts.count(members.size(), "gateway"))
                .append(", ")
                .append(Texts.count(trunks.size(), "trunk"))
                .toString();
    }

    /** Base of the commands that change a member. */
    abstract static class Change extends ControlCommand {

        @Parameters(index = "0", paramLabel = "SET", description = "The set.")
        private String set = "";

        @Parameters(index = "1", paramLabel = "ID", description = "The member, as gateways prints it.")
        private String id = "";

        private final String method;

        Change(String method) {
            this.method = method;
        }

        @Override
        protected int run(ControlClient server) throws IOException {
            JsonObject shown = server.call(method, Map.of("set", set, "id", id)).getAsJsonObject();
            return succeed(text(shown), shown);
        }
    }

    /** Puts a member into use. */
    @Command(name = "enable", mixinStandardHelpOptions = true, description = "Puts a gateway into use.")
    static final class Enable extends Change {
        Enable() {
            super("gateways.enable");
        }
    }

    /** Takes a member out of use. */
    @Command(
            name = "disable",
            mixinStandardHelpOptions = true,
            description = "Takes a gateway out of use, until enable or a restart. It is not probed. Its calls go on.")
    static final class Disable extends Change {
        Disable() {
            super("gateways.disable");
        }
    }

    /** Gives a member no new calls. */
    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            description = "Gives a gateway no new calls, until enable or a restart. It is probed. Its calls go on.")
    static final class Drain extends Change {
        Drain() {
            super("gateways.drain");
        }
    }
}
