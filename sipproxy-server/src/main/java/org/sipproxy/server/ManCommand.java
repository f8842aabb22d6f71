package org.sipproxy.server;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.sipproxy.server.manual.ManualPage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Command that prints the manual page. */
@Command(
        name = "man",
        mixinStandardHelpOptions = true,
        descriptionHeading = "%n",
        description = "Prints the manual page sipproxy(1): every command with its options and examples.",
        footerHeading = "%nExamples:%n",
        footer = {"  Read it:", "    ${ROOT-COMMAND-NAME} man | man -l -"})
final class ManCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(ManualPage.of(Launcher.commands(), new Launcher.Version().getVersion()[0]));
        out.flush();
        return Launcher.OK;
    }
}
