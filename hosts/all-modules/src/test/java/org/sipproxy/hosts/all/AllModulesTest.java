package org.sipproxy.hosts.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Starts the program on the class path and on the module path, on the JDK of the build and on another one; and as a native image, where that can be built. */
@Timeout(120)
class AllModulesTest {

    private static final String MAIN = "org.sipproxy.hosts.all.AllModules";

    static Stream<String> jdks() {
        return Stream.of(System.getProperty("java.home"), System.getProperty("other.jdk"))
                .distinct();
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void servesOnTheClassPath(String jdk) throws Exception {
        assertEquals(served("unnamed"), run(jdk, "-cp", path(), MAIN));
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void servesOnTheModulePath(String jdk) throws Exception {
        // automatic modules do not name the modules that they need
        String added = "ALL-DEFAULT,ALL-MODULE-PATH";

        List<String> printed = run(jdk, "-p", path(), "--add-modules", added, "-m", "org.sipproxy.hosts.all/" + MAIN);

        assertEquals(served("org.sipproxy.core"), printed);
    }

    /** Builds the program with GraalVM, with the metadata of the modules only, and runs it. Takes some minutes. */
    @Test
    @Timeout(1_200)
    void servesAsANativeImage() throws Exception {
        Path tool = onThePath("native-image");
        assumeTrue(tool != null, "native-image is not on the PATH");
        Path image = Path.of("target/all-modules-image").toAbsolutePath();
        Process build = new ProcessBuilder(
                        tool.toString(), "--no-fallback", "-cp", path(), "-o", image.toString(), MAIN)
                .redirectErrorStream(true)
                .start();
        String printed = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, build.waitFor(), printed);

        assertEquals(served("unnamed"), run(List.of(image.toString())));
    }

    private static Path onThePath(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    private static List<String> served(String module) {
        return List.of(
                "module " + module,
                "schema true",
                "UDP 200",
                "TCP 200",
                "WS 200",
                "typed sip:1001@sip.test",
                "meters true");
    }

    private static String path() throws Exception {
        return Path.of("target/classes").toAbsolutePath()
                + File.pathSeparator
                + Files.readString(Path.of("target/path"));
    }

    /** Returns the lines that the program printed. */
    private static List<String> run(String jdk, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(jdk, "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(List.of(arguments));
        return run(command);
    }

    private static List<String> run(List<String> command) throws Exception {
        Path errors = Files.createTempFile("all-modules", ".err");
        try {
            Process program =
                    new ProcessBuilder(command).redirectError(errors.toFile()).start();
            try {
                String printed = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertEquals(0, program.waitFor(), () -> printed + read(errors));
                assertTrue(!read(errors).contains("Exception"), () -> read(errors));
                return printed.lines().toList();
            } finally {
                program.destroyForcibly();
            }
        } finally {
            Files.delete(errors);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
