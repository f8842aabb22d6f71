package org.sipproxy.samples.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which database, as all commands are told it. Kept as text and read together, so that all that is wrong is told at once. */
final class DatabaseOptions {

    static final String PASSWORD_VARIABLE = "SIPPROXY_DATABASE_PASSWORD";

    private static final String URL_SCHEME = "jdbc:postgresql:";
    private static final String EMBEDDED = "embedded";

    @Option(
            names = "--database-url",
            paramLabel = "URL",
            description = {
                "The PostgreSQL database with the tables of a Kamailio, such as jdbc:postgresql://127.0.0.1:5432/kamailio;",
                "db create makes the tables."
            })
    String url = "";

    @Option(names = "--database-user", paramLabel = "ROLE", description = "The role to connect as.")
    String user = "";

    @Option(
            names = "--database-password-file",
            paramLabel = "FILE",
            description = {
                "Its first line is the password of the role.",
                "Without it the environment variable " + PASSWORD_VARIABLE + " is."
            })
    String passwordFile = "";

    @Option(
            names = "--database",
            paramLabel = "embedded[=DIR]",
            description = {
                "Instead of --database-url: a PostgreSQL that this program starts, on 127.0.0.1, and ends. Its data stay in",
                "DIR, or are removed with the program. Only the user that runs this program can connect: the password of the",
                "role sipproxy is in DIR/sipproxy.passwords."
            })
    String embedded = "";

    /** True if there is to be a database. */
    boolean isWanted() {
        return !url.isEmpty() || !embedded.isEmpty();
    }

    boolean isEmbedded() {
        return !embedded.isEmpty();
    }

    /** True if there is to be a database whose data outlive the program. */
    boolean lasts() {
        return !url.isEmpty() || directory().isPresent();
    }

    /** Where an embedded server keeps its data, if that is to stay. */
    Optional<Path> directory() {
        return embedded.startsWith(EMBEDDED + "=")
                ? Optional.of(Path.of(embedded.substring(EMBEDDED.length() + 1)))
                : Optional.empty();
    }

    /** What is wrong; empty if it can be tried. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (!url.isEmpty() && !embedded.isEmpty()) {
            problems.add("--database: there is a --database-url too; leave one of them away");
        }
        if (!url.isEmpty() && !url.startsWith(URL_SCHEME)) {
            problems.add("--database-url: does not begin with " + URL_SCHEME
                    + "; write it as jdbc:postgresql://HOST:PORT/DATABASE");
        }
        if (!embedded.isEmpty() && !embedded.equals(EMBEDDED) && !embedded.matches(EMBEDDED + "=.+")) {
            problems.add("--database: \"" + embedded + "\" (expected embedded or embedded=DIR)");
        }
        if (url.isEmpty() && (!user.isEmpty() || !passwordFile.isEmpty())) {
            problems.add("--database-url: none, but a role or password for it; add the URL");
        }
        if (!passwordFile.isEmpty() && !Files.isReadable(Path.of(passwordFile))) {
            problems.add("--database-password-file: " + passwordFile + " is no readable file");
        }
        return problems;
    }

    /** The password of the role; empty if there is none to be sent. */
    String password() {
        if (passwordFile.isEmpty()) {
            String variable = System.getenv(PASSWORD_VARIABLE);
            return variable == null ? "" : variable;
        }
        try {
            return Files.readAllLines(Path.of(passwordFile)).stream()
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            throw new IllegalArgumentException("--database-password-file: " + passwordFile + " cannot be read", e);
        }
    }
}
