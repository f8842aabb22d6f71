package org.sipproxy.server;

import java.io.File;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.sipproxy.server.command.AccessCommand;
import org.sipproxy.server.command.CallsCommand;
import org.sipproxy.server.command.DrainCommand;
import org.sipproxy.server.command.ExitStatus;
import org.sipproxy.server.command.ExplainCommand;
import org.sipproxy.server.command.GatewaysCommand;
import org.sipproxy.server.command.LockoutsCommand;
import org.sipproxy.server.command.LogCommand;
import org.sipproxy.server.command.MonitorCommand;
import org.sipproxy.server.command.RefusalsCommand;
import org.sipproxy.server.command.StatsCommand;
import org.sipproxy.server.command.StatusCommand;
import org.sipproxy.server.command.StopCommand;
import org.sipproxy.server.command.TraceCommand;
import org.sipproxy.server.command.UlCommand;
import org.sipproxy.server.config.Arguments;
import org.sipproxy.server.config.ConfigFile;
import org.sipproxy.server.manual.HelpLayout;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Main class of {@code sipproxy.jar}. Reads the configuration file, selects the command, and reports wrong usage. */
@Command(
        name = "sipproxy",
        mixinStandardHelpOptions = true,
        versionProvider = Launcher.Version.class,
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            CheckCommand.class,
            ReloadCommand.class,
            ConfigCommand.class,
            DbCommand.class,
            ImportCommand.class,
            SubscriberCommands.Add.class,
            SubscriberCommands.Passwd.class,
            SubscriberCommands.Rm.class,
            SubscriberCommands.Show.class,
            TraceCommand.class,
            ExplainCommand.class,
            StatusCommand.class,
            UlCommand.class,
            CallsCommand.class,
            StatsCommand.class,
            MonitorCommand.class,
            GatewaysCommand.class,
            AccessCommand.class,
            RefusalsCommand.class,
            LockoutsCommand.class,
            LogCommand.class,
            DrainCommand.class,
            StopCommand.class,
            CompletionCommand.class,
            ManCommand.class,
            CommandLine.HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        descriptionHeading = "%n",
        description = "A SIP registrar and proxy. Without a command it runs the demo.",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Watch a phone register and another one call it, as a diagram of the messages:",
            "    ${ROOT-COMMAND-NAME} demo --once",
            "  Check a configuration, then serve the domain sip.test to two phones with it:",
            "    ${ROOT-COMMAND-NAME} check --listen udp:127.0.0.1:5060 --domain sip.test \\",
            "        --subscriber 1001:test1234 --subscriber 1002:test1234",
            "    ${ROOT-COMMAND-NAME} run --listen udp:127.0.0.1:5060 --domain sip.test \\",
            "        --subscriber 1001:test1234 --subscriber 1002:test1234",
            "  The same with a configuration file, with lines such as: domain sip.test",
            "    ${ROOT-COMMAND-NAME} config example > sipproxy.conf",
            "    ${ROOT-COMMAND-NAME} run --config sipproxy.conf",
            "  Help on one command:  ${ROOT-COMMAND-NAME} run --help",
            "",
            Launcher.EXIT_CODES
        })
public final class Launcher {

    static final int OK = ExitStatus.OK;
    static final int FAILED = ExitStatus.FAILED;
    static final int MISCONFIGURED = ExitStatus.MISCONFIGURED;
    static final int UNREACHABLE = ExitStatus.UNREACHABLE;

    static final String EXIT_CODES =
            "Exit status: 0 success, 1 failure or not found, 2 wrong usage or configuration (including a port in use), "
                    + "3 the database, or the running server, cannot be reached.";

    private Launcher() {}

    /** Runs a command and exits with its status. */
    public static void main(String[] args) {
        if (args.length > 0 && args[0].equals("run")) {
            ProcessSignals.deferHangup();
        }
        // with TLS 1.2 a few bytes of the client cost the server a handshake; TLS 1.3 has no renegotiation
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int status = execute(out, err, args);
        Logging.flush();
        System.exit(status);
    }

