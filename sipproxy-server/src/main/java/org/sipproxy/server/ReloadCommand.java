package org.sipproxy.server;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sipproxy.server.command.ControlCommand;
import org.sipproxy.server.control.ControlClient;
import picocli.CommandLine.Command;

/** Command that lets a running server read its configuration again. */
@Command(
        name = "reload",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        descriptionHeading = "%n",
        description = {
            "Lets the running server read its configuration file, certificates and tables again, without an effect on calls",
            "and connections. Either all changes are applied, or none: then the exit status is 1, and each problem is",
            "reported and logged. The signal SIGHUP has the same effect."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Check a changed configuration, and apply it:",
            "    ${ROOT-COMMAND-NAME} check --config sipproxy.conf && \\",
            "        ${ROOT-COMMAND-NAME} reload",
            "",
            Launcher.EXIT_CODES
        })
final class ReloadCommand extends ControlCommand {

    @Override
    protected int run(ControlClient server) throws IOException {
        JsonElement result = server.call(Reload.METHOD, Map.of());
        List<String> names = new ArrayList<>();
        result.getAsJsonObject().getAsJsonArray(Reload.CHANGED).forEach(name -> names.add(name.getAsString()));
        String text = names.isEmpty()
                ? "reloaded: no option has changed; certificates and tables were read again"
                : "reloaded: " + String.join(", ", names);
        return succeed(text, Map.of(Reload.CHANGED, names));
    }
}
