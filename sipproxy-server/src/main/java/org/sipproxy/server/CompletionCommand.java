package org.sipproxy.server;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command that prints the completion script of a shell. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        descriptionHeading = "%n",
        description = "Prints a script that completes commands and options of sipproxy in a shell.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  For this shell:",
            "    source <(${ROOT-COMMAND-NAME} completion bash)",
            "  For every bash of this user:",
            "    ${ROOT-COMMAND-NAME} completion bash \\",
            "        > ~/.local/share/bash-completion/completions/sipproxy"
        })
final class CompletionCommand implements Callable<Integer> {

    /** Shells that can read the script. */
    enum Shell {
        bash,
        zsh
    }

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Accepted as in other programs; the script is the same for both. */
    @Parameters(index = "0", paramLabel = "SHELL", description = "The shell: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings({"NullAway.Init", "UnusedVariable"})
    private Shell shell;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(AutoComplete.bash("sipproxy", spec.root().commandLine()));
        out.flush();
        return Launcher.OK;
    }
}
