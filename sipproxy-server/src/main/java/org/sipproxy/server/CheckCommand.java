package org.sipproxy.server;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.config.Arguments;
import org.sipproxy.server.database.DatabaseUnreachableException;
import org.sipproxy.server.logging.LogFormat;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Command that validates the configuration for {@code run} and reports every problem. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        descriptionHeading = "%n",
        description = {
            "Validates the options of run and reports every problem with its remedy: values, certificates, the database",
            "like db check, and whether the addresses are those of this machine. Opens no port, so it can be run beside a",
            "running server; --try-bind binds each address for a moment. Does not start an embedded database.",
            "Exit status 0 if run would serve, 2 if not, 3 if the database cannot be reached."
        },
        optionListHeading = "%nOptions, as for run:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Check a configuration:",
            "    ${ROOT-COMMAND-NAME} check --domain sip.test \\",
            "        --listen udp:127.0.0.1:5060 --subscriber 1001:test1234",
            "  Run only if the check succeeds, with the options in a file:",
            "    ${ROOT-COMMAND-NAME} check --config sipproxy.conf && \\",
            "        ${ROOT-COMMAND-NAME} run --config sipproxy.conf",
            "",
            Launcher.EXIT_CODES
        })
final class CheckCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Mixin
    private final ProxyOptions options = new ProxyOptions();

    @Mixin
    private final DatabaseOptions databaseOptions = new DatabaseOptions();

    @Option(
            names = "--try-bind",
            description =
                    "Also binds each address for a moment, to find those in use. Only while the server is stopped.")
    private boolean tryBind;

    // The options of run that change nothing here are accepted so that their values are checked too.

    @Option(names = "--log-level", paramLabel = "LEVEL", description = "How much run logs: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("UnusedVariable")
    private Logging.Verbosity logLevel = Logging.Verbosity.info;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            description = "Form of the lines of run: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("UnusedVariable")
    private LogFormat logFormat = LogFormat.usual();

    /**
     * Returns the problems of a file that has lines that cannot be read, and those of the values of its other lines.
     *
     * @param arguments the arguments of a command with such a file
     */
    static List<String> withProblemsOfValues(Arguments arguments) {
        CommandLine commands = Launcher.commands();
        try {
            commands.parseArgs(arguments.ofFile("check"));
        } catch (ParameterException e) {
            return arguments.problems();
        }
        CheckCommand command =
                Objects.requireNonNull(commands.getSubcommands().get("check")).getCommand();
        List<String> ofValues = new ArrayList<>(command.databaseOptions.problems());
        command.options
                .build(SubscriberOption.ofDatabaseNotStarted(command.databaseOptions.lasts()), false)
                .ifPresent(SipProxy::close);
        ofValues.addAll(command.options.problems());
        return arguments.problemsWith(ofValues.stream().map(arguments::placed).toList());
    }

    @Override
    public Integer call() {
        List<String> problems = databaseOptions.problems();
        if (!problems.isEmpty() || databaseOptions.url.isEmpty()) {
            boolean later = databaseOptions.isWanted() || !problems.isEmpty();
            return check(
                    later
                            ? SubscriberOption.ofDatabaseNotStarted(databaseOptions.lasts())
                            : SubscriberOption.of(Optional.empty()),
                    problems,
                    DatabaseCheckup.NONE);
        }
        try (Database database = Database.open(databaseOptions, Database.POOL_OF_A_COMMAND)) {
            return check(SubscriberOption.of(Optional.of(database)), List.of(), options.examine(database));
        } catch (DatabaseUnreachableException e) {
            int status = check(
                    SubscriberOption.ofDatabaseNotStarted(databaseOptions.lasts()),
                    List.of("cannot reach the database: " + Launcher.messageOf(e)),
                    DatabaseCheckup.NONE);
            return status == Launcher.OK ? status : Launcher.UNREACHABLE;
        }
    }

    private int check(SubscriberOption subscription, List<String> ofTheOptions, DatabaseCheckup checkup) {
        List<String> problems = new ArrayList<>(ofTheOptions);
        problems.addAll(checkup.problems());
        options.build(
                        checkup.preventsService()
                                ? SubscriberOption.ofDatabaseNotStarted(databaseOptions.lasts())
                                : subscription,
                        false)
                .ifPresent(SipProxy::close);
        problems.addAll(options.problems());
        problems.addAll(
                tryBind ? PortCheck.problems(options.endpoints()) : PortCheck.foreignAddresses(options.endpoints()));
        problems.addAll(options.tls.fileProblems());
        List<String> warnings = new ArrayList<>(checkup.warnings());
        warnings.addAll(options.warnings());
        warnings.addAll(options.security.warnings());
        warnings.addAll(databaseOptions.warnings());
        warnings.addAll(config.warnings());
        PrintWriter err = spec.commandLine().getErr();
        if (!problems.isEmpty()) {
            int status = Launcher.misconfigured(err, config.placed(problems));
            Launcher.warn(err, config.placed(warnings));
            return status;
        }
        Launcher.warn(err, config.placed(warnings));
        PrintWriter out = spec.commandLine().getOut();
        out.println("ok");
        options.summary(subscription).forEach(line -> out.println("  " + line));
        out.flush();
        return Launcher.OK;
    }
}
