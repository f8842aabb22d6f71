package org.sipproxy.server;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.jdbc.JdbcSecret;
import org.sipproxy.jdbc.SecretUnavailableException;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.part.ServerDirectories;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/**
 * Option for the place of the secret by which calls survive a restart: a given file, the database, or a default file.
 */
@Section("Secret of the server")
final class SecretOptions {

    private static final Logger LOG = LoggerFactory.getLogger(SecretOptions.class);
    private static final String OPTION = "--secret-file";

    @Option(
            names = OPTION,
            paramLabel = "FILE",
            description = {
                "File of the secret by which calls survive a restart. The first start creates it, readable by this",
                "user only. Servers with the same secret take over each other's calls. Default: table sipproxy_secret",
                "of a persistent database, otherwise DOMAIN.secret in $STATE_DIRECTORY, in $XDG_STATE_HOME/sipproxy or",
                "in ~/.local/state/sipproxy."
            })
    String file = "";

    private final Map<String, String> environment;
    private String place = "";
    private String warning = "";

    SecretOptions() {
        this(System.getenv());
    }

    SecretOptions(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * Sets the secret of the proxy, and creates it if there is none. An unusable file of {@code --secret-file} is added
     * to {@code problems}; any other unusable place is reported by {@link #report}.
     *
     * @param domain the proxy's first domain, which names the default file
     */
    void addTo(SipProxyBuilder builder, String domain, Optional<Database> database, List<String> problems) {
        if (!file.isEmpty()) {
            given(problems).ifPresent(given -> {
                try {
                    builder.secret(given.readOrCreate());
                    place = given.path().toString();
                } catch (IOException e) {
                    problems.add(problem(given, e));
                }
            });
            return;
        }
        Optional<Database> lasting = database.filter(Database::lasts);
        if (lasting.isPresent()) {
            try {
                builder.secret(JdbcSecret.readOrCreate(lasting.get().dataSource()));
                place = "table " + JdbcSecret.TABLE + " of the database";
                return;
            } catch (SecretUnavailableException e) {
                warning = Launcher.messageOf(e) + "; ";
            }
        }
        addDefault(builder, domain);
    }

    private void addDefault(SipProxyBuilder builder, String domain) {
        SecretFile own = ofDomain(domain);
        try {
            own.makeDirectory();
            builder.secret(own.readOrCreate());
            place = own.path().toString();
            if (!warning.isEmpty()) {
                warning += "until then the secret is kept in " + place + ", which other servers do not share";
            }
        } catch (IOException e) {
            warning += "calls will not survive a restart: " + own.path() + " " + Launcher.messageOf(e)
                    + "; name a file that this user may create with " + OPTION;
        }
    }

    private Optional<SecretFile> given(List<String> problems) {
        try {
            return Optional.of(new SecretFile(Path.of(file)));
        } catch (InvalidPathException e) {
            problems.add(OPTION + ": \"" + file + "\" is not a path");
            return Optional.empty();
        }
    }

    private static String problem(SecretFile file, IOException e) {
        return OPTION + ": " + file.path() + " " + Launcher.messageOf(e);
    }

    /**
     * Returns the default file. It is named after the domain, so that proxies of one user for different domains do not
     * share it.
     */
    SecretFile ofDomain(String domain) {
        String name = domain.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9.-]", "_") + ".secret";
        return new SecretFile(new ServerDirectories(environment).state().resolve(name));
    }

    /** Adds the problems of the file of {@code --secret-file}. Creates nothing. */
    void check(List<String> problems) {
        if (file.isEmpty()) {
            return;
        }
        given(problems).ifPresent(given -> {
            Path directory = given.path().getParent();
            if (given.exists()) {
                try {
                    given.read();
                } catch (IOException e) {
                    problems.add(problem(given, e));
                }
            } else if (directory == null || !java.nio.file.Files.isWritable(directory)) {
                problems.add(OPTION + ": " + given.path() + " cannot be created: " + directory
                        + " is not a directory that this user may write to");
            }
        });
    }

    /** Returns true if the secret outlives this process. */
    boolean isKept() {
        return !place.isEmpty();
    }

    /** Logs where the secret is, or that no place for it was found. */
    void report() {
        if (!warning.isEmpty()) {
            LOG.warn("{}", warning);
        } else {
            LOG.info("calls survive a restart: the secret is kept in {} ({})", place, OPTION);
        }
    }

    /** Returns the line that {@code check} prints. */
    String summary(String domain, boolean database) {
        if (!file.isEmpty()) {
            return file;
        }
        return database ? "table " + JdbcSecret.TABLE : ofDomain(domain).path().toString();
    }
}
