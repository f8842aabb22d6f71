package org.sipproxy.server.database;

import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Access control of an embedded PostgreSQL. A file in its data directory, readable only by the user that runs the
 * proxy, has two random passwords: one for the superuser, which is used only to start the server, and one for {@link
 * #USER}. That role owns the database; it cannot run programs and cannot read or write files.
 *
 * <p>The data directory of an earlier version, whose server let every local user connect, gets the same protection and
 * keeps its data.
 */
final class EmbeddedAccess {

    /** Role of the proxy and of the commands. */
    static final String USER = "sipproxy";

    static final String SUPERUSER = "postgres";

    private static final String FILE = "sipproxy.passwords";
    private static final int PASSWORD_BYTES = 24;
    private static final long SETUP_SECONDS = 60;

    /**
     * Rules by which only the two roles may connect, each with its password. Roles that an intruder added are excluded.
     */
    private static final String RULES = """
        # written by sipproxy at each start
        local all postgres,sipproxy scram-sha-256
        host  all postgres,sipproxy 127.0.0.1/32 scram-sha-256
        host  all postgres,sipproxy ::1/128 scram-sha-256
        """;

    /** Statements, one per line, as the server in single-user mode reads them. */
    private static final String SETUP = """
        SET password_encryption = 'scram-sha-256';
        ALTER ROLE postgres PASSWORD '{superuser}';
        DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sipproxy') THEN CREATE ROLE sipproxy; END IF; END $$;
        ALTER ROLE sipproxy LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{sipproxy}';
        ALTER DATABASE postgres OWNER TO sipproxy;
        ALTER SCHEMA public OWNER TO sipproxy;
        DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT c.oid FROM pg_class c WHERE relnamespace = 'public'::regnamespace \
        AND relkind IN ('r', 'p', 'v', 'm') LOOP EXECUTE format('ALTER TABLE %s OWNER TO sipproxy', t); END LOOP; END $$;
        DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT p.oid FROM pg_proc p WHERE pronamespace = 'public'::regnamespace \
        LOOP EXECUTE format('ALTER ROUTINE %s OWNER TO sipproxy', f); END LOOP; END $$;
        """;

    private final Path file;
    private final String superuserPassword;
    private final String password;
    private final boolean isNew;

    private EmbeddedAccess(Path file, String superuserPassword, String password, boolean isNew) {
        this.file = file;
        this.superuserPassword = superuserPassword;
        this.password = password;
        this.isNew = isNew;
    }

    /** Reads the passwords of a data directory, or generates them if it has none yet. */
    static EmbeddedAccess of(Path data) throws IOException {
        Path file = data.resolve(FILE);
        if (!Files.exists(file)) {
            return new EmbeddedAccess(file, random(), random(), true);
        }
        Properties passwords = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            passwords.load(in);
        }
        String superuser = passwords.getProperty(SUPERUSER, "");
        String user = passwords.getProperty(USER, "");
        if (superuser.isEmpty() || user.isEmpty()) {
            throw new IOException(file + " lacks a password; remove the file, so that the next start sets new ones");
        }
        return new EmbeddedAccess(file, superuser, user, false);
    }

    private static String random() {
        byte[] bytes = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes); // hexadecimal needs no quoting in SQL or a properties file
    }

    /** Returns true if the directory has no passwords yet. */
    boolean isNew() {
        return isNew;
    }

    String superuserPassword() {
        return superuserPassword;
    }

    /** Returns the password of {@link #USER}. */
    String password() {
        return password;
    }

    /**
     * Protects a cluster before its server starts. The passwords are written last, so that an interrupted attempt is
     * repeated.
     *
     * @param binaries directory with the unpacked PostgreSQL, one subdirectory per version
     */
    void close(Path data, Path binaries) throws IOException {
        if (isPosix(data)) {
            Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
        }
        replace(data.resolve("pg_hba.conf"), RULES);
        if (isNew) {
            setUp(data, server(data, binaries));
            replace(file, SUPERUSER + "=" + superuserPassword + "\n" + USER + "=" + password + "\n");
        }
    }

    /** Replaces a file so that it is never incomplete and never readable by others, not even while it is written. */
    private static void replace(Path target, String text) throws IOException {
        Path written = Files.createTempFile(target.toAbsolutePath().getParent(), "sipproxy", ".tmp"); // mode 0600
        try {
            Files.writeString(written, text);
            Files.move(written, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(written);
        }
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** Runs the setup in single-user mode, which needs no connection and therefore no password. */
    private void setUp(Path data, Path server) throws IOException {
        List<String> command = new ArrayList<>(prefix());
        command.addAll(List.of(server.toString(), "--single", "-D", data.toString(), "-j", "postgres"));
        Path output = Files.createTempFile("sipproxy-setup", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try (var stdin = process.getOutputStream()) {
                // with -j a statement ends at a semicolon and an empty line
                String sql = SETUP.replace("{superuser}", superuserPassword)
                        .replace("{sipproxy}", password)
                        .replace("\n", "\n\n");
                stdin.write(sql.getBytes(StandardCharsets.UTF_8));
            }
            boolean ended = process.waitFor(SETUP_SECONDS, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            String said = Files.readString(output);
            if (!ended || process.exitValue() != 0 || said.contains("ERROR:")) {
                throw new IOException("its roles cannot be set up: " + said.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while its roles were set up", e);
        } finally {
            Files.deleteIfExists(output);
        }
    }

    /**
     * Returns the command prefix that runs a program in a user namespace if this user is root, which PostgreSQL
     * refuses.
     */
    static List<String> prefix() {
        boolean isRoot = "root".equals(System.getProperty("user.name"));
        return isRoot && LinuxUtils.isUnshareAvailable() ? List.of("unshare", "-U") : List.of();
    }

    /** Returns a program of each unpacked version. */
    static List<Path> programs(Path binaries, String name) throws IOException {
        try (Stream<Path> versions = Files.list(binaries)) {
            return versions.map(version -> version.resolve("bin"))
                    .flatMap(bin -> Stream.of(bin.resolve(name), bin.resolve(name + ".exe")))
                    .filter(Files::isExecutable)
                    .toList();
        }
    }

    /** Returns the server program of the cluster's major version. */
    private static Path server(Path data, Path binaries) throws IOException {
        String major = Files.readString(data.resolve("PG_VERSION")).strip();
        for (Path program : programs(binaries, "postgres")) {
            if (versionOf(program).contains(" " + major + ".")) {
                return program;
            }
        }
        throw new IOException(data + " is of PostgreSQL " + major + ", which is not in " + binaries);
    }

    private static String versionOf(Path program) throws IOException {
        Process process = new ProcessBuilder(program.toString(), "--version")
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
