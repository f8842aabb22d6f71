package org.sipproxy.server.manual;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Manual page of the server, in roff. picocli's own generator writes one AsciiDoc file per command, which needs
 * Asciidoctor to become a page; this one needs nothing, so that the jar can print its page.
 */
public final class ManualPage {

    private static final String NAME = "sipproxy";

    private final CommandLine root;
    private final Roff page = new Roff();

    private ManualPage(CommandLine root) {
        this.root = root;
    }

    /**
     * Returns the page, whose examples name the program as it is installed.
     *
     * @param root command line with all commands, which gets the name of the program
     * @param version name and version of the program
     */
    public static String of(CommandLine root, String version) {
        ManualPage manual = new ManualPage(root.setCommandName(NAME));
        manual.page.title("SIPPROXY", 1, version, "User Commands");
        manual.overview();
        manual.page.section("COMMANDS");
        manual.commandsOf(root);
        manual.surroundings();
        return manual.page.toString();
    }

    private void overview() {
        CommandSpec spec = root.getCommandSpec();
        page.section("NAME").lines(List.of(NAME + " - SIP registrar and proxy"));
        page.section("SYNOPSIS");
        subcommands(root).forEach(command -> page.term(synopsis(command), List.of(firstSentence(command))));
        page.section("DESCRIPTION").paragraph(texts(spec.usageMessage().description()));
        page.section("OPTIONS");
        options(spec);
        examples(spec);
    }

    private void commandsOf(CommandLine parent) {
        for (CommandLine command : subcommands(parent)) {
            CommandSpec spec = command.getCommandSpec();
            page.subsection(qualifiedName(spec));
            page.heading(synopsis(command));
            page.paragraph(texts(spec.usageMessage().description()));
            spec.positionalParameters().stream()
                    .filter(parameter -> !parameter.hidden())
                    .forEach(this::parameter);
            options(spec);
            examples(spec);
            commandsOf(command);
        }
    }

    /** The facts that hold for an installed package. */
    private void surroundings() {
        page.section("ENVIRONMENT")
                .term("SIPPROXY_DATABASE_PASSWORD", List.of("Password of the role of --database-user."))
                .term(
                        "NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID",
                        List.of("Set by systemd: where run reports its state, and how often."));
        page.section("FILES")
                .term("/etc/sipproxy/sipproxy.conf", List.of("Configuration of the service."))
                .term("/etc/default/sipproxy", List.of("Environment of the service and options of its JVM."))
                .term(
                        "/var/lib/sipproxy",
                        List.of("State of the service, such as the secret by which calls survive a restart."));
        page.section("SEE ALSO").lines(List.of("systemctl(1), journalctl(1), psql(1)"));
    }

    private static List<CommandLine> subcommands(CommandLine parent) {
        return parent.getSubcommands().values().stream()
                .distinct()
                .filter(command -> !command.getCommandSpec().usageMessage().hidden())
                .filter(command -> !command.getCommandName().equals("help"))
                .toList();
    }

    private static String qualifiedName(CommandSpec spec) {
        CommandSpec parent = spec.parent();
        return parent == null ? NAME : qualifiedName(parent) + " " + spec.name();
    }

    private static String synopsis(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        StringBuilder synopsis = new StringBuilder(qualifiedName(spec)).append(" [OPTIONS]");
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            boolean optional = parameter.arity().min() == 0;
            synopsis.append(optional ? " [" : " ")
                    .append(parameter.paramLabel())
                    .append(optional ? "]" : "");
        }
        return synopsis.append(command.getSubcommands().isEmpty() ? "" : " COMMAND")
                .toString();
    }

    private static String firstSentence(CommandLine command) {
        String all =
                String.join(" ", texts(command.getCommandSpec().usageMessage().description()));
        int end = all.indexOf(". ");
        return end < 0 ? all : all.substring(0, end + 1);
    }

    private void parameter(PositionalParamSpec parameter) {
        page.term(parameter.paramLabel(), texts(parameter.description()));
    }

    private void options(CommandSpec spec) {
        for (OptionSpec option : spec.options()) {
            if (!option.hidden()) {
                page.term(names(option), texts(option.description()));
            }
        }
    }

    private static String names(OptionSpec option) {
        String names = Stream.of(option.names()).collect(Collectors.joining(", "));
        return takesValue(option) ? names + "=" + option.paramLabel() : names;
    }

    private static boolean takesValue(ArgSpec option) {
        return option.arity().max() > 0;
    }

    /** Adds the footer: its lines with four blanks are commands, the others explain them. */
    private void examples(CommandSpec spec) {
        String heading = String.format(spec.usageMessage().footerHeading()).strip();
        if (!heading.isEmpty()) {
            page.heading(heading);
        }
        List<String> code = new ArrayList<>();
        for (String line : texts(spec.usageMessage().footer())) {
            if (line.startsWith("    ")) {
                code.add(line.substring(4));
                continue;
            }
            flush(code);
            if (!line.isBlank()) {
                page.paragraph(List.of(line.strip()));
            }
        }
        flush(code);
    }

    private void flush(List<String> code) {
        if (!code.isEmpty()) {
            page.code(code);
            code.clear();
        }
    }

    /** Returns lines of a help text as the user sees them. */
    private static List<String> texts(String... lines) {
        return Stream.of(lines)
                .flatMap(line ->
                        line.isEmpty() ? Stream.of("") : String.format(line).lines())
                .toList();
    }
}