    /**
     * Runs a command and returns its exit status. {@code run}, and {@code demo} without {@code --once}, return only if
     * they fail.
     */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        CommandLine commandLine = commands();
        Arguments arguments = Arguments.of(commandLine, args);
        if (!arguments.problems().isEmpty()) {
            return misconfigured(err, CheckCommand.withProblemsOfValues(arguments));
        }
        ConfigOption.pass(arguments, commandLine);
        commandLine
                .setCommandName(programName(
                        System.getProperty("sipproxy.command", ""), System.getProperty("java.class.path", "")))
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler((e, all) -> explainMisuse(e, arguments))
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    misconfigured(command.getErr(), List.of(messageOf(e)));
                    return FAILED;
                });
        if (!isWithoutCommand(args)) {
            return commandLine.execute(arguments.texts());
        }
        Optional<String> ofRun = optionOfRunOnly(commandLine, args);
        if (ofRun.isPresent()) {
            err.println("sipproxy: " + ofRun.get() + " is an option of run, but no command is given; did you mean" + " "
                    + commandLine.getCommandName() + " run " + ofRun.get() + " …");
            return misconfigured(err, List.of("without a command, the demo runs; for its options see: demo --help"));
        }
        return commandLine.execute(
                Stream.concat(Stream.of("demo"), Stream.of(args)).toArray(String[]::new));
    }

    /**
     * Returns how this program was started, for the help texts.
     *
     * @param named name of the command that an installed package has; empty if it is not installed
     * @param classPath the jar if it was started with {@code java -jar}
     */
    static String programName(String named, String classPath) {
        boolean isJar = classPath.endsWith(".jar") && classPath.indexOf(File.pathSeparatorChar) < 0;
        return !named.isEmpty() ? named : isJar ? "java -jar " + classPath : "sipproxy";
    }

    /** Returns the program with all its commands. */
    static CommandLine commands() {
        CommandLine commands =
                new CommandLine(new Launcher()).setExpandAtFiles(false).setCaseInsensitiveEnumValuesAllowed(true);
        HelpLayout.applyTo(commands);
        return commands;
    }

    /**
     * Returns true if the demo is to run: options without a command belong to it, except those for help and version.
     */
    private static boolean isWithoutCommand(String... args) {
        List<String> own = List.of("-h", "--help", "-V", "--version");
        return args.length == 0 || (args[0].startsWith("-") && !own.contains(args[0]));
    }

    private static Optional<String> optionOfRunOnly(CommandLine commandLine, String... args) {
        Set<String> ofRun = optionsOf(commandLine, "run");
        Set<String> ofDemo = optionsOf(commandLine, "demo");
        return Stream.of(args)
                .map(argument -> argument.split("=", 2)[0])
                .filter(name -> ofRun.contains(name) && !ofDemo.contains(name))
                .findFirst();
    }

    private static Set<String> optionsOf(CommandLine commandLine, String command) {
        CommandLine named = commandLine.getSubcommands().get(command);
        return named == null ? Set.of() : named.getCommandSpec().optionsMap().keySet();
    }

    private static int explainMisuse(ParameterException e, Arguments arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        if (e instanceof UnmatchedArgumentException unmatched) {
            String before = "";
            for (String one : unmatched.getUnmatched()) {
                boolean isValue = before.startsWith("-") && before.indexOf('=') < 0 && !one.startsWith("-");
                if (!isValue) {
                    explainUnmatched(command, one, err);
                }
                before = one;
            }
        } else {
            err.println("sipproxy: " + messageOf(e, arguments));
        }
        err.println("Help: " + command.getCommandSpec().qualifiedName() + " --help");
        err.flush();
        return MISCONFIGURED;
    }

    /** Returns the message of wrong usage, with file and line if the option is in the file. */
    static String messageOf(ParameterException e, Arguments arguments) {
        String message = messageOf(e);
        return e.getArgSpec() instanceof OptionSpec option && e.getValue() != null
                ? arguments
                        .placeOf(option.longestName(), e.getValue())
                        .map(place -> place + ": " + message)
                        .orElse(message)
                : message;
    }

    /** Prints a line for an argument that no option or parameter accepts, with suggestions. */
    private static void explainUnmatched(CommandLine command, String argument, PrintWriter err) {
        UnmatchedArgumentException alone = new UnmatchedArgumentException(command, List.of(argument));
        String kind = argument.startsWith("-") ? "unknown option: " : "unknown argument: ";
        // the value after = may be a password
        String shown = argument.startsWith("-") ? argument.split("=", 2)[0] : argument;
        List<String> meant = alone.getSuggestions();
        String remedy = argument.startsWith("@")
                ? "; write the options to a configuration file, and name it with " + ConfigFile.OPTION
                : meant.isEmpty() ? "" : "; did you mean " + String.join(" or ", meant) + "?";
        err.println("sipproxy: " + kind + shown + remedy);
    }

    /** Prints problems, one per line, and returns {@link #MISCONFIGURED}. */
    static int misconfigured(PrintWriter err, List<String> problems) {
        problems.stream().flatMap(String::lines).forEach(line -> err.println("sipproxy: " + line));
        err.flush();
        return MISCONFIGURED;
    }

    /** Prints warnings, one per line. They do not change the exit status. */
    static void warn(PrintWriter err, List<String> warnings) {
        warnings.forEach(warning -> err.println("sipproxy: warning: " + warning));
        err.flush();
    }

    static List<String> join(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    /** Returns the message of an exception. Exceptions of the library have one line per problem. */
    static String messageOf(Exception e) {
        String message = e.getMessage();
        return message == null ? e.toString() : message;
    }

    static String version() {
        String version = Launcher.class.getPackage().getImplementationVersion();
        return version == null ? "(not built as a jar)" : version;
    }

    /** Version of the jar, for {@code --version}. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"sipproxy " + version(), "Java ${java.version}"};
        }
    }
}
