package org.sipproxy.server;

import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.sipproxy.jdbc.SubscriberException;
import org.sipproxy.server.database.DatabaseUnreachableException;
import org.sipproxy.server.json.Json;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Base of the commands that use the database once and exit. */
abstract class DatabaseCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Mixin
    private final DatabaseOptions options = new DatabaseOptions();

    @Option(names = "--json", description = "Prints results and errors to stdout as JSON, for programs.")
    private boolean json;

    /** Runs the command and returns the exit status. */
    abstract int run(Database database);

    /** Returns the problems of the command's own arguments. */
    List<String> problems() {
        return List.of();
    }

    @Override
    public final Integer call() {
        List<String> problems = new ArrayList<>(options.problems());
        if (!options.isWanted()) {
            problems.add("--database-url: missing; add the database, such as --database-url"
                    + " jdbc:postgresql://127.0.0.1:5432/kamailio --database-user kamailio");
        }
        problems.addAll(problems());
        if (!problems.isEmpty()) {
            return fail(Launcher.MISCONFIGURED, problems);
        }
        try (Database database = Database.open(options, Database.POOL_OF_A_COMMAND)) {
            return run(database);
        } catch (DatabaseUnreachableException e) {
            return fail(Launcher.UNREACHABLE, List.of("cannot reach the database: " + Launcher.messageOf(e)));
        } catch (IllegalArgumentException e) {
            return fail(Launcher.MISCONFIGURED, Launcher.messageOf(e).lines().toList());
        } catch (SubscriberException e) {
            return fail(Launcher.FAILED, List.of(Launcher.messageOf(e)));
        } catch (RuntimeException e) {
            return failed(e);
        }
    }

    /**
     * Reports a failure. A connection that breaks during the work has the same status as one that could not be opened.
     */
    private int failed(RuntimeException e) {
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                String state = sql.getSQLState();
                int status = state != null && state.startsWith("08") ? Launcher.UNREACHABLE : Launcher.FAILED;
                return fail(status, List.of(DatabaseFault.text(sql, options)));
            }
        }
        return fail(Launcher.FAILED, List.of(Launcher.messageOf(e)));
    }

    final int fail(int status, List<String> unplaced) {
        List<String> problems = config.placed(unplaced);
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("error", problems);
            result.put("status", status);
            out().println(Json.of(result));
            out().flush();
        }
        Launcher.misconfigured(spec.commandLine().getErr(), problems);
        return status;
    }

    /** Prints the result as text, or as JSON with {@code --json}. */
    final int succeed(String text, Object result) {
        return print(Launcher.OK, text, result);
    }

    final int print(int status, String text, Object result) {
        out().println(json ? Json.of(result) : text);
        out().flush();
        return status;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
