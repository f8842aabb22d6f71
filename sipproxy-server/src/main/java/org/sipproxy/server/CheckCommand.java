package org.sipproxy.server;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.database.DatabaseUnreachableException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that validates the configuration for {@code run} and reports every problem. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        descriptionHeading = "%n",
        description = {
            "Validates the options of run, tries to bind each address, and reports every problem. Examines the",
            "database like db check, but does not start an embedded one. Nothing stays open.",
            "Exit status 0 if run would serve, 2 if not."
        },
        optionListHeading = "%nOptions, as for run:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Check a configuration:",
            "    java -jar sipproxy.jar check --domain sip.test \\",
            "        --listen udp:127.0.0.1:5060 --subscriber 1001:test1234",
            "  Run only if the check succeeds, with the arguments in a file:",
            "    java -jar sipproxy.jar check @proxy.args && \\",
            "        java -jar sipproxy.jar run @proxy.args",
            "",
            Launcher.EXIT_CODES
        })
final class CheckCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ProxyOptions options = new ProxyOptions();

    @Mixin
    private final DatabaseOptions databaseOptions = new DatabaseOptions();

    /** Accepted so that one argument file can be used for both commands. */
    @Option(names = "--log-level", paramLabel = "LEVEL", description = "How much run logs: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("UnusedVariable")
    private Logging.Verbosity logLevel = Logging.Verbosity.info;

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
            Launcher.misconfigured(
                    spec.commandLine().getErr(), List.of("cannot reach the database: " + Launcher.messageOf(e)));
            return Launcher.UNREACHABLE;
        }
    }

    private int check(SubscriberOption subscription, List<String> ofTheOptions, DatabaseCheckup checkup) {
        List<String> problems = new ArrayList<>(checkup.fatal());
        problems.addAll(checkup.errors());
        if (checkup.fatal().isEmpty()) {
            options.build(subscription, false).ifPresent(SipProxy::close);
        } else {
            options.build(SubscriberOption.ofDatabaseNotStarted(databaseOptions.lasts()), false) // unreadable
                    .ifPresent(SipProxy::close);
        }
        problems.addAll(options.problems());
        problems.addAll(ofTheOptions);
        problems.addAll(PortCheck.problems(options.endpoints()));
        problems.addAll(options.tls.fileProblems());
        Launcher.warn(spec.commandLine().getErr(), checkup.warnings());
        if (!problems.isEmpty()) {
            return Launcher.misconfigured(spec.commandLine().getErr(), problems);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("ok");
        options.summary(subscription).forEach(line -> out.println("  " + line));
        out.flush();
        return Launcher.OK;
    }
}
