package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Command that sets a log level. */
@Command(
        name = "log",
        mixinStandardHelpOptions = true,
        description = "Sets how much a running server logs, until the next change or restart.")
public final class LogCommand extends ControlCommand {

    @Parameters(index = "0", paramLabel = "LEVEL", description = "error, warn, info, debug, trace or off.")
    private String level = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "LOGGER",
            description = {
                "A logger, such as refusals or org.sipproxy.refusals; docs/logging.md lists them.",
                "Default: all loggers of the proxy that have no level of their own."
            })
    private String logger = "";

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject changed =
                server.call("log", Map.of("level", level, "logger", logger)).getAsJsonObject();
        return succeed(
                Texts.text(changed, "logger") + ": " + Texts.text(changed, "before") + " -> "
                        + Texts.text(changed, "now"),
                changed);
    }
}
