package org.sipproxy.server.migrate;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sipproxy.api.support.Quantity;

/**
 * Import of a Kamailio configuration. Reads the files and changes nothing.
 *
 * <p>What the files say becomes options of this server. Everything else is explained with its line: what the server
 * does without an option, what it does differently, what a stage of a host application would have to do, and what it
 * does not do at all. Nothing is dropped without an explanation.
 */
public final class KamailioImport {

    private final Import all;

    private KamailioImport(Import all) {
        this.all = all;
    }

    /**
     * Reads a configuration.
     *
     * @param configuration kamailio.cfg
     * @param kamctlrc kamctlrc, the configuration of kamctl; empty if there is none
     * @param defined values to define first, as by {@code kamailio -A}: {@code NAME} or {@code NAME=VALUE}
     * @param domain domain of the users; empty to find it in the files
     * @throws ImportException if a file cannot be read or has errors
     */
    public static KamailioImport read(
            Path configuration, Optional<Path> kamctlrc, List<String> defined, String domain) {
        Path directory = configuration.toAbsolutePath().getParent();
        SourceFiles files = new SourceFiles(directory == null ? configuration : directory);
        Defines defines = new Defines();
        Place commandLine = new Place("-A", 0);
        for (String one : defined) {
            String[] parts = one.split("=", 2);
            if (!parts[0].matches("[A-Za-z_][A-Za-z0-9_]{0,127}")) {
                throw new ImportException(commandLine, "\"" + parts[0] + "\" is not a name");
            }
            defines.define(parts[0], parts.length > 1 ? parts[1] : "", commandLine);
        }
        if (!domain.isEmpty()
                && HostPort.parse(domain).filter(one -> one.port() == 0).isEmpty()) {
            throw new ImportException(new Place("--domain", 0), '"' + domain + "\" is not a host name");
        }
        Remarks remarks = new Remarks();
        Script script = Parser.parse(new Lexer(files, defines, remarks).read(configuration, nameOf(configuration)));
        Kamctlrc tools = kamctlrc.map(path ->
                        Kamctlrc.parse(files.read(path, new Place(nameOf(path), 0)), nameOf(path)))
                .orElse(Kamctlrc.NONE);
        Map<Feature, Statement> features = new RouteReader(script, remarks).read();
        Import all = new Import(script, tools, files, features, remarks, domain);
        translate(all, defines);
        return new KamailioImport(all);
    }

    private static String nameOf(Path path) {
        Path name = path.getFileName();
        return name == null ? path.toString() : name.toString();
    }

    private static void translate(Import all, Defines defines) {
        new NetworkTranslator(all).translate();
        new TlsTranslator(all).translate();
        new DatabaseTranslator(all).translate();
        new AccountTranslator(all).translate();
        new ClientTranslator(all).translate();
        new GatewayTranslator(all).translate();
        new Words().explain(all);
        new ToolTranslator(all).translate();
        defines.unused().forEach((name, place) -> {
            if (name.startsWith("WITH_")) {
                all.decide(
                        place,
                        name + " is defined, but no line of the configuration asks for it, so it has no effect"
                                + (name.contains("POSTGRES")
                                        ? " (the stock configuration has no such feature; this server uses PostgreSQL in"
                                                + " any case)"
                                        : ""));
            }
        });
    }

    /** Returns the lines of a configuration file of this server, with the explanations as comments. */
    public List<String> configuration() {
        return new ConfigurationText(all).lines();
    }

    /**
     * Returns a Java program that does the same with the library.
     *
     * @param className simple name of its class
     */
    public List<String> program(String className) {
        return new ProgramText(all, className).lines();
    }

    /** Returns true if the operator has to decide or write something before the result does what the file does. */
    public boolean isIncomplete() {
        return !all.remarks.of(Remark.Kind.DECISION).isEmpty()
                || !all.remarks.of(Remark.Kind.CODE).isEmpty()
                || !all.remarks.of(Remark.Kind.LACKING).isEmpty();
    }

    /** Returns one line with the number of settings and of explanations of each kind. */
    public String summary() {
        return Quantity.of(all.settings.all().size(), "setting") + "; "
                + Quantity.of(all.remarks.of(Remark.Kind.DECISION).size(), "needs a decision", "need a decision") + ", "
                + Quantity.of(all.remarks.of(Remark.Kind.CODE).size(), "needs code", "need code") + ", "
                + Quantity.of(all.remarks.of(Remark.Kind.LACKING).size(), "is not available", "are not available")
                + ", " + Quantity.of(all.remarks.of(Remark.Kind.DIFFERENCE).size(), "differs", "differ");
    }
}
