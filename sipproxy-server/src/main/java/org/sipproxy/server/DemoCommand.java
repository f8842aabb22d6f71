package org.sipproxy.server;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.server.database.DatabaseUnreachableException;
import org.sipproxy.server.database.EmbeddedDatabase;
import org.sipproxy.server.demo.FirstRegistration;
import org.sipproxy.server.part.ServerPartException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that plays {@link FirstRegistration}, and then keeps the proxy up for the user's own phone. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        descriptionHeading = "%n",
        description = {
            "Starts the proxy, registers two softphones (1001 and 1002), makes a call from 1002 to 1001, and draws",
            "every message.",
            "Then it stays up, prints the four values that your own softphone needs, and shows its registrations, calls and",
            "messages on a web page. This is the default command."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Draw the call, and exit with status 0 if all messages were seen:",
            "    ${ROOT-COMMAND-NAME} demo --once",
            "  Stay up for a softphone on another machine (use the address of this machine):",
            "    ${ROOT-COMMAND-NAME} demo --listen udp:192.0.2.10:5060",
            "",
            Launcher.EXIT_CODES
        })
final class DemoCommand implements Callable<Integer> {

    private static final List<Endpoint> USUAL =
            List.of(Endpoint.udp("127.0.0.1", 5060), Endpoint.tcp("127.0.0.1", 5060));

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--once",
            description = "Ends after the call, with status 0 if every expected message was seen," + " otherwise 1.")
    private boolean once;

    @Option(
            names = "--listen",
            paramLabel = "TRANSPORT:HOST[:PORT]",
            description = {
                "Where the proxy listens; the phones of the demo use the first udp endpoint. May be repeated.",
                "Default: udp and tcp on 127.0.0.1:5060, or on a free port if 5060 is taken."
            })
    private List<String> listen = new ArrayList<>();

    @Option(
            names = "--database",
            paramLabel = "embedded[=DIR]|none",
            description = {
                "embedded: starts a PostgreSQL for the demo, with its data in DIR, or removed when the program ends.",
                "none: everything is kept in memory. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "embedded")
    private String database = "";

    @Option(
            names = "--web",
            paramLabel = "HOST:PORT|none",
            description = {
                "Where the page listens, at a loopback address; none: no page. Without effect with --once.",
                "Default: 127.0.0.1:8080, or a free port if 8080 is taken."
            })
    private String web = "";

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        List<String> problems = new ArrayList<>();
        List<Endpoint> endpoints = listen.isEmpty() ? usualOrFree(err) : read(problems);
        if (!database.equals("none") && !database.matches("embedded(=.+)?")) {
            problems.add("--database: \"" + database + "\" (expected embedded, embedded=DIR or none)");
        }
        DemoPage page = DemoPage.of(once ? "none" : web, problems);
        if (!problems.isEmpty()) {
            return Launcher.misconfigured(err, problems);
        }
        Optional<EmbeddedDatabase> server = database(err);
        FirstRegistration demo;
        try {
            demo = new FirstRegistration(endpoints, out, server.map(EmbeddedDatabase::dataSource), page::addTo);
        } catch (BindFailedException e) {
            server.ifPresent(EmbeddedDatabase::close);
            return Launcher.misconfigured(err, List.of(LibraryProblems.text(e.problem())));
        } catch (ConfigurationException e) {
            server.ifPresent(EmbeddedDatabase::close);
            return Launcher.misconfigured(err, LibraryProblems.texts(e));
        }
        Runnable close = () -> {
            page.stop();
            demo.close();
            server.ifPresent(EmbeddedDatabase::close);
        };
        try {
            page.start(demo.proxy());
        } catch (ServerPartException e) {
            close.run();
            return Launcher.misconfigured(err, List.of(Launcher.messageOf(e)));
        }
        boolean complete = demo.play();
        if (once || !complete) {
            close.run();
            return complete ? Launcher.OK : Launcher.FAILED;
        }
        Callable<Integer> stop = () -> {
            close.run();
            return Launcher.OK;
        };
        UntilStopped.serve(stop, () -> {
            demo.printYourPhone();
            page.url().ifPresent(url -> out.println("Open " + url + " to watch."));
            out.println("Press Ctrl-C to stop.");
            out.flush();
        });
        return Launcher.OK;
    }

    /** Starts the database. If PostgreSQL cannot be started, the demo runs without it. */
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
        err.println("sipproxy: the demo uses a free port instead; to choose one: demo --listen udp:127.0.0.1:5070");
        err.flush();
        return USUAL.stream().map(endpoint -> endpoint.withPort(0)).toList();
    }

    private List<Endpoint> read(List<String> problems) {
        List<Endpoint> endpoints = ProxyOptions.readEndpoints(listen, problems);
        if (problems.isEmpty() && endpoints.stream().noneMatch(endpoint -> endpoint.kind() == TransportKind.UDP)) {
            problems.add(
                    "--listen: no udp endpoint, but the phones of the demo need one; add --listen udp:127.0.0.1:5060");
        }
        return endpoints;
    }
}
