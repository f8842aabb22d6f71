package org.sipproxy.server.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command that shows figures as they change. */
@Command(
        name = "monitor",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what a running server does: messages, calls, registrations, refusals, transactions, queues and heap,",
            "with rates per second. On a terminal it refreshes in place; otherwise it prints a line each time.",
            "Ends with Ctrl-C, after --count, or with exit status 3 when the server ends."
        })
public final class MonitorCommand extends ControlCommand {

    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[J";

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "SECONDS",
            description = "Interval, 0.1 to 3600. Default: ${DEFAULT-VALUE}.",
            defaultValue = "1")
    private double seconds;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "Ends after N intervals. Default: none.",
            defaultValue = "0")
    private int count;

    @Option(names = "--lines", description = "Prints lines on a terminal too.")
    private boolean lines;

    private int shown;

    @Override
    protected int run(ControlClient server) throws IOException {
        if (!(seconds >= 0.1 && seconds <= 3_600)) {
            return fail(ExitStatus.MISCONFIGURED, "monitor: " + seconds + " seconds (expected 0.1 to 3600)");
        }
        Cockpit cockpit = new Cockpit();
        boolean isInPlace = !lines && Terminal.find().isPresent();
        boolean ended = server.stream(
                "monitor",
                Map.of("intervalMillis", Math.round(seconds * 1_000)),
                event -> show(event, cockpit, isInPlace));
        return ended
                ? ExitStatus.OK
                : fail(ExitStatus.UNREACHABLE, "the server has ended, or has closed the connection");
    }

    /** Returns false if this was the last one, or the output is closed. */
    private boolean show(JsonElement event, Cockpit cockpit, boolean isInPlace) {
        JsonObject figures = event.getAsJsonObject();
        PrintWriter out = out();
        if (isJson()) {
            out.println(figures);
        } else if (isInPlace) {
            out.print(HOME_AND_CLEAR + cockpit.screen(figures));
        } else {
            cockpit.line(figures).ifPresent(out::println);
        }
        shown++;
        // the first figures have no rates: they only begin the first interval
        return !out.checkError() && (count == 0 || shown <= count);
    }
}
