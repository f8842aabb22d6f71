package org.sipproxy.server;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.sipproxy.server.migrate.ImportException;
import org.sipproxy.server.migrate.KamailioImport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command that prints the configuration, or the program, that does what a Kamailio configuration does. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        descriptionHeading = "%n",
        description = {
            "Prints the configuration of this server that does what a Kamailio configuration does. Comments name the line",
            "that each option comes from, and explain every line that is done without an option, done differently, needs",
            "code, or is not available. Reads included files, tls.cfg, the list of dispatcher and the address file of",
            "permissions, first beside the configuration, then where it names them. Changes nothing.",
            "Exit status 0 if the result is complete, 1 if it needs a decision or code, which stderr counts, 2 if a file",
            "has errors."
        },
        parameterListHeading = "%nParameters:%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  Import the configuration of this machine, and check the result:",
            "    ${ROOT-COMMAND-NAME} import /etc/kamailio/kamailio.cfg /etc/kamailio/kamctlrc > sipproxy.conf",
            "    ${ROOT-COMMAND-NAME} check --config sipproxy.conf",
            "  The stock configuration with features, as by kamailio -A:",
            "    ${ROOT-COMMAND-NAME} import kamailio.cfg -A WITH_AUTH -A WITH_NAT \\",
            "        -A 'DBURL=\"postgres://kamailio@localhost/kamailio\"' --domain sip.test",
            "  The same as a Java program:",
            "    ${ROOT-COMMAND-NAME} import kamailio.cfg --java > ImportedProxy.java"
        })
final class ImportCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "KAMAILIO.CFG", description = "The configuration of Kamailio.")
    @SuppressWarnings("NullAway.Init")
    private Path configuration;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "KAMCTLRC",
            description = "The configuration of kamctl, for the domain and the database.")
    private @Nullable Path kamctlrc;

    @Option(
            names = {"-A", "--define"},
            paramLabel = "NAME[=VALUE]",
            description = "Defines a name first, as kamailio -A does. May be repeated.")
    private List<String> defined = new ArrayList<>();

    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = {
                "The domain of the users. Default: SIP_DOMAIN of kamctlrc, otherwise the first domain or alias that is",
                "a name, otherwise the first listening address."
            })
    private String domain = "";

    @Option(names = "--java", description = "Prints a Java program that uses the library, instead of a configuration.")
    private boolean java;

    @Option(
            names = "--class",
            paramLabel = "NAME",
            description = "Name of the class of --java. Default: ${DEFAULT-VALUE}.",
            defaultValue = "ImportedProxy")
    private String className = "";

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        if (!className.matches("[A-Z][A-Za-z0-9_]{0,99}")) {
            return Launcher.misconfigured(
                    err,
                    List.of("--class: \"" + className + "\" (expected the name of a class, such as ImportedProxy)"));
        }
        KamailioImport imported;
        try {
            imported = KamailioImport.read(configuration, Optional.ofNullable(kamctlrc), defined, domain);
        } catch (ImportException e) {
            return Launcher.misconfigured(err, e.problems());
        }
        PrintWriter out = spec.commandLine().getOut();
        (java ? imported.program(className) : imported.configuration()).forEach(out::println);
        out.flush();
        err.println("sipproxy: " + imported.summary());
        err.flush();
        return imported.isIncomplete() ? Launcher.FAILED : Launcher.OK;
    }
}
