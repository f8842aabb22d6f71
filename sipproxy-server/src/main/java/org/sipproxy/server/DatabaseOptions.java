package org.sipproxy.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/**
 * Options for the connection to the database, common to all commands. Kept as text like those of {@link ProxyOptions}.
 */
@Section("Database")
final class DatabaseOptions {

    static final String PASSWORD_VARIABLE = "SIPPROXY_DATABASE_PASSWORD";

    private static final String URL_SCHEME = "jdbc:postgresql:";
    /** As in URLs of psql. The driver takes it for a part of the host, so its password would be in messages. */
    private static final Pattern USER_BEFORE_HOST = Pattern.compile("^" + URL_SCHEME + "//[^/?]*@");

    private static final String EMBEDDED = "embedded";

    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

    @Option(
            names = "--database-url",
            paramLabel = "URL",
            description = {
                "The PostgreSQL database with Kamailio's tables, such as jdbc:postgresql://127.0.0.1:5432/kamailio;",
                "db create creates the tables."
            })
    String url = "";

    @Option(names = "--database-user", paramLabel = "ROLE", description = "The role to connect as.")
    String user = "";

    @Option(
            names = "--database-password-file",
            paramLabel = "FILE",
            description = {
                "File whose first line is the password of the role.",
                "Default: the environment variable " + PASSWORD_VARIABLE + "."
            })
    String passwordFile = "";

    @Option(
            names = "--database-wait",
            paramLabel = "DURATION",
            description = {
                "How long the start waits for a database that does not accept connections yet, such as that of a",
                "container which starts at the same time; up to 10m. Default: not at all."
            })
    String wait = "";

    @Option(
            names = "--database",
            paramLabel = "embedded[=DIR]",
            description = {
                "Instead of --database-url: a PostgreSQL on 127.0.0.1 that this program starts and stops. Its data are",
                "kept in DIR, or removed when the program ends. Programs that use one DIR share the PostgreSQL, and the",
                "last one stops it. Only the user that runs this program can connect: the",
                "password of the role sipproxy is in DIR/sipproxy.passwords."
            })
    String embedded = "";

    /** Returns true if a database is configured. */
    boolean isWanted() {
        return !url.isEmpty() || !embedded.isEmpty();
    }

    boolean isEmbedded() {
        return !embedded.isEmpty();
    }

    /** Returns true if a database is configured whose data outlive the program. */
    boolean lasts() {
        return !url.isEmpty() || directory().isPresent();
    }

    /** Returns the data directory of an embedded server; empty if its data are removed at the end. */
    Optional<Path> directory() {
        return embedded.startsWith(EMBEDDED + "=")
                ? Optional.of(Path.of(embedded.substring(EMBEDDED.length() + 1)))
                : Optional.empty();
    }

    /** Returns the problems of the options; empty if a connection can be attempted. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (!url.isEmpty() && !embedded.isEmpty()) {
            problems.add("--database: --database-url is given too; use one or the other");
        }
        if (!url.isEmpty() && !url.startsWith(URL_SCHEME)) {
            problems.add("--database-url: does not begin with " + URL_SCHEME
                    + "; write it as jdbc:postgresql://HOST:PORT/DATABASE");
        }
        if (USER_BEFORE_HOST.matcher(url).find()) {
            problems.add(
                    "--database-url: has a user before the host, which JDBC does not support; use --database-user and"
                            + " --database-password-file");
        }
        if (!embedded.isEmpty() && !embedded.equals(EMBEDDED) && !embedded.matches(EMBEDDED + "=.+")) {
            problems.add("--database: \"" + embedded + "\" (expected embedded or embedded=DIR)");
        }
        if (url.isEmpty() && (!user.isEmpty() || !passwordFile.isEmpty())) {
            problems.add("--database-url: missing, but --database-user or --database-password-file is given; add the"
                    + " URL");
        }
        if (url.isEmpty() && !wait.isEmpty()) {
            problems.add("--database-wait: has no effect without --database-url; add the URL");
        }
        new OptionReader(problems).duration("--database-wait", wait, given -> {
            if (given.isNegative() || given.compareTo(LONGEST_WAIT) > 0) {
                problems.add("--database-wait: " + wait + " (expected 0s to 10m)");
            }
        });
        if (!passwordFile.isEmpty() && !Files.isReadable(Path.of(passwordFile))) {
            problems.add("--database-password-file: " + passwordFile + " is not a readable file");
        }
        return problems;
    }

    /** Returns how long to wait for the database; zero for not at all. Requires that there are no {@link #problems}. */
    Duration waitLimit() {
        return wait.isEmpty() ? Duration.ZERO : Durations.parse(wait);
    }

    /** Returns what is not safe. */
    List<String> warnings() {
        return CertificateCheck.readableByOthers("--database-password-file", passwordFile);
    }

    /** Returns the password of the role; empty if none is configured. */
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
