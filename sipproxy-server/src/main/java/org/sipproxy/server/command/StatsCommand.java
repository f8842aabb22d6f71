package org.sipproxy.server.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Collectors;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Command that prints figures. */
@Command(
        name = "stats",
        mixinStandardHelpOptions = true,
        description = "Prints figures of a running server, one NAME = VALUE per line.")
public final class StatsCommand extends ControlCommand {

    /** Group whose figures appear with the first refusal of their kind. */
    private static final String REFUSALS = "refusals";

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "PATTERN",
            description = "A name, a group such as proxy, or a pattern with *, such as '*connections'. Default: all.")
    private String pattern = "";

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject figures = server.call("stats", Map.of("pattern", pattern)).getAsJsonObject();
        if (figures.isEmpty() && pattern.startsWith(REFUSALS)) {
            return succeed("nothing of that kind was refused since the start", figures);
        }
        if (figures.isEmpty()) {
            return fail(ExitStatus.FAILED, "no figure matches \"" + pattern + "\"; stats without a pattern lists all");
        }
        String text =
                figures.entrySet().stream().map(StatsCommand::line).collect(Collectors.joining(System.lineSeparator()));
        return succeed(text, figures);
    }

    private static String line(Map.Entry<String, JsonElement> figure) {
        return figure.getKey() + " = " + figure.getValue().getAsLong();
    }
}
