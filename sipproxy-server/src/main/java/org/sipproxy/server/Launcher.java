package org.sipproxy.server;

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
import org.sipproxy.server.command.TraceCommand;
import org.sipproxy.server.command.GatewaysCommand;
import org.sipproxy.server.command.LockoutsCommand;
import org.sipproxy.server.command.LogCommand;
import org.sipproxy.server.command.MonitorCommand;
import org.sipproxy.server.command.StatsCommand;
import org.sipproxy.server.command.StatusCommand;
import org.sipproxy.server.command.StopCommand;
import org.sipproxy.server.command.UlCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Main class of {@code sipproxy.jar}. Expands argument files, selects the command, and reports wrong usage. */
@Command(
        name = "sipproxy",
        mixinStandardHelpOptions = true,
        versionProvider = Launcher.Version.class,
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            CheckCommand.class,
            DbCommand.class,
            ImportCommand.class,
            SubscriberCommands.Add.class,
            SubscriberCommands.Passwd.class,
            SubscriberCommands.Rm.class,
            SubscriberCommands.Show.class,
            TraceCommand.class,
            StatusCommand.class,
            UlCommand.class,
            CallsCommand.class,
            StatsCommand.class,
            MonitorCommand.class,
            GatewaysCommand.class,
            AccessCommand.class,
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
            "    java -jar sipproxy.jar demo --once",
            "  Check a configuration, then serve the domain sip.test to two phones with it:",
            "    java -jar sipproxy.jar check --listen udp:127.0.0.1:5060 --domain sip.test \\",
            "        --subscriber 1001:test1234 --subscriber 1002:test1234",
            "    java -jar sipproxy.jar run --listen udp:127.0.0.1:5060 --domain sip.test \\",
            "        --subscriber 1001:test1234 --subscriber 1002:test1234",
            "  The same with the arguments in a file, with lines such as --domain=sip.test:",
            "    java -jar sipproxy.jar run @proxy.args",
            Launcher.ARGUMENT_FILES,
            "  Help on one command:  java -jar sipproxy.jar run --help",
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

    static final String ARGUMENT_FILES =
            "  @FILE is replaced by the lines of a file. Each line is one argument, verbatim: # and quotation marks"
                    + " in a value are "
                    + "part of it. A line that begins with # is a comment; a line @FILE names another file; a leading"
                    + " @@ "
                    + "means @.";

    private Launcher() {}

    /** Runs a command and exits with its status. */
    public static void main(String[] args) {
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
        ArgumentFiles.Arguments arguments = ArgumentFiles.expand(args);
        if (!arguments.problems().isEmpty()) {
            return misconfigured(err, arguments.problems());
        }
        CommandLine commandLine = new CommandLine(new Launcher())
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setExpandAtFiles(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, all) -> explainMisuse(e, arguments))
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    misconfigured(command.getErr(), List.of(messageOf(e)));
                    return FAILED;
                });
        String[] expanded = arguments.texts();
        if (!isWithoutCommand(expanded)) {
            return commandLine.execute(expanded);
        }
        Optional<String> ofRun = optionOfRunOnly(commandLine, expanded);
        if (ofRun.isPresent()) {
            err.println("sipproxy: " + ofRun.get() + " is an option of run, but no command is given; did you mean"
                    + " java -jar sipproxy.jar run " + ofRun.get() + " …");
            return misconfigured(err, List.of("without a command, the demo runs; for its options see: demo --help"));
        }
        return commandLine.execute(
                Stream.concat(Stream.of("demo"), Stream.of(expanded)).toArray(String[]::new));
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

    private static int explainMisuse(ParameterException e, ArgumentFiles.Arguments arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        if (e instanceof UnmatchedArgumentException unmatched) {
            String before = "";
            for (String one : unmatched.getUnmatched()) {
                boolean isValue = before.startsWith("-") && before.indexOf('=') < 0 && !one.startsWith("-");
                if (!isValue) {
                    explainUnmatched(command, one, arguments, err);
                }
                before = one;
            }
        } else {
            err.println("sipproxy: "
                    + placeOf(e, arguments).map(place -> place + ": ").orElse("") + e.getMessage());
        }
        err.println("Help: java -jar sipproxy.jar " + helpOf(command));
        err.flush();
        return MISCONFIGURED;
    }

    private static Optional<String> placeOf(ParameterException e, ArgumentFiles.Arguments arguments) {
        return e.getArgSpec() instanceof OptionSpec option && e.getValue() != null
                ? Stream.of(option.names())
                        .flatMap(name -> arguments.placeOf(name, e.getValue()).stream())
                        .findFirst()
                : Optional.empty();
    }

    /** Prints a line for an argument that no option or parameter accepts, with suggestions. */
    private static void explainUnmatched(
            CommandLine command, String argument, ArgumentFiles.Arguments arguments, PrintWriter err) {
        UnmatchedArgumentException alone = new UnmatchedArgumentException(command, List.of(argument));
        String kind = argument.startsWith("-") ? "unknown option: " : "unknown argument: ";
        // the value after = may be a password
        String shown = argument.startsWith("-") ? argument.split("=", 2)[0] : argument;
        List<String> meant = alone.getSuggestions();
        err.println("sipproxy: "
                + arguments.placeOf(argument).map(place -> place + ": ").orElse("") + kind + shown
                + (meant.isEmpty() ? "" : "; did you mean " + String.join(" or ", meant) + "?"));
    }

    private static String helpOf(CommandLine command) {
        return command.getParent() == null
                ? "--help"
                : command.getCommandSpec().qualifiedName().replaceFirst("^\\S+ ", "") + " --help";
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
