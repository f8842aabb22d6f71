package org.sipproxy.samples.launcher;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.sipproxy.core.SipProxy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says whether {@code run} would work. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        descriptionHeading = "%n",
        description = {
            "Checks the options of run and whether each address can be bound, and tells all problems at once.",
            "Nothing stays open. Exit status 0 if run would serve, 2 if not."
        },
        optionListHeading = "%nOptions, as for run:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Would this work?",
            "    java -jar sipproxy.jar check --domain sip.test \\",
            "        --listen udp:127.0.0.1:5060 --subscriber 1001:test1234",
            "  Serve only what was checked, with the arguments in a file:",
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

    /** Taken so that one argument file serves both commands. */
    @Option(names = "--log-level", paramLabel = "LEVEL", description = "How much run logs: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("UnusedVariable")
    private Logging.Verbosity logLevel = Logging.Verbosity.info;

    @Override
    public Integer call() {
        options.build().ifPresent(SipProxy::close);
        List<String> problems = new ArrayList<>(options.problems());
        problems.addAll(PortCheck.problems(options.endpoints()));
        if (!problems.isEmpty()) {
            return Launcher.misconfigured(spec.commandLine().getErr(), problems);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("ok");
        options.summary().forEach(line -> out.println("  " + line));
        out.flush();
        return Launcher.OK;
    }
}
