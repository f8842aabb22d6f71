package org.sipproxy.samples.launcher;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The main class of {@code sipproxy.jar}. */
@Command(
        name = "sipproxy",
        mixinStandardHelpOptions = true,
        versionProvider = Launcher.Version.class,
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            CheckCommand.class,
            DbCommand.class,
            SubscriberCommands.Add.class,
            SubscriberCommands.Passwd.class,
            SubscriberCommands.Rm.class,
            SubscriberCommands.Show.class
        },
        synopsisSubcommandLabel = "(demo | run | check | db | add | passwd | rm | show)",
        descriptionHeading = "%n",
        description = "A SIP registrar and proxy. Without a command it runs the demo.",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  See a phone register and another one call it, drawn message by message:",
            "    java -jar sipproxy.jar demo --once",
            "  Serve the domain sip.test to two phones, after a look whether it would work:",
            "    java -jar sipproxy.jar check --listen udp:127.0.0.1:5060 --domain sip.test \\",
            "        --subscriber 1001:test1234 --subscriber 1002:test1234",
            "    java -jar sipproxy.jar run --listen udp:127.0.0.1:5060 --domain sip.test \\",
            "        --subscriber 1001:test1234 --subscriber 1002:test1234",
            "  The same with the arguments in a file, one a line, # for comments:",
            "    java -jar sipproxy.jar run @proxy.args",
            "  More of one command:  java -jar sipproxy.jar run --help",
            "",
            Launcher.EXIT_CODES
        })
public final class Launcher {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int MISCONFIGURED = 2;
    static final int UNREACHABLE = 3;

    static final String EXIT_CODES =
            "Exit status: 0 success, 1 failure or not found, 2 wrong usage or configuration (also a port in use), "
                    + "3 no way into the database.";

    private Launcher() {}

    /** Runs a command and exits with its status. */
    public static void main(String[] args) {
        // of TLS 1.2, where it costs the server a handshake for each few bytes of the client; 1.3 has none
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int status = execute(out, err, args);
        Logging.flush();
        System.exit(status);
    }

    /** Runs a command; {@code run}, and {@code demo} without {@code --once}, return only if they fail. */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        CommandLine commandLine = new CommandLine(new Launcher())
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Launcher::explainMisuse)
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    misconfigured(command.getErr(), List.of(messageOf(e)));
                    return FAILED;
                });
        return commandLine.execute(withDefaultCommand(args));
    }

    /** Options alone are the demo's, but for those that ask about the launcher itself. */
    private static String[] withDefaultCommand(String[] args) {
        List<String> own = List.of("-h", "--help", "-V", "--version");
        boolean demo = args.length == 0 || (args[0].startsWith("-") && !own.contains(args[0]));
        if (!demo) {
            return args;
        }
        String[] withDemo = new String[args.length + 1];
        withDemo[0] = "demo";
        System.arraycopy(args, 0, withDemo, 1, args.length);
        return withDemo;
    }

    private static int explainMisuse(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("sipproxy: " + e.getMessage());
        if (e instanceof UnmatchedArgumentException unmatched
                && unmatched.getUnmatched().get(0).startsWith("@")) {
            err.println("sipproxy: there is no readable file "
                    + unmatched.getUnmatched().get(0).substring(1));
        }
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("Help: java -jar sipproxy.jar " + helpOf(command));
        err.flush();
        return MISCONFIGURED;
    }

    private static String helpOf(CommandLine command) {
        return command.getParent() == null
                ? "--help"
                : command.getCommandSpec().qualifiedName().replaceFirst("^\\S+ ", "") + " --help";
    }

    /** Tells problems, a line each. */
    static int misconfigured(PrintWriter err, List<String> problems) {
        problems.stream().flatMap(String::lines).forEach(line -> err.println("sipproxy: " + line));
        err.flush();
        return MISCONFIGURED;
    }

    /** Prints what does not prevent success, a line each. */
    static void warn(PrintWriter err, List<String> warnings) {
        warnings.forEach(warning -> err.println("sipproxy: warning: " + warning));
        err.flush();
    }

    static List<String> join(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    /** What an exception says, which for those of the library is a line for each problem. */
    static String messageOf(Exception e) {
        String message = e.getMessage();
        return message == null ? e.toString() : message;
    }

    /** The version that the jar was built with. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Launcher.class.getPackage().getImplementationVersion();
            return new String[] {
                "sipproxy " + (version == null ? "(not built as a jar)" : version), "Java ${java.version}"
            };
        }
    }
}
