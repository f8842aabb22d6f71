package org.sipproxy.server;

import java.util.List;
import org.sipproxy.server.config.Arguments;
import org.sipproxy.server.config.ConfigFile;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Option for the configuration file. {@link Launcher} has read the file before the options are parsed. */
final class ConfigOption {

    /** Name of the mixin in each command. */
    private static final String MIXIN = "config";

    @Option(
            names = ConfigFile.OPTION,
            paramLabel = "FILE",
            description = {
                "File with options of run, one per line, such as listen udp:192.0.2.1:5060, without dashes.",
                "An option of the command line replaces that of the file; one that may be repeated is added. The",
                "commands for the database take its --database- options from the file. config example prints a file",
                "with every option."
            })
    String file = "";

    private Arguments arguments = Arguments.NONE;

    /** Passes the arguments to all commands below {@code command}. */
    static void pass(Arguments arguments, CommandLine command) {
        CommandLine.Model.CommandSpec mixin = command.getCommandSpec().mixins().get(MIXIN);
        if (mixin != null && mixin.userObject() instanceof ConfigOption option) {
            option.arguments = arguments;
        }
        command.getSubcommands().values().forEach(one -> pass(arguments, one));
    }

    /** Returns the arguments of this process, those of the file included. */
    Arguments arguments() {
        return arguments;
    }

    /** Returns a line if other users can read passwords of subscribers in the file. */
    List<String> warnings() {
        return arguments.isInFile("--subscriber")
                ? CertificateCheck.readableByOthers(ConfigFile.OPTION, file)
                : List.of();
    }

    /** Returns the problems, with file and line before those of options in the file. */
    List<String> placed(List<String> problems) {
        return problems.stream().map(arguments::placed).toList();
    }
}
