package org.sipproxy.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.jdbc.JdbcAccounting;
import org.sipproxy.message.Method;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for call records in the database, kept as text like those of {@link ProxyOptions}. */
@Section("Call records")
final class AccountingOptions {

    @Option(
            names = "--accounting",
            description = "Writes call records to the tables acc, missed_calls and acc_cdrs of the database.")
    boolean accounting;

    @Option(
            names = "--accounting-methods",
            paramLabel = "METHODS",
            split = ",",
            description = "Methods with rows in acc, separated by commas. Default: INVITE,BYE.")
    List<String> methods = new ArrayList<>();

    @Option(
            names = "--accounting-failures",
            paramLabel = "METHODS",
            split = ",",
            description = "Those of them with rows for failures too, separated by commas. Default: INVITE,BYE.")
    List<String> failures = new ArrayList<>();

    @Option(
            names = "--accounting-tables",
            paramLabel = "TABLE",
            split = ",",
            description = {
                "Tables that are written besides acc: missed_calls, acc_cdrs, or none. May be repeated.",
                "Default: missed_calls,acc_cdrs."
            })
    List<String> tables = new ArrayList<>();

    @Option(
            names = "--accounting-queue",
            paramLabel = "N",
            description =
                    "Rows that wait for the database at most, 100 to 1000000; further ones are lost. Default: 10000.")
    String queue = "";

    @Option(
            names = "--accounting-open-calls",
            paramLabel = "N",
            description = "Calls whose BYE is awaited in memory, 100 to 10000000. Default: 100000.")
    String openCalls = "";

    @Option(
            names = "--accounting-max-duration",
            paramLabel = "DURATION",
            description = "When a call without a BYE ends in acc_cdrs, 1m to 7d. Default: 24h.")
    String maxDuration = "";

    /** Returns the component; empty if there are problems, which are added to {@code problems}. */
    Optional<JdbcAccounting> component(
            DataSource database, Consumer<JdbcAccounting.Builder> kamailio, List<String> problems) {
        int before = problems.size();
        JdbcAccounting.Builder records = JdbcAccounting.builder(database);
        kamailio.accept(records);
        apply(records, problems);
        try {
            return problems.size() == before ? Optional.of(records.build()) : Optional.empty();
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
            return Optional.empty();
        }
    }

    private void apply(JdbcAccounting.Builder records, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        if (!methods.isEmpty()) {
            records.methods(methods("--accounting-methods", methods, reader));
        }
        if (!failures.isEmpty()) {
            records.failuresOf(methods("--accounting-failures", failures, reader));
        }
        if (!tables.isEmpty()) {
            records.missedCalls(tables.contains("missed_calls")).callRecords(tables.contains("acc_cdrs"));
            tables.stream()
                    .filter(name -> !List.of("missed_calls", "acc_cdrs", "none").contains(name))
                    .forEach(name -> problems.add(
                            "--accounting-tables: \"" + name + "\" (expected missed_calls, acc_cdrs or none)"));
        }
        reader.number("--accounting-queue", queue, records::queueCapacity);
        reader.number("--accounting-open-calls", openCalls, records::maxOpenCalls);
        reader.duration("--accounting-max-duration", maxDuration, records::maxCallDuration);
    }

    private static Method[] methods(String option, List<String> names, OptionReader reader) {
        List<Method> read = new ArrayList<>();
        names.forEach(name -> reader.read(option, name, text -> read.add(Method.of(text.strip()))));
        return read.toArray(new Method[0]);
    }
}
