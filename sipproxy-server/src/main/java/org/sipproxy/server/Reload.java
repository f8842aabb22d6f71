package org.sipproxy.server;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.server.config.Arguments;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.control.ControlException;
import org.sipproxy.server.control.ControlMethods;
import org.sipproxy.server.operations.ConfigurationMXBean;
import org.sipproxy.server.operations.ManagementBeans;
import org.sipproxy.server.operations.OperationException;
import org.sipproxy.server.operations.RemovedUsers;
import org.sipproxy.server.part.ServerPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Reload of the configuration, on SIGHUP, by the control channel and by an MXBean. The file is read and a proxy is built from it,
 * which is never started; if it is valid and only options that may change are different, the running proxy takes over
 * its settings and components, and the bindings of removed users and domains are removed. Otherwise nothing changes.
 */
final class Reload implements ServerPart {

    /** Method of the control channel. */
    static final String METHOD = "reload";
    /** Member of its result: names of the options that have changed. */
    static final String CHANGED = "changed";

    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

    private final ProxyOptions running;
    private final Optional<Database> database;
    /** Runs a reload, and notifies the service manager of it. */
    private final Consumer<Runnable> announced;

    private final RemovedUsers removedUsers;
    /** The command line, and the file when it was read last. */
    private Arguments arguments;
    /** Options that are in force. */
    private CommandLine inForce;

    private volatile @Nullable SipProxy proxy;
    private @Nullable ManagementBeans beans;

    /**
     * Creates the part and its method.
     *
     * @param inForce the parsed options of {@code run}
     * @param announced runs a reload, and notifies the service manager of it
     */
    Reload(
            ProxyOptions running,
            Optional<Database> database,
            Arguments arguments,
            CommandLine inForce,
            Consumer<Runnable> announced,
            ControlMethods methods) {
        this.running = running;
        this.announced = announced;
        this.database = database;
        this.arguments = arguments;
        this.inForce = inForce;
        removedUsers = new RemovedUsers(running.components, running.names(database));
        methods.register(METHOD, params -> {
            params.only();
            return Map.of(CHANGED, reloadForClient());
        });
    }

    @Override
    public void start(SipProxy started) {
        proxy = started;
        report(ProcessSignals.onHangup(this::reloadQuietly));
        beans = ManagementBeans.register(new Bean(this));
    }

    /** Logs once, at the start, that a SIGHUP will not reload; later nothing would show why it does not. */
    private static void report(ProcessSignals.Outcome hangup) {
        if (hangup == ProcessSignals.Outcome.IGNORED) {
            LOG.info(
                    "SIGHUP is ignored, because the process was started so, for example by nohup; reload with the command"
                            + " reload, or start the server with setsid instead of nohup");
        } else if (hangup == ProcessSignals.Outcome.DEFAULT) {
            LOG.info(
                    "SIGHUP ends the server, because the JVM does not hand signals over; reload with the command reload,"
                            + " or start it without -Xrs and with the module jdk.unsupported");
        }
    }

    @Override
    public void stop() {
        proxy = null;
        ManagementBeans registered = beans;
        if (registered != null) {
            registered.unregister();
        }
    }

    private record Bean(Reload part) implements ConfigurationMXBean {

        @Override
        public List<String> reload() {
            try {
                return part.reloadForClient();
            } catch (ControlException e) {
                throw new OperationException(OperationException.Kind.FAILED, e.text());
            }
        }
    }

    private void reloadQuietly() {
        try {
            reloadForClient();
        } catch (ControlException e) {
            // the problems are logged
        }
    }

    private synchronized List<String> reloadForClient() {
        List<String> changed = new ArrayList<>();
        announced.accept(() -> {
            try {
                changed.addAll(reload());
            } catch (RejectedException e) {
                throw new ControlException(
                        ControlException.Kind.FAILED,
                        "nothing is reloaded: " + String.join("; ", e.problems()),
                        "correct what is named and reload again");
            }
        });
        return changed;
    }

    /** The new configuration is not applied. */
    static final class RejectedException extends Exception {

        private static final long serialVersionUID = 1;

        private final transient List<String> problems;

        RejectedException(List<String> problems) {
            super(String.join("; ", problems));
            this.problems = problems;
        }

        List<String> problems() {
            return problems;
        }
    }

