package org.sipproxy.samples.launcher;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.status.BindFailedException;
import org.sipproxy.samples.FirstRegistration;
import org.sipproxy.samples.database.DatabaseUnreachableException;
import org.sipproxy.samples.database.EmbeddedDatabase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Plays {@link FirstRegistration}, and stays up for the user's own phone. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        descriptionHeading = "%n",
        description = {
            "Starts the proxy, registers two softphones (1001 and 1002), lets 1002 call 1001, and draws every message.",
            "Then it stays up, and prints the four values that your own softphone needs. The default command."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  See the call, and get the status 0 if all of it was seen:",
            "    java -jar sipproxy.jar demo --once",
            "  Stay up for a softphone on another machine (put in this one's address):",
            "    java -jar sipproxy.jar demo --listen udp:192.0.2.10:5060",
            "",
            Launcher.EXIT_CODES
        })
final class DemoCommand implements Callable<Integer> {

    private static final List<Endpoint> USUAL =
            List.of(Endpoint.udp("127.0.0.1", 5060), Endpoint.tcp("127.0.0.1", 5060));

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--once", description = "End after the call: status 0 if every expected message was seen, else 1.")
    private boolean once;

    @Option(
            names = "--listen",
            paramLabel = "TRANSPORT:HOST:PORT",
            description = {
                "Where the proxy listens, the first udp one for the two phones of the demo. Repeat it for more.",
                "Default: udp and tcp on 127.0.0.1:5060, or on a free port if 5060 is taken."
            })
    private List<String> listen = new ArrayList<>();

    @Option(
            names = "--database",
            paramLabel = "embedded[=DIR]|none",
            description = {
                "The PostgreSQL behind the demo: one that is started for it, its data in DIR or gone with the program; or none,",
                "with everything in memory. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "embedded")
    private String database = "";

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        List<String> problems = new ArrayList<>();
        List<Endpoint> endpoints = listen.isEmpty() ? usualOrFree(err) : read(problems);
        if (!database.equals("none") && !database.matches("embedded(=.+)?")) {
            problems.add("--database: \"" + database + "\" (expected embedded, embedded=DIR or none)");
        }
        if (!problems.isEmpty()) {
            return Launcher.misconfigured(err, problems);
        }
        Optional<EmbeddedDatabase> server = database(err);
        FirstRegistration demo;
        try {
            demo = new FirstRegistration(endpoints, out, server.map(EmbeddedDatabase::dataSource));
        } catch (BindFailedException | IllegalArgumentException e) {
            server.ifPresent(EmbeddedDatabase::close);
            return Launcher.misconfigured(
                    err,
                    Launcher.messageOf(e).lines().map(ProxyOptions::asOptions).toList());
        }
        Callable<Integer> both = () -> {
            demo.close();
            server.ifPresent(EmbeddedDatabase::close);
            return Launcher.OK;
        };
        boolean complete = demo.play();
        if (once || !complete) {
            demo.close();
            server.ifPresent(EmbeddedDatabase::close);
            return complete ? Launcher.OK : Launcher.FAILED;
        }
        UntilStopped.serve(both, () -> {
            demo.printYourPhone();
            out.println("Ctrl-C stops it.");
            out.flush();
        });
        return Launcher.OK;
    }

    /** Where no PostgreSQL can be started, the demo is still worth a look. */
    private Optional<EmbeddedDatabase> database(PrintWriter err) {
        if (database.equals("none")) {
            return Optional.empty();
        }
        try {
            return Optional.of(EmbeddedDatabase.start(
                    database.startsWith("embedded=")
                            ? Optional.of(Path.of(database.substring("embedded=".length())))
                            : Optional.empty()));
        } catch (DatabaseUnreachableException e) {
            err.println("sipproxy: " + Launcher.messageOf(e) + "; the demo keeps everything in memory instead");
            err.flush();
            return Optional.empty();
        }
    }

    private static List<Endpoint> usualOrFree(PrintWriter err) {
        List<String> problems = PortCheck.problems(USUAL);
        if (problems.isEmpty()) {
            return USUAL;
        }
        problems.forEach(problem -> err.println("sipproxy: " + problem.replace("--listen: ", "")));
        err.println("sipproxy: the demo takes a free port instead; choose one with demo --listen udp:127.0.0.1:5070");
        err.flush();
        return USUAL.stream().map(endpoint -> endpoint.withPort(0)).toList();
    }

    private List<Endpoint> read(List<String> problems) {
        List<Endpoint> endpoints = ProxyOptions.readEndpoints(listen, problems);
        if (problems.isEmpty() && endpoints.stream().noneMatch(endpoint -> endpoint.kind() == TransportKind.UDP)) {
            problems.add(
                    "--listen: no udp endpoint, which the phones of the demo need; add --listen udp:127.0.0.1:5060");
        }
        return endpoints;
    }
}
