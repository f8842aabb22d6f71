package org.sipproxy.server;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.database.DatabaseUnreachableException;
import org.sipproxy.server.logging.LogFormat;
import org.sipproxy.server.part.ServerPart;
import org.sipproxy.server.part.ServerPartException;
import org.sipproxy.server.part.ServerParts;
import org.sipproxy.server.systemd.SystemdNotifier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that runs the proxy until the process is stopped. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        descriptionHeading = "%n",
        description = {
            "Runs the proxy until SIGTERM or Ctrl-C. The exit status is then 0, or 1 if write-back or accounting could not",
            "write all changes.",
            "A second signal has no effect; SIGKILL ends the process at once and loses pending changes.",
            "When it serves, it prints one line to stdout: READY and its addresses. It logs to stderr.",
            "A DURATION is 32s, 3m, 500ms, 1h or 1h30m; a number without a unit is seconds."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Two phones on this machine:",
            "    ${ROOT-COMMAND-NAME} run --domain sip.test \\",
            "        --listen udp:127.0.0.1:5060 --listen tcp:127.0.0.1:5060 \\",
            "        --subscriber 1001:test1234 --subscriber 1002:test1234",
            "  Phones on TLS, and browsers on secure WebSockets:",
            "    ${ROOT-COMMAND-NAME} run --domain sip.example.org --subscriber 1001:test1234 \\",
            "        --listen tls:0.0.0.0:5061 --listen wss:0.0.0.0:443 \\",
            "        --tls-certificate fullchain.pem --tls-key privkey.pem",
            "  Subscribers from the database of a Kamailio, with its password in a file:",
            "    ${ROOT-COMMAND-NAME} run --domain sip.test --listen udp:127.0.0.1:5060 \\",
            "        --database-url jdbc:postgresql://127.0.0.1/kamailio --database-user kamailio \\",
            "        --database-password-file db.password",
            "  The same, also with registrations and call records in the database:",
            "    ${ROOT-COMMAND-NAME} run … --storage write-through --accounting",
            "  Three media servers, and an account at a provider for numbers with +:",
            "    ${ROOT-COMMAND-NAME} run … --fallback-route media \\",
            "        --gateway media=sip:192.0.2.11 --gateway media=sip:192.0.2.12 \\",
            "        --gateway media=sip:192.0.2.13 --prefix-route +=carrier \\",
            "        '--trunk=carrier=sip:4930123@carrier.example;password_file=pw'",
            "  A laboratory without passwords:",
            "    ${ROOT-COMMAND-NAME} run --domain lab.example --no-auth \\",
            "        --listen udp:0.0.0.0:5060",
            "  Options from a file, with lines such as: listen udp:127.0.0.1:5060",
            "    ${ROOT-COMMAND-NAME} run --config sipproxy.conf",
            "",
            Launcher.EXIT_CODES
        })