    /**
     * Reloads the configuration, and returns the names of the changed options, as in the file.
     *
     * @throws RejectedException if nothing is applied; the problems are logged
     */
    synchronized List<String> reload() throws RejectedException {
        SipProxy serving = proxy;
        if (serving == null) {
            throw new RejectedException(List.of("the server is starting or stopping"));
        }
        CommandLine commands = Launcher.commands();
        Arguments read = arguments.again(commands);
        try {
            CommandLine changed = parse(commands, read);
            List<String> names = changedOptions(changed, read);
            RunCommand command = changed.getCommand();
            apply(serving, command.options(), read);
            if (names.contains("log-level")) {
                Logging.level(command.logLevel());
            }
            arguments = read;
            inForce = changed;
            if (names.isEmpty()) {
                LOG.info("reloaded: no option has changed; certificates and tables were read again");
            } else {
                LOG.info("reloaded: {}", String.join(", ", names));
            }
            return names;
        } catch (RejectedException e) {
            e.problems().forEach(problem -> LOG.error("reload rejected, nothing has changed: {}", problem));
            throw e;
        }
    }

    private static CommandLine parse(CommandLine commands, Arguments read) throws RejectedException {
        if (!read.problems().isEmpty()) {
            throw new RejectedException(read.problems());
        }
        try {
            commands.parseArgs(read.texts());
        } catch (ParameterException e) {
            throw new RejectedException(List.of(Launcher.messageOf(e, read)));
        }
        return Objects.requireNonNull(commands.getSubcommands().get("run"));
    }

    /** Returns the first added value of an option with several, quoted, by which its line is found. */
    private static String changedValue(OptionSpec option, OptionSpec before) {
        return !option.isMultiValue()
                ? ""
                : option.originalStringValues().stream()
                        .filter(value -> !before.originalStringValues().contains(value))
                        .findFirst()
                        .map(value -> '"' + value + "\" ")
                        .orElse("");
    }

    private List<String> changedOptions(CommandLine changed, Arguments read) throws RejectedException {
        List<String> names = new ArrayList<>();
        List<String> fixed = new ArrayList<>();
        for (OptionSpec option : changed.getCommandSpec().options()) {
            String name = option.longestName();
            OptionSpec before = inForce.getCommandSpec().findOption(name);
            String value = Objects.toString(option.getValue(), "");
            String earlier = Objects.toString(before.getValue(), "");
            if (!value.equals(earlier)) {
                names.add(name.substring(2));
                if (!isReloadable(option)) {
                    fixed.add(name + ": " + changedValue(option, before)
                            + "cannot change while the server runs; restart it, or restore the former value");
                }
            }
        }
        if (!fixed.isEmpty()) {
            throw new RejectedException(fixed.stream().map(read::placed).toList());
        }
        return names;
    }

    /** Returns true if a reload may change an option. */
    static boolean isReloadable(OptionSpec option) {
        return option.userObject() instanceof Field field && field.isAnnotationPresent(Reloadable.class);
    }

    private String messageOf(RuntimeException e) {
        return database.filter(used -> DatabaseFault.isCauseOf(e))
                .map(used -> used.explain(e))
                .orElseGet(() -> Launcher.messageOf(e));
    }

    private void apply(SipProxy serving, ProxyOptions options, Arguments read) throws RejectedException {
        options.reuse(running);
        SubscriberOption subscription = SubscriberOption.ofReload(database);
        ProxySettings settings;
        try (SipProxy candidate = options.build(subscription, false).orElse(null)) {
            List<String> problems = new ArrayList<>(options.problems());
            problems.addAll(options.tls.fileProblems());
            problems.addAll(running.components.obstacles(options.components));
            if (candidate == null || !problems.isEmpty()) {
                throw new RejectedException(problems.stream().map(read::placed).toList());
            }
            settings = candidate.settings();
            options.components.readTables();
            options.furnish(subscription);
            if (!options.problems().isEmpty()) {
                throw new RejectedException(options.problems());
            }
            serving.reconfigure(settings);
        } catch (ConfigurationException e) {
            throw new RejectedException(LibraryProblems.texts(e));
        } catch (RuntimeException e) {
            throw new RejectedException(List.of(messageOf(e)));
        }
        running.components.replaceWith(options.components); // cannot fail
        running.tables.readAgain();
        removedUsers.replace(options.names(database));
    }
}
