package org.sipproxy.server.manual;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.IOptionRenderer;
import picocli.CommandLine.Help.IParameterRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Layout of the help of all commands. In the sources, descriptions are arrays of lines that are as wide as the sources.
 * picocli starts a new line for each of them and wraps it again for the terminal; here they are first joined to
 * paragraphs. The first sentence of a command is its summary in the list of commands.
 */
public final class HelpLayout {

    private HelpLayout() {}

    /** Applies the layout to a command line and its commands. */
    public static void applyTo(CommandLine root) {
        root.setHelpFactory(JoinedHelp::new);
        joinDescriptions(root);
    }

    private static void joinDescriptions(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        spec.usageMessage().description(summaryFirst(spec.usageMessage().description()));
        command.getSubcommands().values().forEach(HelpLayout::joinDescriptions);
    }

    /** Returns the paragraphs of lines. A paragraph ends with a line at whose end a sentence ends. */
    static String[] paragraphs(String... lines) {
        List<String> paragraphs = new ArrayList<>();
        StringBuilder current = new StringBuilder();
        for (String line : lines) {
            current.append(current.isEmpty() ? "" : " ").append(line.strip());
            if (line.isBlank() || line.stripTrailing().endsWith(".")) {
                paragraphs.add(current.toString());
                current.setLength(0);
            }
        }
        if (!current.isEmpty()) {
            paragraphs.add(current.toString());
        }
        return paragraphs.toArray(String[]::new);
    }

    /** Returns the paragraphs of lines, the first sentence as a paragraph of its own. */
    static String[] summaryFirst(String... lines) {
        List<String> paragraphs = new ArrayList<>(List.of(paragraphs(lines)));
        int end = paragraphs.isEmpty() ? -1 : paragraphs.get(0).indexOf(". ");
        if (end >= 0) {
            String first = paragraphs.remove(0);
            paragraphs.add(0, first.substring(end + 2));
            paragraphs.add(0, first.substring(0, end + 1));
        }
        return paragraphs.toArray(String[]::new);
    }

    /** Help whose options and parameters have joined descriptions. */
    private static final class JoinedHelp extends Help {

        JoinedHelp(CommandSpec spec, ColorScheme colors) {
            super(spec, colors);
        }

        @Override
        public IOptionRenderer createDefaultOptionRenderer() {
            IOptionRenderer usual = super.createDefaultOptionRenderer();
            return (option, labels, colors) -> usual.render(
                    OptionSpec.builder(option)
                            .names(option.names()) // with their variables resolved, which needs the command
                            .description(paragraphs(option.description()))
                            .build(),
                    labels,
                    colors);
        }

        @Override
        public IParameterRenderer createDefaultParameterRenderer() {
            IParameterRenderer usual = super.createDefaultParameterRenderer();
            return (parameter, labels, colors) -> usual.render(
                    PositionalParamSpec.builder(parameter)
                            .description(paragraphs(parameter.description()))
                            .build(),
                    labels,
                    colors);
        }
    }
}
