package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Command that stops the server. */
@Command(
        name = "stop",
        mixinStandardHelpOptions = true,
        description = {
            "Stops a running server as SIGTERM does, and waits until its process has ended.",
            "Exit status: 0 if it has ended, 1 if it still runs after the time of --wait."
        })
public final class StopCommand extends ControlCommand {

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            description = "How long the command waits. Default: ${DEFAULT-VALUE}.",
            defaultValue = "60")
    private long seconds;

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject last = server.call("stop", Map.of()).getAsJsonObject();
        long pid = last.get("pid").getAsLong();
        if (!hasEnded(pid)) {
            return fail(
                    ExitStatus.FAILED,
                    "the server, process " + pid + ", still runs after " + seconds + " s; see its log");
        }
        return succeed("stopped", last);
    }

    private boolean hasEnded(long pid) {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        if (process.isEmpty()) {
            return true;
        }
        try {
            process.get().onExit().get(seconds, TimeUnit.SECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }
}