@Section("Log")
final class RunCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Mixin
    private final ProxyOptions options = new ProxyOptions();

    @Mixin
    private final DatabaseOptions databaseOptions = new DatabaseOptions();

    @Reloadable
    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            description = {
                "How much is logged to stderr: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.",
                "info logs each registration and each refusal; trace logs every message, received and sent, with its",
                "secrets masked."
            },
            defaultValue = "info")
    private Logging.Verbosity logLevel = Logging.Verbosity.info;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            description = {
                "Form of the lines on stderr: ${COMPLETION-CANDIDATES}. json is one object per line; journald has a",
                "priority and no date. Default: journald if stderr is the journal of systemd, otherwise text."
            })
    private LogFormat logFormat = LogFormat.usual();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Logging.level(logLevel);
        Logging.format(logFormat);
        List<String> problems = databaseOptions.problems();
        if (!problems.isEmpty()) {
            options.build(SubscriberOption.ofDatabaseNotStarted(databaseOptions.lasts()), false);
            return Launcher.misconfigured(err, config.placed(Launcher.join(options.problems(), problems)));
        }
        ProcessSignals.ignoreUserSignals();
        try (UntilStopped process = UntilStopped.begin()) {
            return start(out, err, process);
        }
    }

    private int start(PrintWriter out, PrintWriter err, UntilStopped process) {
        if (!databaseOptions.isWanted()) {
            return run(out, err, Optional.empty(), process);
        }
        Database database;
        try {
            database = Database.open(databaseOptions, Database.POOL_OF_A_PROXY);
        } catch (DatabaseUnreachableException e) {
            Launcher.misconfigured(err, List.of("cannot reach the database: " + Launcher.messageOf(e)));
            return Launcher.UNREACHABLE;
        }
        boolean served = false;
        try {
            int status = run(out, err, Optional.of(database), process);
            served = status == Launcher.OK;
            return status;
        } finally {
            if (!served) {
                database.close();
            }
        }
    }

    /** Returns the options of the proxy. */
    ProxyOptions options() {
        return options;
    }

    Logging.Verbosity logLevel() {
        return logLevel;
    }

    private int run(PrintWriter out, PrintWriter err, Optional<Database> database, UntilStopped process) {
        DatabaseCheckup checkup = database.map(options::examine).orElse(DatabaseCheckup.NONE);
        if (checkup.preventsService()) {
            return Launcher.misconfigured(err, checkup.problems());
        }
        List<String> warnings = new ArrayList<>(checkup.warnings());
        SystemdNotifier systemd = SystemdNotifier.of(System.getenv());
        systemd.component().ifPresent(options.serverComponents::add);
        Optional<SipProxy> built = options.build(SubscriberOption.of(database), true);
        if (built.isEmpty()) {
            return failed(err, options.problems(), warnings);
        }
        warnings.addAll(options.warnings());
        warnings.addAll(databaseOptions.warnings());
        warnings.addAll(config.warnings());
        SipProxy proxy = built.get();
        try {
            proxy.start();
        } catch (BindFailedException e) {
            return failed(err, List.of(PortCheck.explain(e)), warnings);
        } catch (ConfigurationException e) {
            return failed(err, LibraryProblems.texts(e), warnings);
        } catch (LocationStoreException e) {
            Launcher.misconfigured(err, List.of("cannot read the registrations: " + Launcher.messageOf(e)));
            return Launcher.UNREACHABLE;
        }
        Launcher.warn(err, config.placed(warnings));
        boolean started = false;
        try {
            options.secret.report();
            options.report();
            MemoryWatch.begin(() -> proxy.statistics().outOfMemoryErrors());
            List<ServerPart> all = new ArrayList<>(List.of(new Reload(
                    options,
                    database,
                    config.arguments(),
                    spec.commandLine(),
                    systemd::reload,
                    options.control.methods)));
            all.addAll(options.parts());
            all.add(systemd); // last: it reports that everything has started
            ServerParts parts = ServerParts.start(all, proxy);
            started = true;
            process.await(() -> stop(parts, proxy, database), () -> {
                out.println("READY "
                        + proxy.boundEndpoints().stream()
                                .map(Endpoint::toString)
                                .collect(Collectors.joining(" ")));
                out.flush();
            });
            return Launcher.OK;
        } catch (ServerPartException e) {
            return Launcher.misconfigured(err, config.placed(List.of(Launcher.messageOf(e))));
        } finally {
            if (!started) {
                proxy.close();
            }
        }
    }

    /** Stops everything, and returns the exit status. */
    private int stop(ServerParts parts, SipProxy proxy, Optional<Database> database) {
        parts.stop();
        long lostBefore = options.storage.lostCallRows();
        try {
            proxy.close();
        } finally {
            database.ifPresent(Database::close);
            options.tls.deleteGenerated();
        }
        boolean wroteAll = proxy.storeStatus().waiting() == 0 && options.storage.lostCallRows() == lostBefore;
        return wroteAll ? Launcher.OK : Launcher.FAILED;
    }

    /** Prints the problems, the reason for the failure first, and then the warnings. */
    private int failed(PrintWriter err, List<String> problems, List<String> warnings) {
        int status = Launcher.misconfigured(err, config.placed(problems));
        Launcher.warn(err, config.placed(warnings));
        return status;
    }
}
