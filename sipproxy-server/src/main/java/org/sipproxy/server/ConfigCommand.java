package org.sipproxy.server;

import java.io.PrintWriter;
import org.sipproxy.server.config.ConfigExample;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Command for configuration files. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "(example)",
        descriptionHeading = "%n",
        description = "Helps to write a configuration file.",
        commandListHeading = "%nCommands:%n",
        subcommands = ConfigCommand.Example.class,
        footerHeading = "%nExamples:%n",
        footer = {
            "  Begin with a file that has every option:",
            "    ${ROOT-COMMAND-NAME} config example > sipproxy.conf",
            "  Check it, and run with it:",
            "    ${ROOT-COMMAND-NAME} check --config sipproxy.conf && \\",
            "        ${ROOT-COMMAND-NAME} run --config sipproxy.conf",
            "",
            Launcher.EXIT_CODES
        })
final class ConfigCommand {

    private ConfigCommand() {}

    /** Prints the commented example. */
    @Command(
            name = "example",
            mixinStandardHelpOptions = true,
            descriptionHeading = "%n",
            description = "Prints a configuration file with every option of run, its explanation and its default. All"
                    + " lines are comments.")
    static final class Example implements Runnable {

        @Spec
        @SuppressWarnings("NullAway.Init")
        private CommandSpec spec;

        @Override
        public void run() {
            PrintWriter out = spec.commandLine().getOut();
            ConfigExample.lines(new CommandLine(new RunCommand())).forEach(out::println);
            out.flush();
        }
    }
}
