package org.sipproxy.server.command;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;

/** Command that makes the server take no new work. */
@Command(
        name = "drain",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a running server refuse new calls and other new requests with 503, so that clients try another server.",
            "Existing calls go on, and phones may register. Ends with a restart. Prints the status."
        })
public final class DrainCommand extends ControlCommand {

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonObject status = server.call("drain", Map.of()).getAsJsonObject();
        return succeed(StatusCommand.text(status), status);
    }
}
